package devserver

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/aksync/aksync/schema"
)

// memory says what a server keeps of a list in its cache, and shows again whatever
// is asked for the next time (authentik_core.application/filter-slug-miss).
type memory struct {
	// Unless is the parameter that has the list as it is, where it is true.
	Unless string `json:"unless"`
	// By is the parameter that tells what is kept, and without which nothing is; if
	// it is empty, each page is kept by its number.
	By string `json:"by"`
	// Always is set where all is kept as one.
	Always bool `json:"always"`
	// Whole is set where all objects are shown on each page.
	Whole bool `json:"whole"`
	// What is kept is forgotten where an object of Made is made, one of Saved is
	// made or changed, or one of Written is deleted, too.
	Made    []string `json:"made"`
	Saved   []string `json:"saved"`
	Written []string `json:"written"`
	schema.Span
}

// kept are the objects of a list when the kinds had been written as often as stamp
// says.
type kept struct {
	objects []*object
	stamp   int64
}

// shown are the objects of one page of a list: those of objects from first to end,
// if the server remembers nothing.
func (s *Server) shown(t *table, query url.Values, objects []*object, first, end int) []*object {
	page := objects[first:end]
	at := slices.IndexFunc(t.about.Remembers, func(m *memory) bool { return m.Has(s.config.Version) })
	if at < 0 || strings.EqualFold(query.Get(t.about.Remembers[at].Unless), "true") {
		return page
	}
	how := t.about.Remembers[at]
	if how.Whole {
		page = objects
	}
	key := how.key(query, s.pageSize(query), first)
	if key == "" || query.Get("search") != "" {
		return page
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	key = t.kind.Model + " " + key
	stamp := s.store.stampOf(how)
	if old := s.kept[key]; old.stamp == stamp && len(old.objects) > 0 {
		return t.still(old.objects)
	}
	s.kept[key] = kept{page, stamp}
	return page
}

// key is what something is kept by, or nothing.
func (m *memory) key(query url.Values, size, first int) string {
	switch {
	case m.Always:
		return "all"
	case m.By == "":
		return strconv.Itoa(first / size)
	default:
		return query.Get(m.By)
	}
}

// stampOf counts what makes the server forget.
func (s *store) stampOf(m *memory) (stamp int64) {
	for _, of := range []struct {
		models []string
		count  func(*table) int64
	}{
		{m.Made, func(t *table) int64 { return t.made }},
		{m.Saved, func(t *table) int64 { return t.saved }},
		{m.Written, func(t *table) int64 { return t.written }},
	} {
		for _, model := range of.models {
			if t := s.kinds[model]; t != nil {
				stamp += of.count(t)
			}
		}
	}
	return stamp
}

// still are those of some objects that are there still, as they are by now.
func (t *table) still(objects []*object) []*object {
	var list []*object
	for _, o := range objects {
		if now := t.byPK[o.pk]; now != nil {
			list = append(list, now)
		}
	}
	return list
}
