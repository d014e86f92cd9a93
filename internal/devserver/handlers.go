package devserver

import (
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/aksync/aksync/schema"
)

// find gives the object that a path ends with, or the answer that there is
// none. The store has to be held.
func (s *Server) find(r *request) (*object, *response) {
	table := s.store.kinds[r.kind.Model]
	if r.kind.Lookup != schema.PK {
		if o := table.lookUp(r.kind.Lookup, r.key); o != nil {
			return o, nil // flow-detail
		}
		return nil, s.notFound(r.kind)
	}
	// A pk is taken in every form that Python's UUID takes (get-one-upper,
	// get-one-nodash, get-uuid-urn, get-uuid-braces).
	id, err := uuid.Parse(r.key)
	if err != nil {
		answer := detail(http.StatusNotFound, "Not found.") // get-notuuid
		return nil, &answer
	}
	if o := table.byPK[id.String()]; o != nil {
		return o, nil
	}
	return nil, s.notFound(r.kind)
}

func (s *Server) notFound(kind *schema.Kind) *response {
	answer := detail(http.StatusNotFound, fmt.Sprintf("No %s matches the given query.", className(kind))) // get-404
	if s.version.plainNotFound {
		answer = detail(http.StatusNotFound, "Not found.")
	}
	return &answer
}

func (s *Server) retrieve(r *request) response {
	s.store.RLock()
	defer s.store.RUnlock()
	o, missing := s.find(r)
	if missing != nil {
		return *missing
	}
	return response{status: http.StatusOK, body: o.json}
}

// create is post-minimal and what follows it.
func (s *Server) create(r *request) response {
	fields, refusal := s.readCreate(r)
	if refusal != nil {
		return *refusal
	}
	return s.write(r, uuid.NewString(), fields)
}

func (s *Server) readCreate(r *request) (map[string]any, *response) {
	body, refusal := parse(r.body)
	if refusal != nil {
		return nil, refusal
	}
	s.store.RLock()
	defer s.store.RUnlock()
	v := s.validate(r.kind, body, false, "")
	fields := defaultsOf(r.kind)
	maps.Copy(fields, v.fields)
	return fields, v.refusal(r.Method)
}

// update is PUT and PATCH; fields that are not given keep their values
// (put-minimal).
func (s *Server) update(r *request) response {
	pk, fields, refusal := s.readUpdate(r)
	if refusal != nil {
		return *refusal
	}
	return s.write(r, pk, fields)
}

func (s *Server) readUpdate(r *request) (pk string, fields map[string]any, refusal *response) {
	s.store.RLock()
	defer s.store.RUnlock()
	o, missing := s.find(r)
	if missing != nil {
		return "", nil, missing // put-unknown-invalid: before the body is looked at
	}
	body, refusal := parse(r.body)
	if refusal != nil {
		return "", nil, refusal
	}
	v := s.validate(r.kind, body, r.Method == http.MethodPatch, o.pk)
	fields = maps.Clone(o.fields)
	maps.Copy(fields, v.fields)
	return o.pk, fields, v.refusal(r.Method)
}

// write stores what a body came to. Like a real server it does not hold the
// store between the check and the write. Of several POSTs of one name one
// wins; the others get a 400 if they came late, and the empty 405 if they came
// in between (race-post-8-loser, race-post-2-loser). All fields of an object
// are written, as they were when it was read: of two PATCHes at once one can be
// lost, and a PUT beside a DELETE can bring the object back.
func (s *Server) write(r *request, pk string, fields map[string]any) response {
	if s.beforeWrite != nil {
		s.beforeWrite()
	}
	s.store.Lock()
	defer s.store.Unlock()
	if s.store.conflicts(r.kind, pk, fields) {
		return unhandled(r.Method, http.StatusInternalServerError)
	}
	status := http.StatusOK
	if r.Method == http.MethodPost {
		status = http.StatusCreated
	}
	return response{status: status, body: s.store.put(r.kind, pk, fields).json}
}

// refusal gives the answer to a body that is not taken.
func (v validated) refusal(method string) *response {
	switch {
	case len(v.complaints) > 0:
		return &response{status: http.StatusBadRequest, body: encode(v.complaints)}
	case v.crashes:
		answer := unhandled(method, http.StatusInternalServerError)
		return &answer
	}
	return nil
}

func (s *Server) delete(r *request) response {
	s.store.Lock()
	defer s.store.Unlock()
	o, missing := s.find(r)
	if missing != nil {
		return *missing
	}
	s.store.drop(r.kind, o)
	return response{status: http.StatusNoContent}
}

// usedBy is used-by and bind-usedby: each user, and the binding to it.
func (s *Server) usedBy(r *request) response {
	s.store.RLock()
	defer s.store.RUnlock()
	o, missing := s.find(r)
	if missing != nil {
		return *missing
	}
	list := []map[string]any{}
	app, model, _ := strings.Cut(r.kind.Users.Model, ".")
	for _, b := range s.store.bindings.of(o.pk) {
		user := s.store.get(r.kind.Users.Model, b.user)
		list = append(list, map[string]any{
			"app": app, "model_name": model, "pk": user.pk, "action": "cascade_many",
			"name": fmt.Sprintf("%s %v (%s)", className(s.config.Schema.Kind(r.kind.Users.Model)), user.fields["name"], user.key),
		}, map[string]any{
			"app": app, "model_name": model + "stagebinding", "pk": b.pk, "action": "cascade",
			"name": fmt.Sprintf("Flow-stage binding #%d to %s", b.order, user.pk),
		})
	}
	return ok(list)
}
