package devserver

import (
	"bytes"
	"cmp"
	"math"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/aksync/aksync/schema"
)

// badPageSize is what the server takes where page_size is not a number above 0
// (list-ps0, list-psabc).
const badPageSize = 100

// list answers one page of the objects of a kind.
func (s *Server) list(r *request) response {
	query := r.URL.Query()
	s.store.RLock()
	defer s.store.RUnlock()
	wanted, refusal := s.filters(r.table, query)
	if refusal != nil {
		return *refusal
	}
	if search := query.Get("search"); search != "" {
		if strings.Contains(search, "\x00") && !s.version.searchesNUL {
			return response{status: http.StatusBadRequest, body: encode([]string{"Null characters are not allowed."})} // list-search-nul
		}
		if r.table.about.Unsearchable {
			return unhandled(r.Method, http.StatusInternalServerError) // lookup/entitlement-search
		}
		wanted.keep = append(wanted.keep, s.searched(r.table, search))
	}
	objects := s.store.sorted(r.table, query.Get("ordering"), wanted)
	return s.page(r, len(objects), s.pageSize(query), r.table.about.autocomplete(s.config.Version), func(first, end int) [][]byte {
		v := s.view(r)
		page := s.shown(r.table, query, objects, first, end)
		texts := make([][]byte, len(page))
		for i, o := range page {
			texts[i] = v.shows(r.table, o)
		}
		return texts
	})
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

// searched finds objects in whose text fields each word stands, in capital or
// small letters (list-search-REC-1).
func (s *Server) searched(t *table, search string) func(*object) bool {
	words := strings.Fields(strings.ToLower(search))
	v := view{store: s.store}
	fields := searchFields(t)
	return func(o *object) bool {
		for _, word := range words {
			found := slices.ContainsFunc(fields, func(field string) bool {
				return slices.ContainsFunc(v.values(o, strings.Split(field, ".")), func(value any) bool {
					return strings.Contains(strings.ToLower(searchText(value)), word)
				})
			})
			if !found {
				return false
			}
		}
		return true
	}
}

// searchText is a value as the database searches it.
func searchText(value any) string {
	if value, isBool := value.(bool); isBool {
		return strconv.FormatBool(value)
	}
	return pkText(value)
}

// searchFields are the fields that are searched; all text where nothing is known.
func searchFields(t *table) []string {
	if len(t.about.Search) > 0 {
		return t.about.Search
	}
	var fields []string
	for _, field := range t.kind.Fields.Fields {
		if field.Type == schema.Text && field.Via == nil {
			fields = append(fields, field.Name)
		}
	}
	return fields
}

// objects are what a kind's list holds, in its order: its own objects, those of the
// special cases of a base, and guests.
func (s *store) objects(t *table) []*object {
	others := s.members[t.kind.Model]
	if len(others) <= 1 && len(t.about.Guests) == 0 {
		return t.inOrder.objects
	}
	for _, model := range t.about.Guests {
		if other := s.kinds[model]; other != nil {
			others = append(slices.Clip(others), other)
		}
	}
	var stamp int64
	for _, other := range others {
		stamp += other.written
	}
	if kept := t.merged.Load(); kept != nil && kept.stamp == stamp {
		return kept.objects
	}
	made := &merged{stamp: stamp}
	for _, other := range others {
		made.objects = append(made.objects, other.inOrder.objects...)
	}
	slices.SortFunc(made.objects, t.inOrder.compare)
	t.merged.Store(made)
	return made.objects
}

// sorted gives the objects that a query wants, by a field of the answer; backwards
// behind a minus. An unknown field is ignored (list-ordering-bogus).
func (s *store) sorted(t *table, by string, wanted wanted) []*object {
	name := strings.TrimPrefix(by, "-")
	isPK := name == schema.PK || name == t.kind.ID
	alone := len(s.members[t.kind.Model]) <= 1 && len(t.about.Guests) == 0
	switch {
	case wanted.narrow && alone:
		return wanted.of(wanted.only)
	case !isPK && (t.field(name) == nil || t.field(name).Via != nil):
		return wanted.of(s.objects(t))
	case isPK && by == name && alone:
		return wanted.of(t.inPKOrder.objects)
	}
	objects := slices.Clone(wanted.of(s.objects(t)))
	slices.SortStableFunc(objects, compareBy([]string{by}))
	return objects
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
	case *big.Int:
		if b, isNumber := b.(*big.Int); isNumber {
			return a.Cmp(b)
		}
	case float64:
		if b, isNumber := b.(float64); isNumber {
			return cmp.Compare(a, b)
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
func (s *Server) page(r *request, count, size int, autocomplete []byte, texts func(first, end int) [][]byte) response {
	pages := max(1, (count+size-1)/size)
	number := 1
	switch asked := last(r.URL.Query(), "page"); asked {
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
	end := min(first+size, count)
	return response{status: http.StatusOK, body: s.envelope(autocomplete, texts(first, end), number, pages, count, first, end)}
}

// pageSize is how many objects a page holds. Later versions have a bound
// (trap/assign-user-2-list).
func (s *Server) pageSize(query url.Values) int {
	if !query.Has("page_size") {
		return s.version.pageSize
	}
	size := badPageSize
	if s.version.mostOfPage > 0 {
		size = s.version.pageSize // v-list-1
	}
	if asked, err := strconv.Atoi(last(query, "page_size")); err == nil && asked > 0 {
		size = asked
	}
	if s.version.mostOfPage > 0 {
		size = min(size, s.version.mostOfPage)
	}
	return size
}

func (s *Server) envelope(autocomplete []byte, texts [][]byte, number, pages, count, first, end int) []byte {
	pagination := map[string]int{
		"next": 0, "previous": number - 1, "count": count, "current": number, "total_pages": pages,
		"start_index": min(first+1, count), "end_index": end,
	}
	if number < pages {
		pagination["next"] = number + 1
	}
	size := 256 // all but the objects
	for _, text := range texts {
		size += len(text) + 1
	}
	var body bytes.Buffer
	body.Grow(size)
	body.WriteString(`{"pagination":`)
	body.Write(encode(pagination))
	body.WriteString(`,"results":[`)
	body.Write(bytes.Join(texts, []byte{','}))
	body.WriteByte(']')
	if s.version.autocomplete && autocomplete != nil {
		body.WriteString(`,"autocomplete":`)
		body.Write(autocomplete)
	}
	body.WriteByte('}')
	return body.Bytes()
}
