package devserver

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// action is a request below an object's path.
type action struct {
	// Method is the one that it takes.
	Method string `json:"method"`
	// Shows is the field that is answered as Name.
	Shows string `json:"shows"`
	Name  string `json:"name"`
	// Adds and Removes are fields, from whose lists the object is taken that the
	// body names by its primary key.
	Adds    string `json:"adds"`
	Removes string `json:"removes"`
	// Answer is answered as it is; Retrieves answers the object.
	Answer    any  `json:"answer"`
	Retrieves bool `json:"retrieves"`
	schema.Span
}

// actionRoutes are the paths below those of a kind's objects: what its fields are
// set by that have a request of their own, and what the facts know.
func (s *Server) actionRoutes(t *table, detail string) []route {
	var routes []route
	for _, field := range t.kind.Fields.Fields {
		via := field.Via
		if via == nil || via.Lists() || !via.Has(s.config.Version) {
			continue
		}
		pattern, of := detail+via.Path+"/", t
		if base, action, below := strings.Cut(via.Path, "/{lookup}/"); below {
			pattern, of = api+base[1:]+"/{key}/"+action+"/", s.store.at(base[1:])
		}
		routes = append(routes, route{
			pattern: pattern, refuses: noPermission, table: of, methods: []string{"POST", "OPTIONS"},
			handle: map[string]handler{"POST": setter(field)}, needs: permissions(via.Needs),
		})
	}
	for name, action := range t.about.Actions {
		routes = append(routes, route{
			pattern: detail + name + "/", refuses: noPermission, table: t, methods: action.methods(),
			handle: map[string]handler{action.Method: action.serve},
		})
	}
	return routes
}

// at returns the table whose kind the API has at the path.
func (s *store) at(path string) *table {
	for _, t := range s.kinds {
		if t.kind.Path == path {
			return t
		}
	}
	return nil
}

func (a *action) methods() []string {
	if a.Method == http.MethodGet {
		return readOnlyMethods
	}
	return []string{a.Method, "OPTIONS"}
}

// setter sets a field by a request of its own (trap/user-set-password-*,
// trap/token-set-key-*, trap/application-2-set_icon_url).
func setter(field *schema.Field) handler {
	return func(s *Server, r *request) response {
		s.store.Lock()
		defer s.store.Unlock()
		o, missing := s.find(r)
		if missing != nil {
			return *missing
		}
		body, refusal := parse(r.body)
		if refusal != nil {
			return *refusal
		}
		value, given := body.Get(field.Via.Body)
		if problem := complainOfSetting(field, value, given); problem != "" {
			return response{status: http.StatusBadRequest, body: encode(complaints{field.Via.Body: []string{problem}})}
		}
		if field.Via.URL {
			if field.Via.Read != "" {
				s.store.set(o, map[string]any{field.Via.Read: asURL(value.Data)})
			}
			return ok(map[string]any{})
		}
		changes := map[string]any{field.Name: value.Plain()}
		for name, how := range o.table.answers {
			if how.Now == field.Name {
				changes[name] = instant(s.now())
			}
		}
		s.store.set(o, changes)
		return response{status: http.StatusNoContent}
	}
}

// complainOfSetting says what is wrong with what a field is to be set to.
func complainOfSetting(field *schema.Field, value tree.Value, given bool) string {
	text, isText := value.Data.(string)
	switch {
	case !given:
		return "This field is required."
	case !isText:
		return "Not a valid string."
	case text == "" && !field.Via.URL:
		return "This field may not be blank."
	}
	return ""
}

// asURL is what the server shows of an image that is given by its place.
func asURL(data any) any {
	text, _ := data.(string)
	switch {
	case text == "":
		return nil
	case strings.HasPrefix(text, "http"), strings.HasPrefix(text, "fa://"), strings.HasPrefix(text, "/"):
		return text
	default:
		return "/media/public/" + text
	}
}

func (a *action) serve(s *Server, r *request) response {
	s.store.Lock()
	defer s.store.Unlock()
	o, missing := s.find(r)
	if missing != nil {
		return *missing
	}
	switch {
	case a.Adds != "", a.Removes != "":
		return a.move(s, r, o)
	case a.Shows != "":
		value := o.fields[a.Shows]
		if value == nil {
			value = ""
		}
		return ok(map[string]any{a.Name: value})
	case a.Retrieves:
		return response{status: http.StatusOK, body: s.answered(r, o)}
	}
	return ok(a.Answer)
}

// move takes an object into a list, or out of it (trap/group-add-user*).
func (a *action) move(s *Server, r *request, o *object) response {
	body, refusal := parse(r.body)
	if refusal != nil {
		return *refusal
	}
	value, _ := body.Get(schema.PK)
	name := a.Adds + a.Removes
	field := r.table.field(name)
	other := s.store.find(field.Refers, value.Plain())
	if other == nil {
		return detail(http.StatusNotFound, "Not found.")
	}
	held, _ := (view{store: s.store}).field(o, name)
	list, _ := held.([]any)
	if a.Adds != "" {
		list = append(slices.Clone(list), other.id)
	} else {
		list, _ = without(list, other.id).([]any)
	}
	c := &check{store: s.store, table: r.table, self: o, now: s.now}
	ch := &change{check: c, fields: maps.Clone(o.fields)}
	ch.fields[name] = s.store.settled(field.Refers, list)
	s.store.keep(ch, o.id)
	return response{status: http.StatusNoContent}
}

// fixedAnswer is the same for everybody.
func fixedAnswer(text []byte) handler {
	return func(*Server, *request) response { return response{status: http.StatusOK, body: text} }
}

// adminModels is what the server's kinds are called (/admin/models/).
func (s *Server) adminModels(*request) response {
	list := []map[string]any{}
	for _, model := range s.store.models {
		t := s.store.kinds[model]
		if t.kind.Class == "" {
			continue
		}
		list = append(list, map[string]any{"name": model, "label": verbose(t)})
	}
	return ok(list)
}
