package devserver

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// defaultPageSize is what the server takes where page_size is not a number
// above 0 (list-ps0, list-psabc).
const defaultPageSize = 100

// list answers one page of the objects of a kind.
func (s *Server) list(r *request) response {
	query := r.URL.Query()
	s.store.RLock()
	defer s.store.RUnlock()
	filters, refusal := s.filters(r.kind, query)
	if refusal != nil {
		return *refusal
	}
	if search := query.Get("search"); search != "" {
		if strings.Contains(search, "\x00") && !s.version.searchesNUL {
			return response{status: http.StatusBadRequest, body: encode([]string{"Null characters are not allowed."})} // list-search-nul
		}
		filters = append(filters, searched(r.kind, search))
	}
	table := s.store.kinds[r.kind.Model]
	return s.page(table.sorted(query.Get("ordering"), filters), query)
}

// last gives the last value of a parameter, as Django does
// (list-filter-name-twice).
func last(query url.Values, name string) string {
	values := query[name]
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// filters gives what the query asks of the objects: exact values of fields.
// What is empty or unknown asks for nothing (list-filter-unknown). A list
// can't be asked for.
func (s *Server) filters(kind *schema.Kind, query url.Values) ([]func(*object) bool, *response) {
	var filters []func(*object) bool
	for _, field := range kind.Fields.Fields {
		text := strings.TrimFunc(last(query, field.Name), isSpace)
		if text == "" || field.Type == schema.List || field.Type == schema.JSON {
			continue
		}
		value := field.Normalize(tree.Value{Data: text})
		if message := s.complainOfFilter(field, text, value); message != "" {
			return nil, &response{status: http.StatusBadRequest, body: encode(map[string][]string{field.Name: {message}})}
		}
		if _, isBool := value.Data.(bool); field.Type == schema.Boolean && !isBool {
			continue // list-filter-show-bogus
		}
		filters = append(filters, has(field.Name, value.Plain()))
	}
	return filters, nil
}

// has tells whether a field has a value.
func has(name string, value any) func(*object) bool {
	if number, isBig := value.(*big.Int); isBig {
		return func(o *object) bool {
			other, isBig := o.fields[name].(*big.Int)
			return isBig && other.Cmp(number) == 0
		}
	}
	return func(o *object) bool { return o.fields[name] == value }
}

func isSpace(r rune) bool { return r == ' ' || '\t' <= r && r <= '\r' }

// complainOfFilter says why a value can't be asked for.
func (s *Server) complainOfFilter(field *schema.Field, text string, value tree.Value) string {
	switch field.Type {
	case schema.Text:
		if strings.Contains(text, "\x00") {
			return "Null characters are not allowed." // list-filter-name-nul
		}
	case schema.Integer:
		if _, isText := value.Data.(string); isText {
			return "Enter a number." // list-filter-failed-bad
		}
	case schema.Pointer:
		if len(field.Check(field.Name, value)) > 0 {
			return fmt.Sprintf("“%s” is not a valid UUID.", text) // list-filter-configure_flow-notuuid
		}
		if pk, _ := value.Data.(string); s.store.get(field.Refers, pk) == nil {
			return "Select a valid choice. That choice is not one of the available choices." // list-filter-configure_flow-unknown
		}
	case schema.Boolean, schema.List, schema.JSON, schema.Struct, schema.Number, schema.Time:
	}
	return ""
}

// searched finds objects in whose text fields each word stands, in capital or
// small letters (list-search-REC-1).
func searched(kind *schema.Kind, search string) func(*object) bool {
	words := strings.Fields(strings.ToLower(search))
	return func(o *object) bool {
		for _, word := range words {
			found := false
			for _, field := range kind.Fields.Fields {
				text, isText := o.fields[field.Name].(string)
				found = found || isText && field.Type == schema.Text && strings.Contains(strings.ToLower(text), word)
			}
			if !found {
				return false
			}
		}
		return true
	}
}

// sorted gives the objects that all filters keep, by a field of the answer;
// backwards behind a minus. An unknown field is ignored (list-ordering-bogus).
func (t *table) sorted(by string, filters []func(*object) bool) []*object {
	name, backwards := strings.CutPrefix(by, "-")
	objects, inOrder := t.inOrder.objects, true
	switch {
	case name == schema.PK:
		objects = t.inPKOrder.objects
	case name == t.kind.Key:
	case t.kind.Fields.Field(name) != nil:
		inOrder = false
	default:
		backwards = false
	}
	if len(filters) == 0 && inOrder && !backwards {
		return objects
	}
	objects = kept(objects, filters)
	if !inOrder {
		slices.SortStableFunc(objects, func(a, b *object) int {
			result := compare(a.fields[name], b.fields[name])
			if backwards {
				return -result
			}
			return result
		})
	} else if backwards {
		slices.Reverse(objects)
	}
	return objects
}

// kept gives the objects that all filters keep, in a list of its own.
func kept(objects []*object, filters []func(*object) bool) []*object {
	var list []*object
	for _, o := range objects {
		if !slices.ContainsFunc(filters, func(keeps func(*object) bool) bool { return !keeps(o) }) {
			list = append(list, o)
		}
	}
	return list
}

// compare orders the values of one field as PostgreSQL does: nothing last.
func compare(a, b any) int {
	switch a := a.(type) {
	case nil:
		if b == nil {
			return 0
		}
		return 1
	case string:
		if b, isText := b.(string); isText {
			return strings.Compare(a, b)
		}
	case int64:
		if b, isNumber := b.(int64); isNumber {
			return int(min(max(a-b, -1), 1))
		}
	case bool:
		if b, isBool := b.(bool); isBool && a != b {
			if b {
				return -1
			}
			return 1
		}
	case []any:
		if b, isList := b.([]any); isList {
			return slices.CompareFunc(a, b, compare)
		}
	}
	if b == nil {
		return -1
	}
	return 0
}

// page cuts one page out of the objects (list-ps5-page2, list-page-last).
func (s *Server) page(objects []*object, query url.Values) response {
	size := defaultPageSize
	if asked, err := strconv.Atoi(last(query, "page_size")); err == nil && asked > 0 {
		size = asked
	}
	pages := max(1, (len(objects)+size-1)/size)
	number := 1
	switch asked := last(query, "page"); asked {
	case "":
	case "last":
		number = pages
	default:
		var err error
		if number, err = strconv.Atoi(asked); err != nil {
			number = math.MaxInt
		}
	}
	if number < 1 || number > pages {
		return detail(http.StatusNotFound, "Invalid page.")
	}
	first := (number - 1) * size
	end := min(first+size, len(objects))
	return response{status: http.StatusOK, body: s.envelope(objects[first:end], number, pages, len(objects), first, end)}
}

func (s *Server) envelope(objects []*object, number, pages, count, first, end int) []byte {
	pagination := map[string]int{
		"next": 0, "previous": number - 1, "count": count, "current": number, "total_pages": pages,
		"start_index": min(first+1, count), "end_index": end,
	}
	if number < pages {
		pagination["next"] = number + 1
	}
	size := 256 // all but the objects
	for _, o := range objects {
		size += len(o.json) + 1
	}
	var body bytes.Buffer
	body.Grow(size)
	body.WriteString(`{"pagination":`)
	body.Write(encode(pagination))
	body.WriteString(`,"results":[`)
	for i, o := range objects {
		if i > 0 {
			body.WriteByte(',')
		}
		body.Write(o.json)
	}
	body.WriteByte(']')
	if s.version.autocomplete {
		body.WriteString(`,"autocomplete":{}`)
	}
	body.WriteByte('}')
	return body.Bytes()
}
