package sync

import (
	"context"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// Some lists show somebody who is no superuser only what they may use, such as that
// of applications, and count all the same (core/api/applications.py). What the
// blueprints speak of is then asked for one by one.

// spokenKeys returns what ends the paths of the objects that entries declare or refer
// to, by model, of the kinds whose lists are filtered and as far as it is written
// there.
func spokenKeys(s *schema.Schema, entries []*tree.Entry) map[string][]string {
	keys := map[string][]string{}
	note := func(model, field string, v tree.Value) {
		kind := s.Kind(model)
		if key, isText := v.Data.(string); isText && kind != nil && kind.Filtered && field == kind.Lookup && !slices.Contains(keys[kind.Model], key) {
			keys[kind.Model] = append(keys[kind.Model], key)
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
	var adding sync.Mutex
	var objects []schema.Object
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(mostAsked)
	for _, key := range keys {
		group.Go(func() error {
			object, err := api.Retrieve(ctx, kind.Path, key)
			if is(err, Failure.NotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			adding.Lock()
			defer adding.Unlock()
			objects = append(objects, object)
			return nil
		})
	}
	err := group.Wait()
	slices.SortFunc(objects, func(a, b schema.Object) int { return strings.Compare(asText(a[kind.Lookup]), asText(b[kind.Lookup])) })
	return objects, err
}

// mostAsked is how many objects are asked for at a time; the client has a limit of
// its own.
const mostAsked = 8
