package sync

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
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
	// Prune are globs of names: live objects whose names match one and that
	// no blueprint speaks of are deleted.
	Prune []string
}

// Limit is a number, or a share of the live objects.
type Limit struct {
	text    string
	number  int
	percent bool
	// from is how many live objects there have to be for the limit to count.
	from int
}

// DefaultMaxDeletes is the limit of deletions where none is set: a share that
// no everyday change comes to, once there are enough objects to speak of one.
func DefaultMaxDeletes() Limit { return Limit{text: "30%", number: 30, percent: true, from: 10} }

// ParseLimit reads a limit such as 5 or 30%; nothing is no limit.
func ParseLimit(text string) (Limit, error) {
	if text == "" {
		return Limit{}, nil
	}
	digits, percent := strings.CutSuffix(text, "%")
	number, err := strconv.Atoi(digits)
	if err != nil || number < 0 || percent && number > 100 {
		return Limit{}, fmt.Errorf("%q is no limit: want a number such as 5, or a share of the live objects such as 30%%", text)
	}
	return Limit{text: text, number: number, percent: percent}, nil
}

// String is the limit as it is set.
func (l Limit) String() string { return l.text }

// allows gives how many of the live objects the limit lets pass, and whether
// it counts.
func (l Limit) allows(live int) (most int, counts bool) {
	if l.text == "" || live < l.from {
		return 0, false
	}
	if l.percent {
		return live * l.number / 100, true
	}
	return l.number, true
}

// checkLimits refuses a plan as a whole that goes past a limit. live is how
// many objects of the managed kinds there are.
func (p *Plan) checkLimits(g Guards, live int) {
	changes, deletes := 0, 0
	for _, change := range p.Changes {
		if change.Action != NoOp {
			changes++
		}
		if change.Action == Delete {
			deletes++
		}
	}
	for _, guard := range []struct {
		count            int
		limit            Limit
		verb, noun, flag string
	}{
		{deletes, g.MaxDeletes, "delete", "of", "--max-deletes"},
		{changes, g.MaxChanges, "change", "beside", "--max-changes"},
	} {
		most, counts := guard.limit.allows(live)
		if !counts || guard.count <= most {
			continue
		}
		p.Refusal = fmt.Sprintf("this pass would %s %d objects %s %d live ones, and %s %s allows %d: nothing is changed; if it is meant, allow it with %s %d",
			guard.verb, guard.count, guard.noun, live, guard.flag, guard.limit, most, guard.flag, guard.count)
		p.Problems = append(p.Problems, tree.Problem{Message: p.Refusal})
		return
	}
}

// prune adds the deletion of live objects that match a glob and that no
// blueprint speaks of. Nothing is pruned of a kind that no blueprint speaks of
// at all: an empty folder is not a wish to delete.
func (p *planner) prune(globs []string, spoken []*tree.Entry) {
	names, pks, kinds := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, entry := range spoken {
		kind := p.schema.Kind(entry.Model)
		if kind == nil || !kind.Managed {
			continue
		}
		kinds[kind.Model] = true
		names[kind.Model+" "+text(entry, kind.Key)] = true
		pk, _ := entry.Identifiers.Get(schema.PK)
		pks[asText(pk.Data)] = true
	}
	for _, kind := range p.schema.Managed() {
		if !kinds[kind.Model] {
			continue
		}
		for _, object := range p.index(kind).all {
			name, pk := asText(object[kind.Key]), asText(object[schema.PK])
			glob := matching(globs, name)
			if glob == "" || names[kind.Model+" "+name] || pks[pk] {
				continue
			}
			p.pruneObject(kind, object, glob)
		}
	}
}

// matching gives the first glob that a name matches, or nothing.
func matching(globs []string, name string) string {
	for _, glob := range globs {
		if match, err := path.Match(glob, name); err == nil && match {
			return glob
		}
	}
	return ""
}

// pruneObject plans the deletion as if an entry with the state absent, at the
// glob, asked for it.
func (p *planner) pruneObject(kind *schema.Kind, object schema.Object, glob string) {
	place := tree.Place{File: "--prune " + glob}
	c := &candidate{kind: kind, object: object, phase: resolved, entry: &tree.Entry{
		Place: place, Model: kind.Model,
		State:       tree.Value{Place: place, Data: string(tree.Absent)},
		Identifiers: tree.Map{{Key: tree.Value{Data: kind.Key}, Value: tree.Value{Place: place, Data: asText(object[kind.Key])}}},
	}}
	change, problems := p.makeChange(c)
	if len(problems) > 0 {
		p.fail(c, problems...)
		return
	}
	p.plan.Changes = append(p.plan.Changes, change)
}

// CheckGlobs says which glob can't be read.
func CheckGlobs(globs []string) error {
	for _, glob := range globs {
		if _, err := path.Match(glob, ""); err != nil {
			return fmt.Errorf("%q is no glob: %w", glob, err)
		}
	}
	return nil
}

// checkInUse refuses deletions of objects that something uses: with them goes
// the use, and whoever logs in through a flow has one step less. The server is
// asked for each, since an answer lists only some of the users (bind-usedby).
func (r *Reconciler) checkInUse(ctx context.Context, plan *Plan) error {
	if r.Guards.AllowInUse {
		return nil
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, r.Parallelism))
	for _, change := range plan.Changes {
		if change.Action != Delete {
			continue
		}
		group.Go(func() error {
			users, err := r.API.UsedBy(ctx, change.Kind.Path, change.apiKey())
			if is(err, Failure.NotFound) {
				return nil // it is gone already
			}
			if err != nil {
				return fmt.Errorf("asking what uses the %s %s: %w", change.Kind.Title, quote(change.Name), err)
			}
			change.inUse = userNames(users)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	plan.refuseInUse()
	return nil
}

// userNames gives the names of those that use an object; what merely goes
// along with it, such as a binding, is none of them.
func userNames(users []schema.Object) []string {
	var names []string
	for _, user := range users {
		if action := asText(user["action"]); action != "cascade" {
			names = append(names, asText(user["name"]))
		}
	}
	return names
}

// refuseInUse takes out the deletions of what is in use, and the changes that
// wait for them. Changes are in an order in which none waits for a later one.
func (p *Plan) refuseInUse() {
	refused := map[*Change]bool{}
	p.Changes = slices.DeleteFunc(p.Changes, func(change *Change) bool {
		message := change.inUseMessage()
		for _, before := range change.After {
			if refused[before] {
				message = fmt.Sprintf("it waits for the %s %s, which is not deleted since it is in use", before.Kind.Title, quote(before.Name))
			}
		}
		if message == "" {
			return false
		}
		refused[change] = true
		p.Failed[change.Kind.Model]++
		p.Problems = append(p.Problems, tree.Problem{Place: change.Entry.Place, Path: change.Entry.Path, Message: message})
		return true
	})
	p.Problems = p.Problems.Sort()
}

// inUseMessage says why an object can't be deleted; nothing where it can.
func (c *Change) inUseMessage() string {
	users := c.inUse
	if len(users) == 0 {
		users = c.UsedBy
	}
	if c.Action != Delete || len(users) == 0 {
		return ""
	}
	return fmt.Sprintf("the %s %s is used by %s, and would be missing there: take it out first, or allow it with --allow-in-use",
		c.Kind.Title, quote(c.Name), strings.Join(users, ", "))
}
