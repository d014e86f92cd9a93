package devserver

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// find returns the object that a path ends with, or the answer that there is none.
// The store has to be held.
func (s *Server) find(r *request) (*object, *response) {
	t := r.table
	key := r.key
	if t.kind.Lookup == t.kind.ID {
		normal, answer := normalKey(t, key)
		if answer != nil {
			return nil, answer
		}
		key = normal
	}
	if o := t.lookUp(key); o != nil {
		return o, nil
	}
	for _, other := range s.store.members[t.kind.Model] {
		if other == t {
			continue
		}
		if o := other.lookUp(key); o != nil {
			return o, nil
		}
	}
	if o := s.guest(t, key); o != nil {
		return o, nil
	}
	return nil, s.notFound(t.kind)
}

// normalKey brings the end of a path into the form of the kind's primary keys. One
// is taken in every form that Python's UUID takes (get-one-upper, get-one-nodash,
// get-uuid-urn, get-uuid-braces).
func normalKey(t *table, key string) (string, *response) {
	if t.integer {
		number, _ := integerField.Normalize(tree.Value{Data: key}).Data.(int64)
		if pkText(number) == key {
			return key, nil
		}
	} else if id, err := uuid.Parse(key); err == nil {
		return id.String(), nil
	}
	answer := detail(http.StatusNotFound, "Not found.") // get-notuuid
	return "", &answer
}

// guest returns an object of another kind that a kind's paths serve too.
func (s *Server) guest(t *table, key string) *object {
	for _, model := range t.about.Guests {
		if other := s.store.kinds[model]; other != nil {
			if o := other.lookUp(key); o != nil {
				return o
			}
		}
	}
	return nil
}

func (s *Server) notFound(kind *schema.Kind) *response {
	answer := detail(http.StatusNotFound, fmt.Sprintf("No %s matches the given query.", className(kind))) // get-404
	if s.version.plainNotFound {
		answer = detail(http.StatusNotFound, "Not found.")
	}
	return &answer
}

// view is how objects are answered to a request.
func (s *Server) view(r *request) view {
	v := view{store: s.store, host: r.Host, stamps: map[*table]int64{}}
	if r.table != nil {
		for parameter, field := range r.table.about.Hides {
			if wanted, isBool := boolean(r.URL.Query().Get(parameter)); r.URL.Query().Has(parameter) && (!isBool || !wanted) {
				v.hide = append(v.hide, field)
			}
		}
		slices.Sort(v.hide)
	}
	return v
}

func (s *Server) retrieve(r *request) response {
	s.store.RLock()
	defer s.store.RUnlock()
	o, missing := s.find(r)
	if missing != nil {
		return *missing
	}
	return response{status: http.StatusOK, body: s.answered(r, o)}
}

// answered is an object as a kind's path shows it.
func (s *Server) answered(r *request, o *object) []byte {
	return s.view(r).shows(r.table, o)
}

// shows is an object as the path of a kind shows it.
func (v view) shows(t *table, o *object) []byte {
	if o.table == t {
		return v.json(o)
	}
	if t.about.Whole {
		return v.json(o)
	}
	if shape := t.about.Shape; shape != "" {
		return encode(v.object(o, v.store.shapes[shape]))
	}
	return encode(v.guest(t, o))
}

// guest is an object as another kind's path shows it.
func (v view) guest(t *table, o *object) map[string]any {
	answer := map[string]any{}
	for _, name := range t.names {
		if how := t.answers[name]; how != nil && how.Value != nil {
			answer[name] = how.Value
			continue
		}
		answer[name], _ = v.field(o, name)
	}
	return answer
}

// create is post-minimal and what follows it.
func (s *Server) create(r *request) response {
	ch, refusal := s.readCreate(r)
	if refusal != nil {
		return *refusal
	}
	return s.write(r, ch)
}

func (s *Server) readCreate(r *request) (*change, *response) {
	body, refusal := parse(r.body)
	if refusal != nil {
		return nil, refusal
	}
	s.store.RLock()
	defer s.store.RUnlock()
	c := &check{store: s.store, table: r.table, body: body, method: r.Method, now: s.now}
	v := c.validate()
	if r.table.about.Uncreatable && len(v.complaints) == 0 {
		v.crashes = true
	}
	ch := &change{check: c, isNew: true, given: v.fields, caller: s.caller(), fields: s.store.newFields(r.table)}
	maps.Copy(ch.fields, v.fields)
	return ch, s.refused(r, v)
}

// refused is what a body is answered that is not taken.
func (s *Server) refused(r *request, v *validated) *response {
	if len(v.complaints) == 0 && r.table.kind.Enterprise {
		answer := response{status: http.StatusBadRequest, body: encode(complaints{"non_field_errors": []string{needsLicence}})}
		return &answer
	}
	return v.refusal(r.Method)
}

const needsLicence = "Enterprise is required to create/update this object."

// update is PUT and PATCH; fields that are not given keep their values
// (put-minimal), but for those that a PUT resets.
func (s *Server) update(r *request) response {
	ch, refusal := s.readUpdate(r)
	if refusal != nil {
		return *refusal
	}
	return s.write(r, ch)
}

func (s *Server) readUpdate(r *request) (*change, *response) {
	s.store.RLock()
	defer s.store.RUnlock()
	o, missing := s.find(r)
	if missing != nil {
		return nil, missing // put-unknown-invalid: before the body is looked at
	}
	body, refusal := parse(r.body)
	if refusal != nil {
		return nil, refusal
	}
	c := &check{store: s.store, table: r.table, body: body, method: r.Method, self: o, now: s.now}
	v := c.validate()
	ch := &change{check: c, given: v.fields, caller: s.caller(), fields: maps.Clone(o.fields)}
	if r.Method == http.MethodPut {
		ch.reset()
	}
	maps.Copy(ch.fields, v.fields)
	return ch, s.refused(r, v)
}

// reset empties the fields that a PUT empties where it leaves them out
// (put-minimal of group, user, policybinding).
func (ch *change) reset() {
	for _, field := range ch.table.kind.Fields.Fields {
		if field.Resets || slices.Contains(ch.table.about.Resets, field.Name) {
			ch.fields[field.Name] = ch.table.initial(field)
		}
	}
}

// write stores what a body came to. Like a real server it does not hold the store
// between the check and the write. Of several POSTs of one name one wins; the
// others get a 400 if they came late, and the empty 405 if they came in between
// (race-post-8-loser, race-post-2-loser). All fields of an object are written, as
// they were when it was read: of two PATCHes at once one can be lost, and a PUT
// beside a DELETE can bring the object back.
func (s *Server) write(r *request, ch *change) response {
	if s.beforeWrite != nil {
		s.beforeWrite()
	}
	s.store.Lock()
	defer s.store.Unlock()
	pk := ""
	if ch.self != nil {
		pk = ch.self.pk
	}
	if s.store.conflicts(ch.table, pk, ch.fields) {
		return unhandled(r.Method, http.StatusInternalServerError)
	}
	if ch.isNew {
		ch.id = s.store.newPK(ch.table)
		if given, _ := ch.fields[ch.table.kind.ID].(string); given != "" { // a field as others, of connectors
			ch.id = given
		}
	}
	refusal := ch.exclude()
	ch.apply()
	o := s.store.save(ch)
	if refusal != nil {
		return *refusal
	}
	status := http.StatusOK
	if ch.isNew {
		status = http.StatusCreated
	}
	v := s.view(r)
	v.written, v.before = ch.given, ch.self
	return response{status: status, body: v.shows(r.table, o)}
}

// exclude takes back what another object has that no two share. The server looks at
// it when it has written the rest (rbac/signals.py).
func (ch *change) exclude() *response {
	for name, message := range ch.table.about.Exclusive {
		wanted := targets(ch.given[name])
		taken := slices.ContainsFunc(ch.table.inOrder.objects, func(o *object) bool {
			return o != ch.self && slices.ContainsFunc(targets(o.fields[name]), func(pk string) bool { return slices.Contains(wanted, pk) })
		})
		if !taken {
			continue
		}
		ch.fields[name] = []any{}
		if ch.self != nil {
			ch.fields[name] = ch.self.fields[name]
		}
		return &response{status: http.StatusBadRequest, body: encode([]string{message})}
	}
	return nil
}

// save stores a change, with what it does to other objects.
func (s *store) save(ch *change) *object {
	s.makeUp(ch.table, ch.fields, ch.isNew, ch.now())
	if ch.isNew {
		return s.keep(ch, ch.id)
	}
	s.wipe(ch)
	return s.keep(ch, ch.self.id)
}

// keep stores what a change came to under a primary key: its own fields, and those
// that are the other side of another kind's.
func (s *store) keep(ch *change, id any) *object {
	own := maps.Clone(ch.fields)
	maps.DeleteFunc(own, func(name string, _ any) bool { return ch.table.virtual(name) != nil })
	o := s.put(ch.table, id, own)
	ch.spread(o)
	return ch.table.byPK[o.pk]
}

func (s *Server) delete(r *request) response {
	s.store.Lock()
	defer s.store.Unlock()
	o, missing := s.find(r)
	if missing != nil {
		return *missing
	}
	for _, rule := range o.table.about.Stays {
		if holds(o.fields, rule.When) {
			return response{status: http.StatusBadRequest, body: encode(rule.Error)}
		}
	}
	s.store.drop(o)
	return response{status: http.StatusNoContent}
}

// caller is who asks: the administrator whom authentik comes with.
func (s *Server) caller() *object {
	who := s.store.facts.Caller
	for _, t := range s.store.members[who.Model] {
		if o := t.unique[who.Field][who.Is]; o != nil {
			return o
		}
	}
	return nil
}
