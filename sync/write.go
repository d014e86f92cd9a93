package sync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// writes is how often a write whose outcome is in the dark is sent: once, and
// once more after a look has shown that it did not happen.
const writes = 2

// deletes is how often a deletion that the server fails is sent: once beside others, and
// then by itself.
const deletes = 3

// mostDeleting is more deletions than are ever under way at a time.
const mostDeleting = 1 << 20

// create makes the object. A POST that may have happened, or that meets an object
// of that name, turns into a second look.
func (a *applier) create(ctx context.Context, t target) (made, error) {
	body := t.createBody()
	var err error
	for range writes {
		var answer schema.Object
		if answer, err = a.api.Create(ctx, t.kind.Path, body); err == nil {
			return a.created(ctx, t, answer)
		}
		err = t.lacking(err, schema.ToAdd)
		if !is(err, Failure.MayHaveHappened) && !is(err, Failure.Validation) {
			return made{}, err
		}
		found, lookErr := a.look(ctx, t)
		if lookErr != nil {
			return made{}, fmt.Errorf("%w; looking whether it was carried out: %w", err, lookErr)
		}
		if found != nil {
			m, adoptErr := a.adopt(ctx, t, found)
			// A POST that was turned down, or that lost a race, has made nothing:
			// somebody else has.
			m.already = m.already && is(err, Failure.Rejected)
			return m, adoptErr
		}
		if !is(err, Failure.NoAnswer) {
			return made{}, t.unseen(err)
		}
	}
	return made{}, err
}

// createBody is what a POST sends: what is declared, but for what has a request of
// its own, and what the server wants besides.
func (t target) createBody() schema.Object {
	body := schema.Object{}
	for _, field := range t.kind.Fields.Fields {
		value, declared := t.declared[field.Name]
		switch {
		case field.Via != nil:
		case declared:
			body[field.Name] = value
		case field.HasOnCreate:
			body[field.Name] = field.OnCreate
		}
	}
	return body
}

// created checks what was made, and gives it what has a request of its own.
func (a *applier) created(ctx context.Context, t target, object schema.Object) (made, error) {
	answer, err := t.verify(object)
	if err != nil {
		return made{id: answer.ID, key: t.kind.KeyOf(answer)}, err
	}
	return made{id: answer.ID, key: t.kind.KeyOf(answer)}, a.giveAll(ctx, t, answer)
}

// look finds the object to create among those that are there. The server ignores
// filters that it does not know, so that what it answers is looked through.
func (a *applier) look(ctx context.Context, t target) (schema.Object, error) {
	if key := asText(t.declared[t.kind.Lookup]); t.kind.Filtered && key != "" {
		object, err := a.api.Retrieve(ctx, t.kind.Path, key)
		if is(err, Failure.NotFound) {
			return nil, nil
		}
		return object, t.lacking(err, schema.ToView)
	}
	query := queryOf(t.kind)
	field := t.kind.Fields.Field(t.kind.Key)
	if name := asText(t.declared[t.kind.Key]); field != nil && !field.Sensitive && name != "" {
		query.Set(t.kind.Key, name)
	}
	objects, err := a.api.List(ctx, t.kind.Path, t.kind.ID, query, 0)
	if err != nil {
		return nil, t.lacking(err, schema.ToView)
	}
	var found []schema.Object
	for _, object := range objects {
		if t.isMeant(object) {
			found = append(found, object)
		}
	}
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		return found[0], nil
	default:
		return nil, fmt.Errorf("%d objects are there that it may be: want one", len(found))
	}
}

// isMeant reports whether an object is the one to create: one with the same of a key
// of the kind; or, where none of those is declared as a whole, of all that is
// declared.
func (t target) isMeant(object schema.Object) bool {
	answer, err := t.kind.ReadAnswer(object)
	if err != nil {
		return false
	}
	keys := t.kind.Keys
	if t.kind.Key != "" {
		keys = [][]string{{t.kind.Key}}
	}
	for _, key := range keys {
		if !slices.ContainsFunc(key, func(name string) bool { return t.declared[name] == nil }) {
			return !slices.ContainsFunc(key, func(name string) bool { return t.differs(name, answer) })
		}
	}
	return len(t.differences(answer)) == 0
}

// unseen says what may be behind an object that is there and can't be seen: the
// server calls its name taken, and a list does not show it.
func (t target) unseen(err error) error {
	if !complains(err, t.kind.Key) {
		return err
	}
	other := ""
	if t.kind.Scope != "" {
		other = ", or an object of another kind, since each " + t.kind.Scope + " has a name of its own"
	}
	return fmt.Errorf("%w: if the %s %s is taken, it is by a %s that this token may not see%s",
		err, t.kind.Key, quote(t.Name), t.kind.Title, other)
}

// adopt takes an object that is there for the one to create: it is what a POST
// without an answer left, or the list that was planned against did not show
// it. What differs is put right as far as the entry's state allows.
func (a *applier) adopt(ctx context.Context, t target, found schema.Object) (made, error) {
	answer, err := t.kind.ReadAnswer(found)
	if err != nil {
		return made{}, err
	}
	m := made{id: answer.ID, key: t.kind.KeyOf(answer), already: true}
	if len(t.differences(answer)) == 0 && !t.gives() && !t.sendsUnshown() {
		return m, nil
	}
	switch t.State {
	case tree.Created:
		return m, nil
	case tree.MustCreated:
		return made{}, fmt.Errorf("the %s exists already: must_created allows only a new one", t.what())
	}
	change := *t.Change
	change.PK, change.Key, change.Live = schema.IDText(answer.ID), t.kind.KeyOf(answer), answer.Fields
	t.Change = &change
	m.already, err = a.update(t.secretly(ctx, nil), t)
	return m, err
}

// update changes the object, by a PATCH of what differs or by a PUT of all that is
// declared, and gives it what has a request of its own. It reports whether there
// was nothing to do any more.
func (a *applier) update(ctx context.Context, t target) (already bool, err error) {
	body, fresh, err := a.body(ctx, t)
	if err != nil {
		return false, err
	}
	if fresh != nil { // what goes along with the body may be secret
		ctx = t.secretly(ctx, fresh.Fields)
	}
	if fresh != nil && len(t.differences(*fresh)) == 0 && !t.gives() && !t.drops() && !t.sendsUnshown() {
		return true, nil
	}
	var kept map[*schema.Field][]any
	if len(body) > 0 {
		if kept, err = a.keep(ctx, t); err != nil {
			return false, err
		}
	}
	answer, err := a.write(ctx, t, body, fresh)
	if err != nil {
		return false, err
	}
	return false, errors.Join(a.giveAll(ctx, t, answer), a.giveBack(ctx, t, answer, kept))
}

// write sends the body, and returns the object as it is then. A write whose outcome
// is in the dark turns into a second look.
func (a *applier) write(ctx context.Context, t target, body schema.Object, fresh *schema.Answer) (schema.Answer, error) {
	if len(body) == 0 {
		return a.retrieve(ctx, t)
	}
	send := a.api.Patch
	if t.kind.Put {
		send = a.api.Update
	}
	var err error
	for range writes {
		var object schema.Object
		if object, err = send(ctx, t.kind.Path, t.Key, body); err == nil {
			return t.verify(object)
		}
		if !is(err, Failure.MayHaveHappened) {
			return schema.Answer{}, t.gone(a.lacking(ctx, t, err, schema.ToChange))
		}
		now, lookErr := a.retrieve(ctx, t)
		if lookErr != nil {
			return schema.Answer{}, fmt.Errorf("%w; looking whether it was carried out: %w", err, lookErr)
		}
		if len(t.differences(now)) == 0 && !t.sendsUnshown() {
			return now, nil
		}
		if !is(err, Failure.NoAnswer) {
			return schema.Answer{}, err
		}
		if against := t.plannedAgainst(fresh); against != nil && !reflect.DeepEqual(now.Fields, against) {
			return schema.Answer{}, fmt.Errorf("%w; somebody else has changed it meanwhile: the next pass looks again", err)
		}
	}
	return schema.Answer{}, err
}

// plannedAgainst is the state that the write was made for, or nil where that is not
// known.
func (t target) plannedAgainst(fresh *schema.Answer) map[string]any {
	if fresh != nil {
		return fresh.Fields
	}
	return t.Live
}

// body is what an update sends: what differs, or in a PUT all that is declared; and
// what the server wants beside it, from the live object where it is not declared.
// fresh is that object, if it was needed: what somebody changed a moment ago must
// not be overwritten.
func (a *applier) body(ctx context.Context, t target) (body schema.Object, fresh *schema.Answer, err error) {
	body = t.updateBody()
	for _, names := range t.kind.Beside(body) {
		alternatives := schema.Alternatives(names)
		if name := filled(alternatives, t.declared); name != "" {
			body[name] = t.declared[name]
			continue
		}
		if fresh == nil {
			answer, err := a.retrieve(ctx, t)
			if err != nil {
				return nil, nil, t.gone(err)
			}
			fresh = &answer
		}
		name := cmp.Or(filled(alternatives, fresh.Fields), alternatives[0])
		value, has := fresh.Fields[name]
		if _, isOdd := fresh.Odd[name]; isOdd {
			continue // the server would not take back what it has there
		}
		if !has {
			return nil, nil, fmt.Errorf("the server's %s has no %s that could be kept: declare it", t.kind.Title, name)
		}
		body[name] = value
	}
	return body, fresh, nil
}

// filled returns the first of the fields that there is, and where there are several,
// that is not empty; or nothing.
func filled(names []string, fields map[string]any) string {
	for _, name := range names {
		value, has := fields[name]
		if has && (len(names) == 1 || value != "" && value != nil) {
			return name
		}
	}
	return ""
}

// updateBody is what is declared, or of a kind that is updated by PATCH, what
// differs of it. What can't be read back goes along with it.
func (t target) updateBody() schema.Object {
	body := schema.Object{}
	along := schema.Object{}
	for _, field := range t.kind.Fields.Fields {
		value, declared := t.declared[field.Name]
		switch {
		case !declared || field.Via != nil:
		case t.kind.Put || t.sets(field.Name):
			body[field.Name] = value
		case field.GoesAlong():
			along[field.Name] = value
		}
	}
	if len(body) > 0 {
		maps.Copy(body, along)
	}
	return body
}

func (a *applier) retrieve(ctx context.Context, t target) (schema.Answer, error) {
	object, err := a.api.Retrieve(ctx, t.kind.Path, t.Key)
	if err != nil {
		return schema.Answer{}, t.lacking(err, schema.ToView)
	}
	return t.kind.ReadAnswer(object)
}

// gone explains a 404: the object was there when the plan was made.
func (t target) gone(err error) error {
	if is(err, Failure.NotFound) {
		return fmt.Errorf("somebody else has deleted the %s meanwhile: the next pass looks again: %w", t.kind.Title, err)
	}
	return err
}

// delete deletes the object; one that is gone already is as good, and reported. Where
// the server fails and the object is still there, it is tried again while no other
// deletion is under way: of two at once that let go of the same binding, authentik fails
// one and undoes it (events/middleware.py, pre_delete_handler; seen with 2025.10).
func (a *applier) delete(ctx context.Context, t target) (already bool, err error) {
	for attempt := range deletes {
		takes := int64(1)
		if attempt > 0 {
			takes = mostDeleting
		}
		if waitErr := a.deleting.Acquire(ctx, takes); waitErr != nil {
			return false, cmp.Or(err, waitErr)
		}
		err = a.api.Delete(ctx, t.kind.Path, t.Key)
		a.deleting.Release(takes)
		if err == nil || is(err, Failure.NotFound) {
			// After an attempt in the dark it may be that one that is done.
			return err != nil && attempt == 0, nil
		}
		if !is(err, Failure.MayHaveHappened) {
			return false, a.lacking(ctx, t, err, schema.ToDelete)
		}
		_, lookErr := a.api.Retrieve(ctx, t.kind.Path, t.Key)
		if is(lookErr, Failure.NotFound) {
			return false, nil
		}
		if lookErr != nil {
			return false, fmt.Errorf("%w; looking whether it was carried out: %w", err, lookErr)
		}
		if is(err, Failure.NoAnswer) && attempt+1 >= writes {
			break
		}
	}
	return false, err
}

// verify compares the answer to a write with what was declared: a field that
// the server did not take is an error.
func (t target) verify(object schema.Object) (schema.Answer, error) {
	answer, err := t.kind.ReadAnswer(object)
	if err != nil {
		return answer, err
	}
	if fields := t.differences(answer); len(fields) > 0 {
		return answer, fmt.Errorf("the server did not take %s: it answered %s", strings.Join(fields, ", "), t.describeFields(answer, fields))
	}
	return answer, nil
}

// differences names the declared fields that the object has otherwise, but for
// those that have a request of their own.
func (t target) differences(answer schema.Answer) []string {
	var names []string
	for _, field := range t.kind.Fields.Fields {
		if _, declared := t.declared[field.Name]; declared && field.Via == nil && t.differs(field.Name, answer) {
			names = append(names, field.Name)
		}
	}
	return names
}

func (t target) differs(name string, answer schema.Answer) bool {
	field := t.kind.Fields.Field(name)
	return field != nil && differs(field, t.declared, answer.Fields)
}

// sendsUnshown reports whether the change sends what no answer shows: nothing tells
// whether that is done already, and to do it twice does no harm.
func (t target) sendsUnshown() bool {
	return t.setsAny(t.kind, func(field *schema.Field) bool { return field.Via == nil && !field.Shown() })
}

func (t target) describeFields(answer schema.Answer, names []string) string {
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = name + " " + t.kind.Fields.Field(name).Describe(answer.Fields[name])
	}
	return strings.Join(parts, ", ")
}
