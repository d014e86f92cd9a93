package devserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// Put adds an object, or replaces the one with the primary key. An empty one gives
// a new one. Fields are as schema.Value.Plain gives them, or as an answer has them,
// and are not checked; those that are not given have the schema's defaults. It is
// an error when the schema has no such kind, or another object has the value of a
// unique field.
func (s *Server) Put(model, pk string, fields map[string]any) (string, error) {
	s.store.Lock()
	defer s.store.Unlock()
	o, err := s.store.place(model, pk, fields, s.now())
	if err != nil {
		return "", err
	}
	return o.pk, nil
}

// place is Put.
func (s *store) place(model, pk string, fields map[string]any, now time.Time) (*object, error) {
	t := s.kinds[model]
	if t == nil {
		return nil, fmt.Errorf("adding an object: the schema has no kind %s", model)
	}
	var id any = pk
	switch {
	case pk == "":
		id = s.newPK(t)
	case t.integer:
		id = integerField.Normalize(tree.Value{Data: pk}).Data
	}
	ch := &change{check: &check{store: s, table: t, now: func() time.Time { return now }}, fields: s.newFields(t), isNew: true}
	for name, value := range fields {
		ch.fields[name] = s.read(t, name, value)
	}
	for name := range t.unique {
		if s.taken(t, name, ch.fields[name], pkText(id)) {
			return nil, fmt.Errorf("adding a %s: another object has the %s %q", t.kind.Title, name, ch.fields[name])
		}
	}
	for _, field := range t.kind.Fields.Fields {
		ch.settle(field)
	}
	s.makeUp(t, ch.fields, t.byPK[pkText(id)] == nil, now)
	for name := range ch.fields {
		_, given := fields[name]
		if how := t.answers[name]; t.virtual(name) != nil && !given || t.virtual(name) == nil && how != nil && !how.isHidden() && t.refers(name) == "" {
			delete(ch.fields, name) // it is computed
		}
	}
	return s.keep(ch, id), nil
}

// read takes a field as an answer shows it for what is stored: an object for its
// primary key.
func (s *store) read(t *table, name string, value any) any {
	shown, isMap := value.(map[string]any)
	if model := t.refers(name); isMap && model != "" {
		if kind := s.schema.Kind(model); kind != nil {
			return shown[kind.ID]
		}
	}
	return value
}

// Remove deletes an object past the API, and tells whether it was there.
func (s *Server) Remove(model, pk string) bool {
	s.store.Lock()
	defer s.store.Unlock()
	o := s.store.get(model, pk)
	if o != nil {
		s.store.drop(o)
	}
	return o != nil
}

// Get gives an object as the API answers it, or nil where there is none of that
// pk.
func (s *Server) Get(model, pk string) schema.Object {
	s.store.RLock()
	defer s.store.RUnlock()
	if o := s.store.get(model, pk); o != nil {
		return s.decoded(o)
	}
	return nil
}

// All gives the objects of a kind as the API answers them, by key.
func (s *Server) All(model string) []schema.Object {
	s.store.RLock()
	defer s.store.RUnlock()
	table := s.store.kinds[model]
	if table == nil {
		return nil
	}
	objects := make([]schema.Object, len(table.inOrder.objects))
	for i, o := range table.inOrder.objects {
		objects[i] = s.decoded(o)
	}
	return objects
}

// decoded is an object as a client reads it.
func (s *Server) decoded(o *object) schema.Object {
	decoder := json.NewDecoder(bytes.NewReader(view{store: s.store}.json(o)))
	decoder.UseNumber()
	var object schema.Object
	// What encode has made can be decoded.
	if err := decoder.Decode(&object); err != nil {
		panic(fmt.Sprintf("decoding an object: %v", err))
	}
	return object
}

// Bind lets a user, such as a flow, use an object of the model, such as a
// stage; both by primary key. It is an error when there is no such kind, or one of
// the two is not there.
func (s *Server) Bind(model, target, user string, order int) error {
	s.store.Lock()
	defer s.store.Unlock()
	t := s.store.kinds[model]
	if t == nil || t.kind.Users.Model == "" {
		return fmt.Errorf("binding %s to %s: the schema has no kind %s that others use", target, user, model)
	}
	_, err := s.store.bind(t, user, target, order)
	return err
}

// Reserve takes up names of a scope for objects of kinds that the schema does
// not have.
func (s *Server) Reserve(scope string, names ...string) {
	s.store.Lock()
	defer s.store.Unlock()
	if s.store.foreign[scope] == nil {
		s.store.foreign[scope] = map[string]bool{}
	}
	for _, name := range names {
		s.store.foreign[scope][name] = true
	}
}

// NewSeeded makes a server that holds what SeedDefaults adds.
func NewSeeded(config Config) (*Server, error) {
	s, err := New(config)
	if err != nil {
		return nil, err
	}
	return s, s.SeedDefaults()
}
