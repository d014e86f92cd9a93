package sync

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// Needed is a permission that a pass takes.
type Needed struct {
	schema.Right
	// Place is that of the first entry that takes it.
	Place tree.Place
}

// Rights is what the user of a token has to be allowed so that it can make any pass
// over blueprints.
type Rights struct {
	// Needed are the permissions, by name, each once.
	Needed []Needed
	// Notes say what no permission gives, and Problems what the version has not got.
	Notes, Problems tree.Problems
}

// RightsFor returns the least that passes over blueprints take on a server of the
// version, whatever they find there: objects that are declared can be missing, or
// differ from their declaration in any field.
func RightsFor(s *schema.Schema, version string, desired Desired, guards Guards) Rights {
	g := &gatherer{
		whole: s, schema: s.At(version), version: version, guards: guards,
		first: map[string]Needed{}, noted: map[string]bool{}, deleted: map[string]tree.Place{},
	}
	spoken := map[string]bool{}
	for _, entry := range desired.Entries {
		g.addEntry(entry)
		spoken[entry.Model] = true
	}
	if len(guards.Prune) > 0 {
		for _, entry := range desired.Silent {
			if kind := g.schema.Kind(entry.Model); kind != nil && kind.Managed {
				g.add(entry.Place, kind.Rights(schema.ToView))
				spoken[entry.Model] = true
			}
		}
	}
	for _, model := range slices.Sorted(maps.Keys(spoken)) {
		g.addPruned(g.schema.Kind(model))
	}
	g.addUsers()
	for _, instance := range desired.Applies {
		g.add(instance.Place, g.schema.Kind(instance.Model).Rights(schema.ToView))
	}
	rights := Rights{Notes: g.notes.Sort(), Problems: g.problems.Sort()}
	for _, needed := range g.first {
		rights.Needed = append(rights.Needed, needed)
	}
	slices.SortFunc(rights.Needed, func(a, b Needed) int { return cmp.Compare(a.Permission, b.Permission) })
	return rights
}

// gatherer gathers the rights of one call of RightsFor.
type gatherer struct {
	whole, schema   *schema.Schema
	version         string
	guards          Guards
	first           map[string]Needed     // by permission
	noted           map[string]bool       // by model
	deleted         map[string]tree.Place // by model
	notes, problems tree.Problems
}

func (g *gatherer) add(place tree.Place, rights []schema.Right) {
	for _, right := range rights {
		if _, known := g.first[right.Permission]; !known {
			g.first[right.Permission] = Needed{right, place}
		}
	}
}

// addEntry adds what an entry takes.
func (g *gatherer) addEntry(entry *tree.Entry) {
	kind := g.schema.Kind(entry.Model)
	if kind == nil {
		if kind := g.whole.Kind(entry.Model); kind != nil && kind.Managed {
			g.problems = append(g.problems, tree.Problem{Place: entry.Place, Path: entry.Path + ".model", Message: kind.Lacking(kind.Model, g.version)})
		}
		return
	}
	if !kind.Managed {
		return
	}
	if kind.Owned != nil && !g.noted[kind.Model] {
		g.noted[kind.Model] = true
		g.notes = append(g.notes, tree.Problem{Place: entry.Place, Path: entry.Path, Message: kind.Owned.Why})
	}
	g.addRead(entry, kind)
	asks := func(states ...tree.State) bool {
		return entry.State.HasPending() || slices.Contains(states, state(entry))
	}
	if asks(tree.Present, tree.Created, tree.MustCreated) {
		g.addWritten(entry, kind, asks(tree.Present))
	}
	if asks(tree.Absent) && kind.Delete {
		g.addDeleted(entry.Place, kind)
	}
}

// addRead adds what it takes to find what an entry speaks of.
func (g *gatherer) addRead(entry *tree.Entry, kind *schema.Kind) {
	g.add(entry.Place, kind.Rights(schema.ToView))
	g.addView(entry.Place, kind.Among)
	for _, values := range []tree.Map{entry.Identifiers, entry.Attrs} {
		for _, member := range values {
			g.addReferred(kind.Fields.Field(member.Name()), member.Value)
		}
	}
	for _, value := range append(slices.Clone(entry.Conditions), entry.State) {
		g.addReferred(nil, value)
	}
}

// addReferred adds what it takes to find the objects that a value refers to. A key
// that is written there is taken as it is where its object can't be seen; but the other
// key that some kinds have is of no use then.
func (g *gatherer) addReferred(field *schema.Field, value tree.Value) {
	for _, ref := range value.References() {
		model := ref.Model
		if ref.Target != nil {
			model = ref.Target.Model
		}
		g.addView(ref.Place, model)
	}
	if field == nil || field.Refers == "" {
		return
	}
	for _, element := range elementsOf(value) {
		if schema.IDText(element.Data) == "" {
			continue
		}
		for _, member := range g.schema.Members(field.Refers) {
			if member.Alias != "" {
				g.add(cmp.Or(element.Place, value.Place), member.Rights(schema.ToView))
			}
		}
	}
}

// addView adds what it takes to see the objects of a model, or of each special case of
// it where the API has no list of them.
func (g *gatherer) addView(place tree.Place, model string) {
	kind := g.schema.Kind(model)
	if kind == nil {
		return
	}
	if kind.Path != "" {
		g.add(place, kind.Rights(schema.ToView))
		return
	}
	for _, member := range g.schema.Members(model) {
		g.add(place, member.Rights(schema.ToView))
	}
}

// addWritten adds what it takes to create the object of an entry and, where it is to
// stay as declared, to change it.
func (g *gatherer) addWritten(entry *tree.Entry, kind *schema.Kind, stays bool) {
	if kind.Create {
		g.add(entry.Place, kind.Rights(schema.ToAdd))
	}
	changes := stays && kind.Update && canDiffer(kind, entry)
	if changes {
		g.add(entry.Place, kind.Rights(schema.ToChange))
	}
	for _, field := range kind.Fields.Fields {
		value, declared := entry.Field(field.Name)
		if declared && (stays || !field.HasDefault || !reflect.DeepEqual(field.Default, value.Plain())) {
			g.addValue(entry.Place, kind, field, value)
		}
		if declared && changes && field.Superset {
			g.addView(entry.Place, field.Refers) // to tell the server's own elements
		}
		switch {
		case field.Via == nil:
		case declared:
			g.add(entry.Place, field.RightsToSet(kind))
		case changes && field.Via.WipedBy(g.version):
			g.addKept(entry.Place, kind, field)
		}
		if field.Via.Lists() && declared && stays && !field.Superset {
			g.add(entry.Place, field.RightsToTake(kind))
		}
	}
	g.addPermits(entry)
	if stays {
		g.addSelf(entry.Place, kind)
	}
}

// addKept adds what it takes to give back what a change of the object empties.
func (g *gatherer) addKept(place tree.Place, kind *schema.Kind, field *schema.Field) {
	rights := field.RightsToSet(kind)
	for i := range rights {
		rights[i].Why = fmt.Sprintf("give back %s, which a change of any %s empties", field.Name, kind.Title)
	}
	g.add(place, rights)
}

// addValue adds what it takes to give a field a value; any, where only the server can
// tell which it is.
func (g *gatherer) addValue(place tree.Place, kind *schema.Kind, field *schema.Field, value tree.Value) {
	if !value.HasPending() {
		g.add(place, field.RightsTo(kind, value.Plain()))
		return
	}
	for _, is := range []any{nil, true, false} {
		g.add(place, field.RightsTo(kind, is))
	}
}

// canDiffer reports whether an object that the entry finds can differ from it, in what
// a request for the object writes.
func canDiffer(kind *schema.Kind, entry *tree.Entry) bool {
	return slices.ContainsFunc(entry.Attrs, func(attr tree.Pair) bool {
		field := kind.Fields.Field(attr.Name())
		if field != nil && field.Via != nil {
			return false
		}
		found, finds := entry.Identifiers.Get(attr.Name())
		return !finds || field == nil || found.HasPending() || attr.Value.HasPending() || !field.Same(attr.Value.Plain(), found.Plain())
	})
}

// addSelf adds what it takes to tell whether aksync has its own rights by an object whose
// grants a write empties or takes away: to see what inherits from it, where the server
// does not tell who asks what he has his rights by.
func (g *gatherer) addSelf(place tree.Place, kind *schema.Kind) {
	field := grantsField(kind)
	if g.guards.AllowSelf || kind.Self != nil || field == nil || !field.Via.WipedBy(g.version) {
		return
	}
	for _, by := range g.schema.Referrers(kind) {
		if by.Field.Inherits && by.Kind.Self == nil {
			g.add(place, by.Kind.Rights(schema.ToView))
		}
	}
}

// addPermits adds what it takes to permit somebody something with the entry's object: to
// see who is permitted what, and to give it.
func (g *gatherer) addPermits(entry *tree.Entry) {
	for _, permission := range entry.Permissions {
		for _, member := range permission.Fields {
			g.addReferred(nil, member.Value)
			field := g.schema.Permission.Field(member.Name())
			if field == nil || member.Value.Data == nil {
				continue
			}
			kind := g.schema.Kind(field.Refers)
			switch {
			case kind == nil: // the name of what is permitted
			case kind.Holds == nil:
				g.problems = append(g.problems, tree.Problem{Place: member.Value.Place, Path: schema.Join(permission.Path, member.Name()), Message: g.whole.Kind(field.Refers).WithoutHolds(g.version)})
			default:
				g.add(permission.Place, kind.Rights(schema.ToView))
				g.add(permission.Place, kind.Holds.RightsToGive(kind))
			}
		}
	}
}

// addDeleted adds what it takes to delete objects of a kind.
func (g *gatherer) addDeleted(place tree.Place, kind *schema.Kind) {
	g.add(place, kind.Rights(schema.ToDelete))
	g.addSelf(place, kind)
	if _, known := g.deleted[kind.Model]; !known {
		g.deleted[kind.Model] = place
	}
}

// addUsers adds what it takes to see what uses the objects that may be deleted. Without
// it authentik answers as if nothing did.
func (g *gatherer) addUsers() {
	if g.guards.AllowInUse {
		return
	}
	for _, model := range slices.Sorted(maps.Keys(g.deleted)) {
		g.add(g.deleted[model], g.schema.RightsToSeeUsers(g.schema.Kind(model)))
	}
}

// addPruned adds what it takes to delete what the globs match of a kind.
func (g *gatherer) addPruned(kind *schema.Kind) {
	if kind == nil || !kind.Managed || kind.Key == "" || !kind.Delete {
		return
	}
	for _, glob := range g.guards.Prune {
		if glob.Model == "" || glob.Model == kind.Model {
			g.addDeleted(tree.Place{File: fmt.Sprintf("--prune %s", glob)}, kind)
		}
	}
}
