package devserver

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
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

// reference is a field that refers to other objects.
type reference struct {
	table *table
	field string
	// many is set where it is a list.
	many bool
	// cascades and empties say what becomes of the object when the one goes that
	// it refers to.
	cascades bool
}

type referenceKey struct{ model, field, target string }

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
		st.addTable(kind)
	}
	for _, model := range st.models {
		st.kinds[model].needs = st.needsOf(st.kinds[model])
	}
	return st
}

func (s *store) addTable(kind *schema.Kind) {
	t := &table{kind: kind, about: s.facts.about(kind.Model, s.version), byPK: map[string]*object{}}
	t.answers, t.names = s.answersOf(t)
	t.integer = isInteger(kind)
	order := t.about.Order
	if len(order) == 0 && kind.Key != "" {
		order = []string{kind.Key}
	}
	t.inOrder = index{compare: compareBy(order)}
	t.inPKOrder = index{compare: comparePK}
	s.kinds[kind.Model] = t
	s.models = append(s.models, kind.Model)
	for _, model := range append([]string{kind.Model}, kind.Bases...) {
		s.members[model] = append(s.members[model], t)
	}
	s.addUniques(t)
	s.addReferring(t)
}

func comparePK(a, b *object) int {
	if result := compare(a.id, b.id); result != 0 {
		return result
	}
	return strings.Compare(a.pk, b.pk)
}

func isInteger(kind *schema.Kind) bool {
	for _, field := range kind.ReadOnly {
		if field.Name == kind.ID {
			return field.Type == schema.Integer
		}
	}
	return false
}

// answersOf returns how the fields of answers come to be that are not as they are
// stored, and the names of all fields.
func (s *store) answersOf(t *table) (answers map[string]*computed, names []string) {
	answers = map[string]*computed{}
	add := func(name string, readOnly bool) {
		if slices.Contains(t.about.Omits, name) || slices.Contains(names, name) {
			return
		}
		names = append(names, name)
		if how := t.about.Answers[name]; how != nil {
			answers[name] = how
		} else if how := s.facts.Fields[name]; how != nil && readOnly && how.Has(s.version) {
			answers[name] = how
		}
	}
	for _, field := range t.kind.Fields.Fields {
		switch {
		case field.Via != nil && field.Via.Read != "" && !strings.Contains(field.Via.Read, "/"):
			add(field.Via.Read, true)
		case field.Via == nil && !field.WriteOnly:
			add(field.Name, false)
		}
	}
	for _, readOnly := range t.kind.ReadOnly {
		add(readOnly.Name, true)
		if readOnly.HasValue && answers[readOnly.Name] == nil {
			answers[readOnly.Name] = &computed{Value: readOnly.Value}
		}
	}
	for _, name := range t.about.Shows {
		add(name, true)
	}
	for name, how := range t.about.Answers {
		if !slices.Contains(names, name) && !how.isHidden() {
			continue
		}
		answers[name] = how
	}
	s.addConstants(t, answers)
	for _, name := range names {
		if how := answers[name]; how != nil && strings.Contains(how.Text, "{host}") {
			t.byHost = true
		}
	}
	return answers, names
}

// isHidden reports whether it says what a field is that answers don't have, but
// that others are computed from.
func (c *computed) isHidden() bool { return c.Random != "" || c.Now != "" }

// addConstants adds what authentik calls the kind.
func (s *store) addConstants(t *table, answers map[string]*computed) {
	for name, value := range map[string]string{
		"verbose_name": t.about.Verbose, "verbose_name_plural": t.about.Plural, "component": t.about.Component,
	} {
		if value != "" && answers[name] == nil {
			answers[name] = &computed{Value: value}
		}
	}
	if t.readOnly("meta_model_name") != nil && answers["meta_model_name"] == nil {
		answers["meta_model_name"] = &computed{Value: t.kind.Model}
	}
}

// owner returns the model that a field belongs to: the base whose list shows it, or
// the kind itself.
func (s *store) owner(kind *schema.Kind, field string) string {
	for _, base := range kind.Bases {
		shape := s.baseShape(base)
		if slices.Contains(s.shapes[shape], field) {
			return base
		}
	}
	return kind.Model
}

// baseShape names what a base's list shows of an object.
func (s *store) baseShape(base string) string {
	if t := s.kinds[base]; t != nil {
		return t.about.Shape
	}
	return s.facts.about(base, s.version).Shape
}

// addUniques shares the values of a kind's unique fields with those of its base.
func (s *store) addUniques(t *table) {
	t.unique = map[string]uniques{}
	for _, field := range t.kind.Fields.Fields {
		if !field.Unique && field.Name != t.kind.Lookup && (field.Name != t.kind.Key || !t.kind.Managed) {
			continue
		}
		if slices.Contains(t.about.Repeats, field.Name) {
			continue
		}
		owner := s.owner(t.kind, field.Name)
		if owner == t.kind.Model && t.kind.Scope != "" && field.Name == t.kind.Key {
			owner = t.kind.Scope
		}
		key := owner + "." + field.Name
		if s.uniques[key] == nil {
			s.uniques[key] = uniques{}
		}
		t.unique[field.Name] = s.uniques[key]
	}
}

// addReferring notes which models the stored fields of a kind refer to.
func (s *store) addReferring(t *table) {
	add := func(name, model string, many, cascades bool) {
		if model != "" && t.virtual(name) == nil {
			s.referring[model] = append(s.referring[model], reference{t, name, many, cascades})
		}
	}
	for _, field := range t.kind.Fields.Fields {
		add(field.Name, field.Refers, field.Type == schema.List, field.Cascades)
	}
	for _, how := range t.answers {
		if how.Refers != "" && how.Key == "" {
			add(how.Of, how.Refers, false, true)
		}
	}
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

// pkText is a primary key as paths have it, or nothing.
func pkText(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case int64:
		return strconv.FormatInt(value, 10)
	default:
		return ""
	}
}

// targets are the primary keys that a stored field holds.
func targets(value any) []string {
	if list, isList := value.([]any); isList {
		pks := make([]string, 0, len(list))
		for _, element := range list {
			if pk := pkText(element); pk != "" {
				pks = append(pks, pk)
			}
		}
		return pks
	}
	if pk := pkText(value); pk != "" {
		return []string{pk}
	}
	return nil
}

// eachReference calls f with each place that an object's stored fields refer to.
func (s *store) eachReference(o *object, f func(referenceKey)) {
	visit := func(name, model string) {
		if model == "" || o.table.virtual(name) != nil {
			return
		}
		for _, target := range targets(o.fields[name]) {
			f(referenceKey{o.table.kind.Model, name, target})
		}
	}
	for _, field := range o.table.kind.Fields.Fields {
		visit(field.Name, field.Refers)
	}
	for _, how := range o.table.answers {
		if how.Refers != "" && how.Key == "" {
			visit(how.Of, how.Refers)
		}
	}
}

// referrers returns the objects of which a field refers to the target, in the order
// of their table.
func (s *store) referrers(model, field, target string) []*object {
	held := s.references[referenceKey{model, field, target}]
	if len(held) == 0 {
		return nil
	}
	objects := slices.AppendSeq(make([]*object, 0, len(held)), maps.Values(held))
	slices.SortFunc(objects, func(a, b *object) int { return cmp.Compare(a.row, b.row) })
	return objects
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
	}
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

// drop deletes an object with what goes with it, and takes it out of what refers
// to it (bind-gone, trap/delete-used-*).
func (s *store) drop(o *object) {
	if o.table.byPK[o.pk] == nil {
		return
	}
	s.detach(o)
	s.forgetGrants(o)
	for _, name := range o.table.about.Takes {
		for _, pk := range targets(o.fields[name]) {
			if other := s.find(o.table.refers(name), pk); other != nil {
				s.drop(other)
			}
		}
	}
	for _, model := range append([]string{o.table.kind.Model}, o.table.kind.Bases...) {
		for _, reference := range s.referring[model] {
			for _, other := range s.referrers(reference.table.kind.Model, reference.field, o.pk) {
				s.release(other, reference, o)
			}
		}
	}
}

// release does what becomes of an object when the one goes that it refers to.
func (s *store) release(o *object, by reference, gone *object) {
	value := o.fields[by.field]
	switch {
	case by.many:
		list, _ := value.([]any)
		s.set(o, map[string]any{by.field: slices.DeleteFunc(slices.Clone(list), func(element any) bool { return element == gone.id })})
	case by.cascades:
		s.drop(o)
	default:
		s.set(o, map[string]any{by.field: nil})
	}
}

// bind lets a user, such as a flow, use an object, such as a stage.
func (s *store) bind(t *table, user, target string, order int) (*object, error) {
	binding := t.binding(s)
	if binding == nil || s.get(t.kind.Users.Model, user) == nil || s.get(t.kind.Model, target) == nil {
		return nil, fmt.Errorf("binding %s to %s: there is no such object", target, user)
	}
	how := t.answers[t.kind.Users.Field]
	_, field := splitBack(how.Back)
	fields := s.newFields(binding)
	fields[field], fields[how.Show], fields["order"] = target, user, int64(order)
	return s.put(binding, s.newPK(binding), fields), nil
}

// binding returns the table of what binds the kind's objects to their users.
func (t *table) binding(s *store) *table {
	how := t.answers[t.kind.Users.Field]
	if how == nil {
		return nil
	}
	model, _ := splitBack(how.Back)
	return s.kinds[model]
}

// splitBack takes model.field apart.
func splitBack(back string) (model, field string) {
	at := strings.LastIndexByte(back, '.')
	if at < 0 {
		return "", ""
	}
	return back[:at], back[at+1:]
}
