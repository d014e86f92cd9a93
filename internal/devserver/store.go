package devserver

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/aksync/aksync/schema"
)

// store holds the objects. Its methods need the lock unless they say that they
// take it.
type store struct {
	sync.RWMutex
	schema *schema.Schema
	kinds  map[string]*table
	// foreign are keys that objects of kinds which the schema does not have
	// take up, by scope.
	foreign  map[string]map[string]bool
	bindings bindings
}

// table holds the objects of one kind.
type table struct {
	kind  *schema.Kind
	byPK  map[string]*object
	byKey map[string]*object
	// inOrder are the objects in the order of lists, by key.
	inOrder index
	// inPKOrder are the objects in the order of their pks: a client that
	// wants every object on exactly one page asks for it.
	inPKOrder index
}

// object is one object.
type object struct {
	pk  string
	key string
	// fields are replaced as a whole and never changed.
	fields map[string]any
	// json is the object as it is answered.
	json []byte
}

func newStore(s *schema.Schema) *store {
	st := &store{schema: s, kinds: map[string]*table{}, foreign: map[string]map[string]bool{}, bindings: newBindings()}
	for _, kind := range s.Kinds() {
		st.kinds[kind.Model] = &table{
			kind: kind, byPK: map[string]*object{}, byKey: map[string]*object{},
			inOrder:   index{compare: func(a, b *object) int { return strings.Compare(a.key, b.key) }},
			inPKOrder: index{compare: func(a, b *object) int { return strings.Compare(a.pk, b.pk) }},
		}
	}
	return st
}

func (s *store) get(model, pk string) *object {
	if table := s.kinds[model]; table != nil {
		return table.byPK[pk]
	}
	return nil
}

// lookUp gives the object of which a field has the value, or nil.
func (t *table) lookUp(field, value string) *object {
	if field == t.kind.Key {
		return t.byKey[value]
	}
	for _, o := range t.inOrder.objects {
		if o.fields[field] == value {
			return o
		}
	}
	return nil
}

// taken tells whether another object than that of the pk has the key: of the
// kind, or of any kind of its scope (post-dup-name-other-kind).
func (s *store) taken(kind *schema.Kind, key, pk string) bool {
	if s.foreign[kind.Scope][key] {
		return true
	}
	for _, table := range s.kinds {
		if table.kind != kind && (kind.Scope == "" || table.kind.Scope != kind.Scope) {
			continue
		}
		if other := table.byKey[key]; other != nil && other.pk != pk {
			return true
		}
	}
	return false
}

// conflicts tells whether a database would refuse the fields, since somebody
// took the key or deleted what a field points to after they were checked.
func (s *store) conflicts(kind *schema.Kind, pk string, fields map[string]any) bool {
	key, _ := fields[kind.Key].(string)
	if s.taken(kind, key, pk) {
		return true
	}
	stored := s.get(kind.Model, pk)
	for _, field := range kind.Fields.Fields {
		target, points := fields[field.Name].(string)
		if field.Refers == "" || !points || stored != nil && stored.fields[field.Name] == target {
			continue
		}
		if s.get(field.Refers, target) == nil {
			return true
		}
	}
	return false
}

// put adds an object, or replaces the one with its pk.
func (s *store) put(kind *schema.Kind, pk string, fields map[string]any) *object {
	table := s.kinds[kind.Model]
	key, _ := fields[kind.Key].(string)
	o := &object{pk: pk, key: key, fields: fields}
	if old := table.byPK[pk]; old != nil {
		table.remove(old)
	}
	table.add(o)
	for _, target := range s.bindings.targets(pk) {
		s.remake(target) // its answer shows this object's fields
	}
	o.json = s.answer(kind, o)
	return o
}

func (t *table) add(o *object) {
	t.byPK[o.pk], t.byKey[o.key] = o, o
	t.inOrder.add(o)
	t.inPKOrder.add(o)
}

func (t *table) remove(o *object) {
	delete(t.byPK, o.pk)
	delete(t.byKey, o.key)
	t.inOrder.remove(o)
	t.inPKOrder.remove(o)
}

// drop deletes an object and its bindings (bind-gone), and makes null of what
// points to it.
func (s *store) drop(kind *schema.Kind, o *object) {
	s.kinds[kind.Model].remove(o)
	freed := s.bindings.forget(o.pk)
	for _, table := range s.kinds {
		for _, field := range table.kind.Fields.Fields {
			if field.Refers != kind.Model {
				continue
			}
			for _, other := range slices.Clone(table.inOrder.objects) {
				if other.fields[field.Name] == o.pk {
					fields := maps.Clone(other.fields)
					fields[field.Name] = nil
					s.put(table.kind, other.pk, fields)
				}
			}
		}
	}
	for _, target := range freed {
		s.remake(target)
	}
}

// remake makes the answer of an object anew.
func (s *store) remake(pk string) {
	for _, table := range s.kinds {
		if o := table.byPK[pk]; o != nil {
			o.json = s.answer(table.kind, o)
		}
	}
}

// answer is an object as it is answered.
func (s *store) answer(kind *schema.Kind, o *object) []byte {
	answer := maps.Clone(o.fields)
	for _, readOnly := range kind.ReadOnly {
		switch {
		case readOnly.Name == schema.PK:
			answer[schema.PK] = o.pk
		case readOnly.Name == kind.Users.Field:
			answer[readOnly.Name] = s.users(kind, o)
		case readOnly.HasValue:
			answer[readOnly.Name] = readOnly.Value
		}
	}
	return encode(answer)
}

// users gives what is shown of the users of an object.
func (s *store) users(kind *schema.Kind, o *object) []map[string]any {
	shown := []map[string]any{}
	for _, b := range s.bindings.of(o.pk) {
		user := s.get(kind.Users.Model, b.user)
		fields := map[string]any{}
		for _, name := range kind.Users.Shows {
			if value, has := user.fields[name]; has {
				fields[name] = value
			}
		}
		fields[schema.PK] = user.pk
		shown = append(shown, fields)
	}
	return shown
}

// bind notes that the user uses the target.
func (s *store) bind(kind *schema.Kind, user, target string, order int) error {
	o := s.get(kind.Model, target)
	if o == nil || s.get(kind.Users.Model, user) == nil {
		return fmt.Errorf("binding %s to %s: there is no such object", target, user)
	}
	s.bindings.add(binding{pk: uuid.NewString(), user: user, target: target, order: order})
	o.json = s.answer(kind, o)
	return nil
}
