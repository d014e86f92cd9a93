package devserver

import (
	"maps"
	"sync"

	"github.com/google/uuid"

	"github.com/aksync/aksync/schema"
)

// store holds the objects. Its methods need the lock unless they say that they
// take it.
type store struct {
	sync.RWMutex
	schema    *schema.Schema
	version   string
	behaviour behaviour
	facts     *facts
	shapes    map[string][]string // of the version
	kinds     map[string]*table
	models    []string // those of kinds, in order
	// members are the tables whose objects a model can mean: its own, or those of
	// a base's special cases.
	members map[string][]*table
	// referring are the stored fields of all kinds that refer to a model.
	referring map[string][]reference
	// references are the objects that refer to another one, by field and target.
	references map[referenceKey]map[string]*object
	// aliases finds objects by what policy bindings know them by.
	aliases map[string]*object
	// uniques are shared between the kinds of a base.
	uniques map[string]uniques
	// foreign are names that objects of kinds which nobody serves take up, by
	// scope.
	foreign map[string]map[string]bool
	// grants are who may do what.
	grants []grant
	// rows and numbers count the rows of tables and their numbered primary keys.
	rows    int64
	numbers map[string]int64
	// nextPK, where a test sets it, gives the primary key of the next object.
	nextPK func(model string) any
}

func newStore(s *schema.Schema, version string, behaviour behaviour) *store {
	st := &store{
		schema: s, version: version, behaviour: behaviour, facts: readFacts(), shapes: map[string][]string{}, kinds: map[string]*table{}, members: map[string][]*table{},
		referring: map[string][]reference{}, references: map[referenceKey]map[string]*object{}, aliases: map[string]*object{},
		uniques: map[string]uniques{}, foreign: map[string]map[string]bool{}, numbers: map[string]int64{},
	}
	for name := range st.facts.Shapes {
		st.shapes[name] = st.facts.shape(name, version)
	}
	for _, kind := range s.Kinds() {
		st.addTable(s.Exact(kind))
	}
	for _, model := range st.models {
		st.kinds[model].needs = st.needsOf(st.kinds[model])
	}
	return st
}

// get returns an object that a model can mean, by its primary key.
func (s *store) get(model, pk string) *object {
	for _, t := range s.members[model] {
		if o := t.byPK[pk]; o != nil {
			return o
		}
	}
	return nil
}

// find is get by the value that a field holds.
func (s *store) find(model string, value any) *object {
	pk := pkText(value)
	if pk == "" {
		return nil
	}
	if o := s.get(model, pk); o != nil {
		return o
	}
	if o := s.aliases[pk]; o != nil && o.table.kind.Is(model) && model != o.table.kind.Model {
		return o
	}
	return nil
}

// newPK makes a primary key for an object of the kind.
func (s *store) newPK(t *table) any {
	if s.nextPK != nil {
		if pk := s.nextPK(t.kind.Model); pk != nil {
			return pk
		}
	}
	if !t.integer {
		return uuid.NewString()
	}
	counter := s.counter(t)
	s.numbers[counter]++
	return s.numbers[counter]
}

// counter names what numbers the kind: its base, where the keys are one's of all
// its special cases.
func (s *store) counter(t *table) string {
	for _, base := range t.kind.Bases {
		if kind := s.schema.Kind(base); kind != nil && isInteger(kind) {
			return base
		}
	}
	return t.kind.Model
}

// taken reports whether another object than that of the pk holds a value of a
// unique field: of the kind, or of any kind that shares the field
// (post-dup-name-other-kind).
func (s *store) taken(t *table, field string, value any, pk string) bool {
	key, has := uniqueValue(value)
	if !has {
		return false
	}
	if name, isText := key.(string); isText && field == t.kind.Key && s.foreign[t.kind.Scope][name] {
		return true
	}
	other := t.unique[field][key]
	return other != nil && (other.pk != pk || other.table != t)
}

// conflicts reports whether a database would refuse the fields, since somebody
// took a unique value or deleted what a field points to after they were checked.
func (s *store) conflicts(t *table, pk string, fields map[string]any) bool {
	for name := range t.unique {
		if s.taken(t, name, fields[name], pk) {
			return true
		}
	}
	stored := t.byPK[pk]
	for _, field := range t.kind.Fields.Fields {
		if field.Refers == "" || t.virtual(field.Name) != nil || field.Type == schema.List {
			continue
		}
		value := fields[field.Name]
		if value == nil || stored != nil && stored.fields[field.Name] == value {
			continue
		}
		if s.find(field.Refers, value) == nil {
			return true
		}
	}
	return false
}

// put adds an object, or replaces the one with its primary key.
func (s *store) put(t *table, id any, fields map[string]any) *object {
	o := &object{table: t, pk: pkText(id), id: id, fields: fields}
	if number, isNumber := id.(int64); isNumber {
		counter := s.counter(t)
		s.numbers[counter] = max(s.numbers[counter], number)
	}
	if old := t.byPK[o.pk]; old != nil {
		o.row = old.row
		s.detach(old)
	} else {
		s.rows++
		o.row = s.rows
		t.made++
	}
	t.saved++
	s.attach(o)
	return o
}

func (s *store) attach(o *object) {
	o.table.add(o)
	o.table.written++
	s.eachReference(o, func(key referenceKey) {
		if s.references[key] == nil {
			s.references[key] = map[string]*object{}
		}
		s.references[key][o.pk] = o
	})
	if alias, isText := o.fields[o.table.kind.Alias].(string); isText {
		s.aliases[alias] = o
	}
}

func (s *store) detach(o *object) {
	o.table.remove(o)
	o.table.written++
	s.eachReference(o, func(key referenceKey) {
		delete(s.references[key], o.pk)
		if len(s.references[key]) == 0 {
			delete(s.references, key)
		}
	})
	if alias, isText := o.fields[o.table.kind.Alias].(string); isText && s.aliases[alias] == o {
		delete(s.aliases, alias)
	}
}

// set replaces fields of an object.
func (s *store) set(o *object, changes map[string]any) *object {
	fields := maps.Clone(o.fields)
	maps.Copy(fields, changes)
	return s.put(o.table, o.id, fields)
}
