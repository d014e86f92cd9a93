package sync

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

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
	Prune []Glob
}

// use is what the server says of who uses an object, or why it says nothing.
type use struct {
	users []schema.User
	err   error
}

// askUse asks for each deletion who uses its object, since an answer lists only
// some of the users (bind-usedby).
func askUse(ctx context.Context, s *schema.Schema, api Reader, plan *Plan, parallelism int) (map[int]use, error) {
	var deletions []*Change
	for _, change := range plan.Changes {
		if change.Action == Delete {
			deletions = append(deletions, change)
		}
	}
	uses := make([]use, len(deletions))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, parallelism))
	for i, change := range deletions {
		group.Go(func() error {
			objects, err := api.UsedBy(ctx, s.Kind(change.Model).Path, change.Key)
			if is(err, Failure.NotFound) {
				return nil // it is gone already
			}
			uses[i] = use{usersOf(s, objects), err}
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	byID := make(map[int]use, len(uses))
	for i, change := range deletions {
		byID[change.ID] = uses[i]
	}
	return byID, nil
}

// usersOf reads the answer of used_by. What goes along with the object without being
// anything of its own, such as a binding or a session, is no more than a part of it;
// a provider that goes with its flow is more.
func usersOf(s *schema.Schema, objects []schema.Object) []schema.User {
	users := make([]schema.User, len(objects))
	for i, object := range objects {
		model := strings.ToLower(asText(object["app"]) + "." + asText(object["model_name"]))
		kind := s.Kind(model)
		users[i] = schema.User{
			Model: model,
			ID:    asText(object["pk"]),
			Name:  asText(object["name"]),
			Goes:  asText(object["action"]) == "cascade" && (kind == nil || kind.Key == ""),
		}
	}
	return users
}

// keepUsed is the guard that takes out the deletions of what is in use: with it
// goes the use, and whoever logs in through a flow has one step less. What the
// plan deletes too, or gives something else, is no user.
func keepUsed(uses map[int]use) guard {
	return func(p *Plan) *Plan {
		leaving := p.leaving()
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
					change.what(), strings.Join(names, ", "))
			}
		}
		return p.without(why)
	}
}

// usedBy returns the names of the users that stay: as the server says when asked,
// or else as the object's own answer has them.
func (c *Change) usedBy(asked []schema.User, leaving map[string][]any) []string {
	names := c.staying(asked, leaving)
	if len(names) == 0 {
		names = c.staying(c.Users, leaving)
	}
	return names
}

func (c *Change) staying(users []schema.User, leaving map[string][]any) []string {
	var names []string
	for _, user := range users {
		if !user.Goes && !stopsUsing(leaving, user, c.PK) {
			names = append(names, user.Name)
		}
	}
	return names
}

// leaving returns what the plan lets go: by model and key of each object that it
// deletes, nil; of one that it changes, the keys that its fields held and do not
// hold any more.
func (p *Plan) leaving() map[string][]any {
	leaving := map[string][]any{}
	for _, change := range p.Changes {
		key := change.Model + " " + change.PK
		switch change.Action {
		case Delete:
			leaving[key] = nil
		case Update:
			for _, field := range change.Fields {
				for _, id := range elements(field.Before) {
					if id != nil && !slices.Contains(elements(field.After), id) {
						leaving[key] = append(leaving[key], id)
					}
				}
			}
		}
	}
	return leaving
}

// stopsUsing reports whether a user is gone after the plan, or does not refer to
// the object any more.
func stopsUsing(leaving map[string][]any, user schema.User, pk string) bool {
	ids, changes := leaving[user.Model+" "+user.ID]
	return changes && (ids == nil || slices.ContainsFunc(ids, func(id any) bool { return schema.IDText(id) == pk }))
}
