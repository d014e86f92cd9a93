package devserver

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/aksync/aksync/schema"
)

// wanted is what a query asks of objects.
type wanted struct {
	keep []keeps
	// only is what can be kept at all, where narrow is set: a unique field says
	// which object it is.
	only   []*object
	narrow bool
}

// of gives the objects that are wanted.
func (w wanted) of(objects []*object) []*object {
	if len(w.keep) == 0 {
		return objects
	}
	var list []*object
	for _, o := range objects {
		if !slices.ContainsFunc(w.keep, func(keeps keeps) bool { return !keeps(o) }) {
			list = append(list, o)
		}
	}
	return list
}

// filters gives what a query asks of the objects. What is empty or unknown asks for
// nothing (list-filter-unknown).
func (s *Server) filters(t *table, query url.Values) (wanted, *response) {
	var w wanted
	wrong := complaints{}
	for name, values := range query {
		sort, known := t.filter(name)
		text := strings.TrimFunc(values[len(values)-1], isSpace)
		if !known || text == "" {
			continue
		}
		f := &filter{store: s.store, table: t, name: name, text: text, values: values}
		keeps, message := f.make(sort)
		switch {
		case message == noUpper:
			failed := unhandled(http.MethodGet, http.StatusInternalServerError)
			return w, &failed
		case message == noJSON:
			return w, &response{status: http.StatusBadRequest, body: encode([]string{message})}
		case message != "":
			wrong.add(name, message)
		case keeps != nil:
			w.keep = append(w.keep, keeps)
			w.narrowBy(f, sort)
		}
	}
	if len(wrong) > 0 {
		return w, &response{status: http.StatusBadRequest, body: encode(wrong)}
	}
	return w, nil
}

// narrowBy looks for the object by the value of a unique field.
func (w *wanted) narrowBy(f *filter, sort string) {
	field := f.table.field(f.name)
	values := f.table.unique[f.name]
	if field == nil || values == nil || sort != "" || field.Type != schema.Text || w.narrow {
		return
	}
	w.narrow = true
	if o := values[f.text]; o != nil && o.table == f.table {
		w.only = []*object{o}
	}
}

func isSpace(r rune) bool { return r == ' ' || '\t' <= r && r <= '\r' }
