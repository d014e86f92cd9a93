package devserver

import (
	"cmp"
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
	bindings []binding
}

// table holds the objects of one kind.
type table struct {
	kind  *schema.Kind
	byPK  map[string]*object
	byKey map[string]*object
	// ordered is in the order of lists: by key.
	ordered []*object
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

// binding is the use of an object by another one, such as of a stage by a
// flow.
type binding struct {
	pk     string
	user   string // its pk
	target string // its pk
	order  int
}

func newStore(s *schema.Schema) *store {
	st := &store{schema: s, kinds: map[string]*table{}, foreign: map[string]map[string]bool{}}
	for _, kind := range s.Kinds() {
		st.kinds[kind.Model] = &table{kind: kind, byPK: map[string]*object{}, byKey: map[string]*object{}}
	}
	return st
}

func (s *store) get(model, pk string) *object {
	if table := s.kinds[model]; table != nil {
		return table.byPK[pk]
	}
	return nil
}

// taken tells whether another object has the key: of the kind, or of any kind
// of its scope (post-dup-name-other-kind).
func (s *store) taken(kind *schema.Kind, key string, self *object) bool {
	if s.foreign[kind.Scope][key] {
		return true
	}
	for _, table := range s.kinds {
		if table.kind != kind && (kind.Scope == "" || table.kind.Scope != kind.Scope) {
			continue
		}
		if other := table.byKey[key]; other != nil && (self == nil || other.pk != self.pk) {
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
	table.byPK[pk], table.byKey[key] = o, o
	at, _ := table.find(o)
	table.ordered = slices.Insert(table.ordered, at, o)
	s.refresh(pk)
	o.json = s.answer(kind, o)
	return o
}

// find gives where an object is in the order of the table.
func (t *table) find(o *object) (int, bool) {
	return slices.BinarySearchFunc(t.ordered, o, func(a, b *object) int {
		return cmp.Or(strings.Compare(a.key, b.key), strings.Compare(a.pk, b.pk))
	})
}

func (t *table) remove(o *object) {
	if at, found := t.find(o); found {
		t.ordered = slices.Delete(t.ordered, at, at+1)
	}
	delete(t.byPK, o.pk)
	delete(t.byKey, o.key)
}

// drop deletes an object and its bindings (bind-gone), and makes null of what
// points to it.
func (s *store) drop(kind *schema.Kind, o *object) {
	s.kinds[kind.Model].remove(o)
	freed := s.unbind(o.pk)
	for _, table := range s.kinds {
		for _, field := range table.kind.Fields.Fields {
			if field.Refers != kind.Model {
				continue
			}
			for _, other := range slices.Clone(table.ordered) {
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

// unbind ends all uses of an object and by it, and gives what it used.
func (s *store) unbind(pk string) (freed []string) {
	s.bindings = slices.DeleteFunc(s.bindings, func(b binding) bool {
		if b.user == pk {
			freed = append(freed, b.target)
		}
		return b.target == pk || b.user == pk
	})
	return freed
}

// refresh makes the answers of what an object uses anew: they show the user's
// fields.
func (s *store) refresh(user string) {
	for _, b := range s.bindings {
		if b.user == user {
			s.remake(b.target)
		}
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
	for _, b := range s.bindings {
		if b.target != o.pk {
			continue
		}
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
func (s *store) bind(kind *schema.Kind, user, target string, order int) (binding, error) {
	o := s.get(kind.Model, target)
	if o == nil || s.get(kind.Users.Model, user) == nil {
		return binding{}, fmt.Errorf("binding %s to %s: there is no such object", target, user)
	}
	b := binding{pk: uuid.NewString(), user: user, target: target, order: order}
	s.bindings = append(s.bindings, b)
	o.json = s.answer(kind, o)
	return b, nil
}
