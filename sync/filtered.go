package sync

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// Some lists show somebody who is no superuser only what they may use, such as that
// of applications, and count all the same (core/api/applications.py). What the
// blueprints speak of is then asked for one by one.

// spokenKeys returns what ends the paths of the objects of a kind that entries declare
// or refer to, as far as it is written there.
func spokenKeys(kind *schema.Kind, entries []*tree.Entry) []string {
	var keys []string
	note := func(model, field string, v tree.Value) {
		if key, isText := v.Data.(string); isText && field == kind.Lookup && strings.EqualFold(model, kind.Model) && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	for _, entry := range entries {
		for _, values := range []tree.Map{entry.Identifiers, entry.Attrs} {
			for _, member := range values {
				note(entry.Model, member.Name(), member.Value)
				for _, ref := range member.Value.References() {
					for _, condition := range ref.Where {
						note(ref.Model, condition.Field, condition.Value)
					}
				}
			}
		}
	}
	return keys
}

// each asks for the objects with the keys, as far as they are there.
func each(ctx context.Context, api Reader, kind *schema.Kind, keys []string) ([]schema.Object, error) {
	objects := make([]schema.Object, len(keys))
	group, ctx := errgroup.WithContext(ctx)
	for i, key := range keys {
		group.Go(func() error {
			object, err := api.Retrieve(ctx, kind.Path, key)
			if is(err, Failure.NotFound) {
				return nil
			}
			objects[i] = object
			return lacking(err, kind.Rights(schema.ToView))
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(objects, func(object schema.Object) bool { return object == nil }), nil
}
