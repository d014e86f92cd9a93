package sync

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// Guards are what keeps a pass from doing harm by mistake.
type Guards struct {
	// MaxChanges and MaxDeletes bound what one pass changes and deletes.
	MaxChanges, MaxDeletes Limit
	// AllowInUse lets a pass delete objects that something uses.
	AllowInUse bool
	// AllowSelf lets a pass take from aksync itself what it may do.
	AllowSelf bool
	// Prune are globs of names: live objects whose names match one and that
	// no blueprint speaks of are deleted.
	Prune []Glob
}

// use is what the server says of who uses an object, or why it says nothing.
type use struct {
	users []user
	err   error
}

// user is what uses an object.
type user struct {
	schema.User
	// part is set for a binding of the object to what uses it; many for what may be
	// bound to it by one; hidden for one of which only the bindings know what it is.
	part, many, hidden bool
}

// askUse finds out for each deletion who uses its object, since an answer lists only
// some of the users (bind-usedby): where lists tell it, by those, and else it asks.
func askUse(ctx context.Context, whole *schema.Schema, api Reader, plan *Plan, live *Live, parallelism int) (map[int]use, error) {
	s := whole.At(plan.Version)
	names := &traceNames{s, live, map[string]*table{}}
	traces, err := live.traces(ctx, whole, api, plan, names)
	if err != nil {
		return nil, err
	}
	byID := map[int]use{}
	var deletions []*Change
	for _, change := range plan.Changes {
		if change.Action != Delete {
			continue
		}
		users := names.serves(change)
		if traces := traces[change.Model]; traces.tell(change) {
			users = append(traces.usersOf(change), users...)
		} else {
			deletions = append(deletions, change)
		}
		byID[change.ID] = use{users: users}
	}
	uses := make([]use, len(deletions))
	var bindings []*schema.Kind
	if len(deletions) > 0 {
		bindings = bindingKinds(s)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, parallelism))
	for i, change := range deletions {
		group.Go(func() error {
			kind := s.Kind(change.Model)
			objects, err := api.UsedBy(ctx, kind.Path, change.Key)
			if is(err, Failure.NotFound) {
				return nil // it is gone already
			}
			uses[i] = use{change.usersOf(s, bindings, objects), lacking(err, kind.Rights(schema.ToView))}
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, use := range uses {
		names.callBindings(use.users)
	}
	for i, change := range deletions {
		byID[change.ID] = use{append(uses[i].users, byID[change.ID].users...), uses[i].err}
	}
	return byID, nil
}

// serves are the users of an object that its own answer tells of and used_by does not: the
// application of a provider.
func (n *traceNames) serves(change *Change) (users []user) {
	kind := n.schema.Kind(change.Model)
	if len(kind.Served) == 0 {
		return nil
	}
	object := n.table(kind).byID[change.PK]
	for _, by := range kind.Served {
		if key := asText(object[by.Field]); key != "" {
			users = append(users, user{User: schema.User{Model: by.Model, ID: key, Name: n.of(by.Model, key)}})
		}
	}
	return users
}

// deletedWithIt ends the name of a user that goes along with what it uses.
const deletedWithIt = " (deleted with it)"

// usersOf reads the answer of used_by, which has relations of both directions. What
// the object itself refers to uses it no more than what is bound to it; and of what
// goes along with the object, only kinds of their own are users: no sessions, and
// nothing that the server makes, such as the schedules of a source (real server,
// 2025.10: used_by of an LDAP source and of a user with rights).
func (c *Change) usersOf(s *schema.Schema, bindings []*schema.Kind, objects []schema.Object) []user {
	own := s.Kind(c.Model)
	var users []user
	var members []string // models of what is bound to the object
	for _, object := range objects {
		u := user{User: schema.User{
			Model: strings.ToLower(asText(object["app"]) + "." + asText(object["model_name"])),
			ID:    schema.IDText(tree.PlainJSON(object["pk"])),
			Name:  asText(object["name"]),
		}}
		action, kind := asText(object["action"]), s.Kind(u.Model)
		u.many = action == "cascade_many"
		u.hidden = kind != nil && !kind.Managed && kind.Path == ""
		if kind != nil && kind.Managed && !kind.Create || u.many && !u.hidden && !canUse(s, bindings, kind, own) {
			continue
		}
		if action == "cascade" {
			if kind == nil {
				continue
			}
			if kind.Key == "" {
				u.part = true
				if bound := kind.Bound(own); bound != nil {
					members = append(members, bound...)
					continue
				}
			}
		}
		if action == "cascade" && !u.part {
			u.Name += deletedWithIt
		}
		if !slices.ContainsFunc(users, func(other user) bool { return other.Model == u.Model && other.ID == u.ID && !u.part && !u.many }) {
			users = append(users, u) // once, though several of its fields refer to the object
		}
	}
	return slices.DeleteFunc(users, func(u user) bool {
		return u.many && (c.refersTo(own, u.ID) || slices.Contains(members, u.Model))
	})
}

// bindingKinds returns the kinds whose objects bind others.
func bindingKinds(s *schema.Schema) []*schema.Kind {
	return slices.DeleteFunc(s.Managed(), func(kind *schema.Kind) bool { return !kind.Binds() })
}

// canUse reports whether objects of a kind, or of a special case of it, can have the
// object in a field, or it can be bound to them. What used_by lists beside them, such
// as the rights that a user has and the sources that it is connected with, misses
// nothing.
func canUse(s *schema.Schema, bindings []*schema.Kind, kind, own *schema.Kind) bool {
	if kind == nil {
		return false
	}
	for _, member := range append(s.Members(kind.Model), kind) {
		if slices.ContainsFunc(member.Fields.Fields, func(f *schema.Field) bool { return own.Is(f.Refers) }) {
			return true
		}
	}
	return slices.ContainsFunc(bindings, func(binding *schema.Kind) bool {
		// The relation is to the very model that the binding's field names.
		to := binding.Fields.Field(binding.Label[0])
		return to != nil && to.Refers == kind.Model && slices.ContainsFunc(binding.Bound(kind), own.Is)
	})
}

// refersTo reports whether a field of the live object refers to the one with the key.
func (c *Change) refersTo(kind *schema.Kind, id string) bool {
	return slices.ContainsFunc(kind.Fields.Fields, func(f *schema.Field) bool { return f.Refers != "" && holds(c.Live[f.Name], id) })
}

// keepUsed is the guard that takes out the deletions of what is in use: with it
// goes the use, and whoever logs in through a flow has one step less. What the
// plan deletes too, or gives something else, is no user.
func keepUsed(s *schema.Schema, uses map[int]use) guard {
	return func(p *Plan) *Plan {
		if len(uses) == 0 {
			return p // nothing is deleted
		}
		leaving := p.leaving(s)
		why := map[int]string{}
		for _, change := range p.Changes {
			if change.Action != Delete {
				continue
			}
			if err := uses[change.ID].err; err != nil {
				why[change.ID] = fmt.Sprintf("what uses the %s can't be said, so it is left as it is: %v", change.what(), err)
				continue
			}
			if names := change.usedBy(uses[change.ID].users, leaving); len(names) > 0 {
				why[change.ID] = fmt.Sprintf("the %s is used by %s, and would be missing there: take it out first, or allow it with --allow-in-use",
					change.what(), listed(names))
			}
		}
		return p.without(why)
	}
}

// mostUsers is how many users an error names.
const mostUsers = 10

func listed(names []string) string {
	if more := len(names) - mostUsers; more > 1 {
		return fmt.Sprintf("%s and %d others", strings.Join(names[:mostUsers], ", "), more)
	}
	return strings.Join(names, ", ")
}

// usedBy returns the names of the users that stay: as the server says when asked,
// or else as the object's own answer has them. What is bound to the object stays
// where a binding does; the bindings themselves count where nothing else tells of
// them.
func (c *Change) usedBy(asked []user, leaving leaving) []string {
	parts, bound := 0, false
	for _, u := range asked {
		if u.part {
			parts++
			bound = bound || !leaving.stopsUsing(u.User, c.PK)
		}
	}
	unbound := parts > 0 && !bound
	var names, hidden []string
	for _, u := range asked {
		switch {
		case u.part || u.many && unbound:
		case u.hidden:
			hidden = append(hidden, u.Name)
		case !leaving.stopsUsing(u.User, c.PK):
			names = append(names, u.Name)
		}
	}
	if len(hidden) > leaving.unbinds[c.PK] {
		names = append(names, hidden...)
	}
	for _, u := range asked {
		if len(names) == 0 && u.part && !leaving.stopsUsing(u.User, c.PK) {
			names = append(names, u.Name)
		}
	}
	if len(names) > 0 || unbound {
		return names
	}
	for _, u := range c.Users {
		if !leaving.stopsUsing(u, c.PK) {
			names = append(names, u.Name)
		}
	}
	return names
}

// leaving is what a plan lets go.
type leaving struct {
	// deleted are its objects that are deleted, and lets the keys that fields of
	// others held and do not hold any more; by model and key.
	deleted map[string]bool
	lets    map[string][]any
	// unbinds counts what an object is no longer bound to, by its key.
	unbinds map[string]int
}

// leaving returns what the plan lets go.
func (p *Plan) leaving(s *schema.Schema) leaving {
	l := leaving{deleted: map[string]bool{}, lets: map[string][]any{}, unbinds: map[string]int{}}
	seen := map[string]bool{}
	for _, change := range p.Changes {
		kind := s.Kind(change.Model)
		if change.Action == Delete {
			l.unbind(kind, change.Live, seen)
		}
		for _, model := range kind.UsesAs() {
			l.note(model+" "+change.PK, change)
		}
		if change.Key != change.PK { // as schema.Kind.Served has it
			l.note(change.Model+" "+change.Key, change)
		}
	}
	return l
}

// note notes what a change lets go; key is its model, or a base of it, and its key.
func (l leaving) note(key string, change *Change) {
	switch change.Action {
	case Delete:
		l.deleted[key] = true
	case Update:
		for _, field := range change.Fields {
			for _, id := range elements(field.Before) {
				if schema.IDText(id) != "" && !holds(field.After, id) {
					l.lets[key] = append(l.lets[key], id)
				}
			}
		}
	}
}

// unbind counts, for what a binding binds that is deleted, what it was bound to, each
// once.
func (l leaving) unbind(kind *schema.Kind, live map[string]any, seen map[string]bool) {
	if !kind.Binds() {
		return
	}
	to := schema.IDText(live[kind.Label[0]])
	for _, name := range kind.Label[1:] {
		field, id := kind.Fields.Field(name), schema.IDText(live[name])
		if field == nil || field.Refers == "" || id == "" || seen[id+" "+to] {
			continue
		}
		seen[id+" "+to] = true
		l.unbinds[id]++
	}
}

// stopsUsing reports whether a user is gone after the plan, or does not refer to
// the object any more.
func (l leaving) stopsUsing(user schema.User, pk string) bool {
	key := user.Model + " " + user.ID
	return l.deleted[key] || holds(l.lets[key], pk)
}
