package sync

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// traces find what uses the objects of a kind in the lists of the kinds that refer to
// it, where those are all that can (schema.Kind.Traced).
type traces struct {
	kind  *schema.Kind
	by    []trace
	names *traceNames
}

// tell reports whether the lists tell all that uses an object.
func (t *traces) tell(change *Change) bool {
	return t != nil && !slices.ContainsFunc(t.kind.Takes, func(name string) bool { return len(elements(change.Live[name])) > 0 })
}

// traceNames find what a binding is to, for its name.
type traceNames struct {
	schema *schema.Schema
	live   *Live
	tables map[string]*table // made when they are asked for
}

// trace is a field that refers to objects of the kind.
type trace struct {
	kind  *schema.Kind
	field *schema.Field
	// found are the objects that have a key in the field.
	found map[string][]schema.Object
}

// traces returns, by model, what finds the users of what a plan deletes: of the kinds
// whose users lists tell, that were read or that are fewer than the objects that would
// have to be asked for otherwise.
func (l *Live) traces(ctx context.Context, whole *schema.Schema, api Reader, plan *Plan, names *traceNames) (map[string]*traces, error) {
	deleted := map[string]int{}
	for _, change := range plan.Changes {
		if change.Action == Delete {
			deleted[change.Model]++
		}
	}
	s := whole.At(plan.Version)
	found := map[string]*traces{}
	for model, count := range deleted {
		kind := s.Kind(model)
		if kind.Traced == "" || schema.Before(kind.Traced, plan.Version) {
			continue
		}
		referrers := slices.DeleteFunc(s.Referrers(kind), func(r schema.Referrer) bool { return r.Field.SeenByNobody() })
		needs := l.untraced(referrers, count)
		if len(needs) >= count {
			continue
		}
		if err := l.fetch(ctx, whole, api, needs); err != nil {
			return nil, err
		}
		if len(l.untraced(referrers, count)) == 0 {
			found[model] = &traces{kind, l.tracesBy(referrers), names}
		}
	}
	return found, nil
}

// untraced are the kinds of the referrers whose objects are not all known. Of a list that
// is longer than so many objects are worth nothing is read.
func (l *Live) untraced(referrers []schema.Referrer, objects int) Needs {
	needs := Needs{}
	for _, r := range referrers {
		if listing, asked := l.Kinds[r.Kind.Model]; !asked || listing.some() || listing.Partial || listing.Err != nil {
			needs[r.Kind.Model] = Need{About: objects * pageQuestions}
		}
	}
	return needs
}

// tracesBy are the fields of the referrers, with what their objects have in them.
func (l *Live) tracesBy(referrers []schema.Referrer) []trace {
	by := make([]trace, len(referrers))
	for i, r := range referrers {
		found := map[string][]schema.Object{}
		for _, object := range l.listedAs(r.Kind, referrers) {
			for _, key := range keyTexts(tree.PlainJSON(object[r.Field.Name])) {
				found[key] = append(found[key], object)
			}
		}
		by[i] = trace{r.Kind, r.Field, found}
	}
	return by
}

// listedAs returns what is listed of a referrer's kind without what is of another one of
// them: a list that has other kinds' objects too (schema.Kind.Among) would tell of each
// of those twice.
func (l *Live) listedAs(kind *schema.Kind, referrers []schema.Referrer) []schema.Object {
	objects := l.Kinds[kind.Model].Objects
	if kind.Among == "" {
		return objects
	}
	others := map[string]bool{}
	for _, r := range referrers {
		if r.Kind == kind || !r.Kind.Is(kind.Among) {
			continue
		}
		for _, object := range l.Kinds[r.Kind.Model].Objects {
			id, _ := r.Kind.IDOf(object)
			others[schema.IDText(id)] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(objects), func(object schema.Object) bool {
		id, _ := kind.IDOf(object)
		return others[schema.IDText(id)]
	})
}

// usersOf returns what used_by tells of an object: what refers to it, and where that is a
// binding of it to something, both. What is bound to it is no user.
func (t *traces) usersOf(change *Change) []user {
	var users []user
	add := func(u user) {
		if !slices.ContainsFunc(users, func(other user) bool { return other == u }) {
			users = append(users, u)
		}
	}
	for _, trace := range t.by {
		for _, object := range trace.found[change.PK] {
			id, _ := trace.kind.IDOf(object)
			u := user{User: schema.User{Model: trace.kind.Model, ID: schema.IDText(id), Name: nameOf(trace.kind, object)}}
			if trace.kind.Model == change.Model && u.ID == change.PK || trace.isOfTarget() {
				continue
			}
			u.part = trace.kind.Key == ""
			switch {
			case u.part:
				u.Name = t.names.binding(trace.kind, object)
			case trace.field.Cascades:
				u.Name += deletedWithIt
			}
			add(u)
			if to := trace.target(); to != nil {
				id := keyIn(object, to.Name)
				add(user{many: true, User: schema.User{Model: to.Refers, ID: id, Name: t.names.of(to.Refers, id)}})
			}
		}
	}
	return users
}

// target is the field that says what a binding binds to, or nil.
func (t trace) target() *schema.Field {
	if !t.kind.Binds() {
		return nil
	}
	if to := t.kind.Fields.Field(t.kind.Label[0]); to != nil && to.Refers != "" {
		return to
	}
	return nil
}

// isOfTarget reports whether the field is that one: what is bound to an object uses it
// no more than its bindings.
func (t trace) isOfTarget() bool { return t.target() == t.field }

// nameOf is what people call an object: its name, or what its kind is called and its key.
func nameOf(kind *schema.Kind, object schema.Object) string {
	id, _ := kind.IDOf(object)
	return cmp.Or(asText(object[kind.Key]), kind.Title+" "+schema.IDText(id))
}

// binding is what people call an object without a name: what it binds, as far as that is
// known.
func (n *traceNames) binding(kind *schema.Kind, object schema.Object) string {
	words := labelWords(kind, func(name string) any { return tree.PlainJSON(object[name]) },
		func(model string, id any) string { return n.named(model, schema.IDText(id)) })
	if words == "" {
		return nameOf(kind, object)
	}
	return kind.Title + " " + words
}

// callBindings names the bindings among users that lists have.
func (n *traceNames) callBindings(users []user) {
	for i, u := range users {
		if kind := n.schema.Kind(u.Model); u.part && kind != nil {
			if object := n.table(kind).byID[u.ID]; object != nil {
				users[i].Name = n.binding(kind, object)
			}
		}
	}
}

// of is that of the object of a model with a key, as far as it is known.
func (n *traceNames) of(model, id string) string {
	name := n.named(model, id)
	if kind := n.schema.Kind(model); kind != nil && name == id {
		return kind.Title + " " + id
	}
	return name
}

// named is the name alone, or the key where that is not known.
func (n *traceNames) named(model, id string) string {
	for _, listed := range slices.Sorted(maps.Keys(n.live.Kinds)) {
		kind := n.schema.Kind(listed)
		if kind == nil || !kind.Is(model) {
			continue
		}
		if object := n.table(kind).byID[id]; object != nil {
			return nameOf(kind, object)
		}
	}
	return id
}

func (n *traceNames) table(kind *schema.Kind) *table {
	if n.tables[kind.Model] == nil {
		n.tables[kind.Model] = newTable(kind, n.live.Kinds[kind.Model])
	}
	return n.tables[kind.Model]
}
