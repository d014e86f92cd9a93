package sync

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
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
	// Grants are the values of fields that no answer shows and a request of their
	// own does, as far as they were asked for: the elements of a list; or one value,
	// or none where the token may not read it.
	Grants map[Grant]Granted
	// Permits are permissions for single objects, as far as they were asked for.
	Permits Permits
	// Sent is what this process knows of values that nothing shows; it may be nil.
	Sent *Sent
	// keys returns those of objects that are asked for one by one where a list of the
	// kind does not show them; nil where nobody speaks of any.
	keys func(*schema.Kind) []string
	// Context holds the values of blueprints' context that are the server's, as far
	// as they were asked for.
	Context map[string]any
}

// Grant is a field of an object that a request of its own shows, such as the
// permissions of a role or the key of a token. ID is the object's primary key, and
// Key what ends its path where the request is one below it.
type Grant struct{ Model, ID, Key, Field string }

// Granted is what a Grant came to, or why that could not be had.
type Granted struct {
	Values []any
	Err    error
}

// Listing is all objects of a kind as the server answered them, or why they
// could not be had.
type Listing struct {
	Objects []schema.Object
	Err     error
	// Partial is set where only some of them could be had, one by one.
	Partial bool
	// Count is how many objects there are, and answered are the questions that Objects
	// are the answers to, where they are not all; else it is nil.
	Count    int
	answered map[Question]bool
}

// count is how many objects there are.
func (l Listing) count() int {
	if l.some() {
		return l.Count
	}
	return len(l.Objects)
}

// some reports whether there are more objects than those that were asked for.
func (l Listing) some() bool { return l.answered != nil }

// ReadLive asks for the server's version and all objects of the models.
func ReadLive(ctx context.Context, s *schema.Schema, api Reader, models []string) (*Live, error) {
	live := &Live{}
	if err := live.fetch(ctx, s, api, whole(models)); err != nil {
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

// fetch adds what is needed, and the server's version if it is not
// there yet; all side by side. It is an error where the server can't be talked
// to at all; a kind that can't be listed has its error in its Listing.
func (l *Live) fetch(ctx context.Context, s *schema.Schema, api Reader, needs Needs) error {
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
	before := maps.Clone(l.Kinds) // what comes is added meanwhile
	for model, need := range needs {
		kind, known := s.Kind(model), before[model]
		if _, asked := before[model]; asked && !known.some() {
			continue
		}
		group.Go(func() error {
			listing := known.read(ctx, api, kind, need)
			if kind.Filtered && l.keys != nil && isIncomplete(listing.Err) {
				listing.Partial = true
				listing.Objects, listing.Err = each(ctx, api, kind, l.keys(kind))
			}
			if ctx.Err() != nil {
				return listing.Err
			}
			adding.Lock()
			defer adding.Unlock()
			l.Kinds[model] = listing
			return nil
		})
	}
	return group.Wait()
}

// list asks for all objects of a kind, or for none where there are more than most, unless
// that is 0.
func list(ctx context.Context, api Reader, kind *schema.Kind, most int) ([]schema.Object, error) {
	if kind.Path == "" {
		return nil, fmt.Errorf("listing each %s: the API has no list of them", kind.Title)
	}
	objects, err := api.List(ctx, kind.Path, kind.ID, queryOf(kind), most)
	if err != nil {
		return nil, fmt.Errorf("listing each %s: %w", kind.Title, lacking(err, kind.Rights(schema.ToView)))
	}
	return objects, nil
}

// queryOf is what a list of the kind is asked with.
func queryOf(kind *schema.Kind) url.Values {
	query := url.Values{}
	for name, value := range kind.Query {
		query.Set(name, value)
	}
	return query
}

// fetchGrants adds the values of fields that no answer shows, side by side.
func (l *Live) fetchGrants(ctx context.Context, s *schema.Schema, api Reader, grants []Grant) error {
	if l.Grants == nil {
		l.Grants = map[Grant]Granted{}
	}
	var adding sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	for _, grant := range grants {
		kind := s.At(l.Version).Kind(grant.Model)
		via := kind.Fields.Field(grant.Field).Via
		group.Go(func() error {
			var granted Granted
			if via.Views() {
				granted.Values, granted.Err = readView(ctx, api, via, via.ViewOf(kind, grant.Key))
			} else {
				granted.Values, granted.Err = readGrant(ctx, api, via, grant.ID)
			}
			if ctx.Err() != nil {
				return granted.Err
			}
			adding.Lock()
			defer adding.Unlock()
			l.Grants[grant] = granted
			return nil
		})
	}
	return group.Wait()
}

// readView asks for a value that the server notes in its log. Whoever may not read
// it, or finds the object gone, gets none.
func readView(ctx context.Context, api Reader, via *schema.Via, path string) ([]any, error) {
	answer, err := api.Get(ctx, path)
	if is(err, Failure.NotFound) || isForbidden(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	object, _ := answer.(schema.Object)
	if value, has := object[via.Body]; has {
		return []any{tree.PlainJSON(value)}, nil
	}
	return nil, nil
}

// readGrant asks for what is granted to the object with a key.
func readGrant(ctx context.Context, api Reader, via *schema.Via, id string) ([]any, error) {
	path, query, err := via.ReadFrom(id)
	if err != nil {
		return nil, err
	}
	objects, err := api.List(ctx, path, "id", query, 0)
	if err != nil {
		return nil, err
	}
	granted := make([]any, len(objects))
	for i, object := range objects {
		granted[i] = via.Element(object)
	}
	return granted, nil
}

// The values of a blueprint's context that are the server's, and where it says
// them (authentik/blueprints/v1/importer.py).
const (
	contextModels   = "goauthentik.io/rbac/models"
	contextLicensed = "goauthentik.io/enterprise/licensed"
)

// fetchContext adds the values of the names.
func (l *Live) fetchContext(ctx context.Context, api Reader, names []string) error {
	if l.Context == nil {
		l.Context = map[string]any{}
	}
	for _, name := range names {
		value, err := readContext(ctx, api, name)
		if err != nil {
			return fmt.Errorf("asking for the context's %s: %w", name, err)
		}
		l.Context[name] = value
	}
	return nil
}

func readContext(ctx context.Context, api Reader, name string) (any, error) {
	switch name {
	case contextModels:
		answer, err := api.Get(ctx, "admin/models")
		if err != nil {
			return nil, err
		}
		models := map[string]any{}
		list, _ := answer.([]any)
		for _, element := range list {
			object, _ := element.(schema.Object)
			app, model, _ := strings.Cut(asText(object["name"]), ".")
			models[model] = app
		}
		return models, nil
	case contextLicensed:
		answer, err := api.Get(ctx, "enterprise/license/summary")
		if err != nil {
			return nil, err
		}
		summary, _ := answer.(schema.Object)
		return slices.Contains([]string{"valid", "expiry_soon"}, asText(summary["status"])), nil
	default:
		return nil, errors.New("aksync does not know it")
	}
}

// table finds the live objects of one kind.
type table struct {
	kind *schema.Kind
	Listing
	byID map[string]schema.Object
	// by finds objects by the text, or the number, that a field has; made when
	// it is asked for.
	by map[string]map[any][]schema.Object
	// needs is told what has to be asked; nil where nobody is asked any more.
	needs func(Need)
}

// newTable finds the objects of a kind in its list.
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

// get returns the object with a primary key, or nil.
func (t *table) get(id string) schema.Object {
	object := t.byID[id]
	if object == nil && id != "" {
		t.knows([]want{{field: t.kind.ID, value: id}})
	}
	return object
}

// all returns all objects.
func (t *table) all() []schema.Object {
	t.knows(nil)
	return t.Objects
}

// knows reports whether all objects that are as where says are known, and where they are
// not has them asked for.
func (t *table) knows(where []want) bool {
	isKnown := func(w want) bool {
		return !tree.Known(w.value) || t.answered[Question{w.field, w.text()}]
	}
	if !t.some() || slices.ContainsFunc(where, isKnown) {
		return true
	}
	if t.needs != nil {
		q, can := questionOf(t.kind, where)
		t.needs(Need{All: !can, Questions: []Question{q}})
	}
	return false
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
	if !t.knows(where) {
		return nil
	}
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
	// as compares values of the field; nil where they have to be equal.
	as *schema.Field
}

// describe shows a value of the field in a message, unless nobody may see it.
func (w want) describe(value any) string {
	if w.as == nil {
		return tree.Describe(value)
	}
	return w.as.Describe(value)
}

// met reports whether an answer's value of the field is the one.
func (w want) met(answered any) bool { return w.equals(tree.PlainJSON(answered)) }

// equals is met for a value as Value.Plain has it. A mapping has to be a part of
// the one that the object has, as authentik looks for it.
func (w want) equals(plain any) bool {
	if wanted, isMap := w.value.(map[string]any); isMap {
		has, isMapToo := plain.(map[string]any)
		return isMapToo && !slices.ContainsFunc(slices.Collect(maps.Keys(wanted)), func(name string) bool {
			value, is := has[name]
			return !is || !want{value: wanted[name]}.equals(value)
		})
	}
	if w.as != nil {
		return w.as.Same(w.value, plain)
	}
	return reflect.DeepEqual(plain, w.value)
}
