package sync

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// Live is what the server held when it was asked.
type Live struct {
	// Version is the server's.
	Version string
	// Kinds are the objects by model. A model that is not there was not asked
	// for.
	Kinds map[string]Listing
}

// Listing is all objects of a kind as the server answered them, or why they
// could not be had.
type Listing struct {
	Objects []schema.Object
	Err     error
}

// ReadLive asks for the server's version and all objects of the models.
func ReadLive(ctx context.Context, s *schema.Schema, api Reader, models []string) (*Live, error) {
	live := &Live{}
	if err := live.fetch(ctx, s, api, models); err != nil {
		return nil, err
	}
	for _, model := range models {
		if err := live.Kinds[model].Err; err != nil {
			return nil, err
		}
	}
	return live, nil
}

// Objects returns the objects by model.
func (l *Live) Objects() map[string][]schema.Object {
	objects := make(map[string][]schema.Object, len(l.Kinds))
	for model, listing := range l.Kinds {
		objects[model] = listing.Objects
	}
	return objects
}

// fetch adds the objects of the models, and the server's version if it is not
// there yet; all side by side. It is an error where the server can't be talked
// to at all; a kind that can't be listed has its error in its Listing.
func (l *Live) fetch(ctx context.Context, s *schema.Schema, api Reader, models []string) error {
	if l.Kinds == nil {
		l.Kinds = map[string]Listing{}
	}
	var adding sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	if l.Version == "" {
		group.Go(func() (err error) {
			l.Version, err = api.Version(ctx)
			return err
		})
	}
	for _, model := range models {
		kind := s.Kind(model)
		group.Go(func() error {
			objects, err := api.List(ctx, kind.Path, kind.ID, nil)
			if ctx.Err() != nil {
				return err
			}
			if err != nil {
				err = fmt.Errorf("listing each %s: %w", kind.Title, err)
			}
			adding.Lock()
			defer adding.Unlock()
			l.Kinds[model] = Listing{objects, err}
			return nil
		})
	}
	return group.Wait()
}

// table finds the live objects of one kind.
type table struct {
	kind *schema.Kind
	Listing
	byID map[string]schema.Object
	// by finds objects by the text, or the number, that a field has; made when
	// it is asked for.
	by map[string]map[any][]schema.Object
}

func newTable(kind *schema.Kind, listing Listing) *table {
	t := &table{kind: kind, Listing: listing, byID: make(map[string]schema.Object, len(listing.Objects)), by: map[string]map[any][]schema.Object{}}
	for _, object := range listing.Objects {
		if id, has := kind.IDOf(object); has {
			t.byID[schema.IDText(id)] = object
		}
	}
	return t
}

// id is an object's primary key as text, or nothing.
func (t *table) id(object schema.Object) string {
	id, _ := t.kind.IDOf(object)
	return schema.IDText(id)
}

// indexed reports whether an index finds the value.
func indexed(plain any) bool {
	switch plain.(type) {
	case string, int64, bool:
		return true
	default:
		return false
	}
}

// index finds the objects by what a field has.
func (t *table) index(field string) map[any][]schema.Object {
	if found, made := t.by[field]; made {
		return found
	}
	found := make(map[any][]schema.Object, len(t.Objects))
	for _, object := range t.Objects {
		if value := tree.PlainJSON(object[field]); indexed(value) {
			found[value] = append(found[value], object)
		}
	}
	t.by[field] = found
	return found
}

// having returns the objects whose fields are as where says, in the order of the
// list. An object that is not there for a value that is known only after apply
// is not found by it.
func (t *table) having(where []want) []schema.Object {
	among := t.Objects
	if i := slices.IndexFunc(where, func(w want) bool { return indexed(w.value) }); i >= 0 {
		among = t.index(where[i].field)[where[i].value]
	}
	var found []schema.Object
	for _, object := range among {
		if !slices.ContainsFunc(where, func(w want) bool { return !w.met(object[w.field]) }) {
			found = append(found, object)
		}
	}
	return found
}

// want is a field and the value, as Value.Plain has it, that it has to have.
type want struct {
	field string
	value any
}

// met reports whether an answer's value of the field is the one.
func (w want) met(answered any) bool {
	return reflect.DeepEqual(tree.PlainJSON(answered), w.value)
}
