package sync

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// Survey has a plan look for live objects that no blueprint speaks of, beside what it
// is made for.
type Survey struct {
	// List has them named: those of the models, or of all kinds that people make where
	// there are none. Without it they are counted, of the kinds that blueprints speak
	// of, and nothing more is asked for.
	List   bool
	Models []string
	// Brought gives what a fresh server of a version holds, by model; it may be nil.
	Brought func(version string) map[string][]schema.Object
}

// Surveyed is what a survey has found.
type Surveyed struct {
	// Counts are the objects that people have made and no blueprint speaks of, by model:
	// of each kind of which that can be told.
	Counts map[string]int
	// Objects are those objects, by kind and then by name, where they are Listed.
	Objects []Unmanaged
	Listed  bool
	// Brought counts those that no blueprint speaks of either, and that authentik brings
	// along or makes itself.
	Brought int
	// Lacking are the permissions that the token's user lacks to see objects of further
	// kinds, and Unknown says of which other kinds it can't be told, and why.
	Lacking, Unknown []string
	// NoMakers says why nobody knows who made the objects; empty where it was asked.
	NoMakers string
}

// Total is how many objects there are.
func (s *Surveyed) Total() int {
	total := 0
	for _, count := range s.Counts {
		total += count
	}
	return total
}

// Unmanaged is a live object that no blueprint speaks of.
type Unmanaged struct {
	Model, Title string
	// Name is what people call the object, and PK its primary key as text.
	Name, PK string
	// By is the name of the user who made it, and At when; empty where nothing tells.
	By string
	At time.Time
}

// kinds returns those of which objects are listed: of the models, or all that people
// make.
func (s *Survey) kinds(of *schema.Schema) []*schema.Kind {
	return slices.DeleteFunc(of.Managed(), func(kind *schema.Kind) bool {
		return !kind.Create || kind.Path == "" || len(s.Models) > 0 && !slices.Contains(s.Models, kind.Model)
	})
}

// needs returns the models that have to be listed: those of the kinds, and what says
// which object it is that has no name of its own.
func (s *Survey) needs(of *schema.Schema) []string {
	needed := map[string]bool{}
	for _, kind := range s.kinds(of) {
		needTold(of, kind, needed)
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(needed)), func(model string) bool {
		kind := of.Kind(model)
		return kind == nil || kind.Path == ""
	})
}

// needTold adds what it takes to tell the objects of a kind from others.
func needTold(s *schema.Schema, kind *schema.Kind, needed map[string]bool) {
	if kind == nil || needed[kind.Model] {
		return
	}
	needed[kind.Model] = true
	needTold(s, s.Kind(kind.Among), needed)
	if kind.Path == "" {
		for _, member := range s.Members(kind.Model) {
			needTold(s, member, needed)
		}
	}
	if kind.Key != "" {
		return
	}
	for _, name := range kind.KnownBy() {
		if field := kind.Fields.Field(name); field != nil && field.Refers != "" {
			needTold(s, s.Kind(field.Refers), needed)
		}
	}
}

// survey looks for the objects that no entry speaks of.
func (p *planner) survey(desired Desired) *Surveyed {
	if desired.Survey == nil {
		return nil
	}
	listed := func(entry *tree.Entry) bool {
		kind := p.schema.Kind(entry.Model)
		return kind != nil && p.listed(kind)
	}
	var quiet []*tree.Entry // those of which nothing is asked now, as far as it costs nothing
	for _, entry := range slices.Concat(desired.Silent, desired.Frozen) {
		if listed(entry) {
			quiet = append(quiet, entry)
		}
	}
	spoken := p.spokenOf(quiet)
	found := &Surveyed{Counts: map[string]int{}, Listed: desired.Survey.List}
	kinds := slices.DeleteFunc(desired.Survey.kinds(p.schema), func(kind *schema.Kind) bool {
		_, isSpoken := spoken[kind.Model]
		return !p.listed(kind) || !isSpoken && !desired.Survey.List
	})
	if desired.Survey.List {
		for model := range p.live.Kinds { // names are looked for in all tables
			if kind := p.schema.Kind(model); kind != nil && p.listed(kind) {
				p.table(kind)
			}
		}
	}
	var brought map[string][]schema.Object
	if desired.Survey.Brought != nil {
		brought = desired.Survey.Brought(p.plan.Version)
	}
	native := newLikeness(p.schema, tablesOf(p.schema, brought))
	for _, kind := range kinds {
		declared, isSpoken := spoken[kind.Model]
		if found.note(kind, p.table(kind).Err) {
			continue
		}
		if isSpoken && declared == nil {
			found.Unknown = append(found.Unknown, fmt.Sprintf("an entry does not say which %s it is about, so nobody knows which are declared", kind.Title))
			continue
		}
		p.surveyKind(found, kind, declared, native.all(brought[kind.Model], kind), desired.Survey.List)
	}
	slices.SortStableFunc(found.Objects, func(a, b Unmanaged) int {
		return cmp.Or(cmp.Compare(a.Title, b.Title), cmp.Compare(a.Model, b.Model), cmp.Compare(a.Name, b.Name), cmp.Compare(a.PK, b.PK))
	})
	return found
}

// surveyKind looks for those of one kind. brought are what authentik brings of it.
func (p *planner) surveyKind(found *Surveyed, kind *schema.Kind, declared, brought map[string]bool, list bool) {
	t := p.table(kind)
	if t.some() {
		return // nobody has seen the others
	}
	if p.live.Kinds[kind.Model].Partial {
		found.Unknown = append(found.Unknown, fmt.Sprintf("the server lists each %s only as far as the token's user may use it", kind.Title))
	}
	live := newLikeness(p.schema, func(kind *schema.Kind) *table {
		if p.listed(kind) {
			return p.table(kind)
		}
		return nil
	})
	count, native := 0, 0
	var objects []Unmanaged
	for _, object := range t.Objects {
		if declared[t.id(object)] {
			continue
		}
		like, told := live.of(kind, kind.Model, object)
		switch {
		case madeByServer(kind, object), told && brought[like]:
			native++
		case !told && !list:
			return // it might be one that authentik brings
		default:
			count++
			if list {
				objects = append(objects, Unmanaged{Model: kind.Model, Title: kind.Title, Name: p.liveLabel(kind, object), PK: t.id(object)})
			}
		}
	}
	found.Counts[kind.Model] = count
	found.Brought += native
	found.Objects = append(found.Objects, objects...)
}

// note says why objects of a kind can't be listed, and reports whether they can't.
func (s *Surveyed) note(kind *schema.Kind, err error) bool {
	rights := kind.Rights(schema.ToView)
	switch {
	case err == nil:
	case isForbidden(err) && len(rights) > 0:
		for _, right := range rights {
			s.Lacking = append(s.Lacking, right.Permission)
		}
	default:
		s.Unknown = append(s.Unknown, err.Error())
	}
	return err != nil
}

// listed reports whether the server was asked for all that table needs.
func (p *planner) listed(kind *schema.Kind) bool {
	_, asked := p.live.Kinds[kind.Model]
	if base := p.schema.Kind(kind.Among); asked && base != nil {
		return p.listed(base)
	}
	return asked
}

// madeByServer reports whether authentik itself keeps the object, or has made it: it is
// managed, or has what only the server gives.
func madeByServer(kind *schema.Kind, object schema.Object) bool {
	return object["managed"] != nil || isServers(kind, object)
}

// liveLabel is what people call a live object that no entry is about.
func (p *planner) liveLabel(kind *schema.Kind, object schema.Object) string {
	id, _ := kind.IDOf(object)
	name := asText(object[kind.Key])
	if kind.Key == "" {
		name = p.labelWords(kind, func(name string) any { return tree.PlainJSON(object[name]) })
	}
	return cmp.Or(name, schema.IDText(id))
}

// likeness tells objects of one server from each other, and finds the same ones on
// another, where primary keys are others.
type likeness struct {
	schema *schema.Schema
	// tables gives the objects of a kind; nil where they are not known.
	tables func(*schema.Kind) *table
}

func newLikeness(s *schema.Schema, tables func(*schema.Kind) *table) likeness {
	return likeness{s, tables}
}

// tablesOf finds objects that are no server's.
func tablesOf(s *schema.Schema, objects map[string][]schema.Object) func(*schema.Kind) *table {
	tables := map[string]*table{}
	return func(kind *schema.Kind) *table {
		if tables[kind.Model] == nil && len(objects[kind.Model]) > 0 {
			tables[kind.Model] = newTable(kind, Listing{Objects: objects[kind.Model]})
		}
		return tables[kind.Model]
	}
}

// all returns what is alike for the objects of a kind.
func (l likeness) all(objects []schema.Object, kind *schema.Kind) map[string]bool {
	all := make(map[string]bool, len(objects))
	for _, object := range objects {
		if like, told := l.of(kind, kind.Model, object); told {
			all[like] = true
		}
	}
	return all
}

// of is equal for objects that are known by the same: the key of their kind, or all that
// tells one without a name from others, such as what a binding binds. It is not told
// where it refers to an object that is not known.
func (l likeness) of(kind *schema.Kind, model string, object schema.Object) (like string, told bool) {
	names := []string{kind.Key}
	if kind.Key == "" {
		names = kind.KnownBy()
	}
	var where []want
	for _, name := range names {
		value := tree.PlainJSON(object[name])
		if field := kind.Fields.Field(name); field != nil && field.Refers != "" && schema.IDText(value) != "" {
			target, told := l.target(field.Refers, schema.IDText(value))
			if !told {
				return "", false
			}
			value = target
		}
		where = append(where, want{field: name, value: value})
	}
	return model + " " + fingerprint(where), len(where) > 0
}

// target is of for what a reference to a model means.
func (l likeness) target(model, id string) (like string, told bool) {
	for _, kind := range append(l.schema.Members(model), l.schema.Kind(model)) {
		if kind == nil || kind.Path == "" {
			continue
		}
		t := l.tables(kind)
		if t == nil {
			continue
		}
		if object := t.byID[id]; object != nil {
			return l.of(kind, model, object)
		}
		if kind.Alias != "" {
			for _, object := range t.index(kind.Alias)[id] {
				return l.of(kind, model, object)
			}
		}
	}
	return "", false
}
