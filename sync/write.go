package sync

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// writes is how often a write whose outcome is in the dark is sent: once, and
// once more after a look has shown that it did not happen.
const writes = 2

// create makes the object. A POST that may have happened, or that meets an object
// of that name, turns into a second look.
func (a *applier) create(ctx context.Context, t target) (made, error) {
	var err error
	for range writes {
		var answer schema.Object
		if answer, err = a.api.Create(ctx, t.kind.Path, t.declared); err == nil {
			id, err := t.verify(answer)
			return made{id: id}, err
		}
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

// look finds the object by its key. The server ignores filters that it does
// not know, so that what it answers is looked through.
func (a *applier) look(ctx context.Context, t target) (schema.Object, error) {
	name := asText(t.declared[t.kind.Key])
	objects, err := a.api.List(ctx, t.kind.Path, t.kind.ID, url.Values{t.kind.Key: {name}})
	if err != nil {
		return nil, err
	}
	for _, object := range objects {
		if object[t.kind.Key] == name {
			return object, nil
		}
	}
	return nil, nil
}

// unseen says what may be behind an object that is there and can't be seen: the
// server calls its name taken, and a list does not show it.
func (t target) unseen(err error) error {
	var taken interface{ Complains(field string) bool }
	if !errors.As(err, &taken) || !taken.Complains(t.kind.Key) {
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
	m := made{id: answer.ID, already: true}
	if len(t.differences(answer)) == 0 {
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
	m.already, err = a.update(ctx, t)
	return m, err
}

// update sends a PUT, which needs all required fields. Those that are not
// declared are read just before, since PUT overwrites what somebody else
// changed a moment ago. It reports whether there was nothing to do any more.
func (a *applier) update(ctx context.Context, t target) (already bool, err error) {
	body, fresh, err := a.body(ctx, t)
	if err != nil {
		return false, err
	}
	if fresh != nil && len(t.differences(*fresh)) == 0 {
		return true, nil
	}
	for range writes {
		var answer schema.Object
		if answer, err = a.api.Update(ctx, t.kind.Path, t.Key, body); err == nil {
			_, err = t.verify(answer)
			return false, err
		}
		if !is(err, Failure.MayHaveHappened) {
			return false, t.gone(err)
		}
		now, lookErr := a.retrieve(ctx, t)
		if lookErr != nil {
			return false, fmt.Errorf("%w; looking whether it was carried out: %w", err, lookErr)
		}
		if len(t.differences(now)) == 0 {
			return false, nil
		}
		if !is(err, Failure.NoAnswer) {
			return false, err
		}
		if !reflect.DeepEqual(now.Fields, t.plannedAgainst(fresh)) {
			return false, fmt.Errorf("%w; somebody else has changed it meanwhile: the next pass looks again", err)
		}
	}
	return false, err
}

// plannedAgainst is the state that the PUT was made for.
func (t target) plannedAgainst(fresh *schema.Answer) map[string]any {
	if fresh != nil {
		return fresh.Fields
	}
	return t.Live
}

// body is what a PUT sends: what is declared, and the required fields from the
// live object where they are not. fresh is that object, if it was needed.
func (a *applier) body(ctx context.Context, t target) (body schema.Object, fresh *schema.Answer, err error) {
	body = schema.Object{}
	for name, value := range t.declared {
		body[name] = value
	}
	for _, field := range t.kind.Fields.Fields {
		if _, declared := t.declared[field.Name]; declared || !field.Required {
			continue
		}
		if fresh == nil {
			answer, err := a.retrieve(ctx, t)
			if err != nil {
				return nil, nil, t.gone(err)
			}
			fresh = &answer
		}
		value, has := fresh.Fields[field.Name]
		if !has {
			return nil, nil, fmt.Errorf("the server's %s has no %s that could be kept: declare it", t.kind.Title, field.Name)
		}
		body[field.Name] = value
	}
	return body, fresh, nil
}

func (a *applier) retrieve(ctx context.Context, t target) (schema.Answer, error) {
	object, err := a.api.Retrieve(ctx, t.kind.Path, t.Key)
	if err != nil {
		return schema.Answer{}, err
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

// delete deletes the object; one that is gone already is as good, and reported.
func (a *applier) delete(ctx context.Context, t target) (already bool, err error) {
	for attempt := range writes {
		err = a.api.Delete(ctx, t.kind.Path, t.Key)
		if err == nil || is(err, Failure.NotFound) {
			// After an attempt in the dark it may be that one that is done.
			return err != nil && attempt == 0, nil
		}
		if !is(err, Failure.MayHaveHappened) {
			return false, err
		}
		_, lookErr := a.api.Retrieve(ctx, t.kind.Path, t.Key)
		if is(lookErr, Failure.NotFound) {
			return false, nil
		}
		if lookErr != nil {
			return false, fmt.Errorf("%w; looking whether it was carried out: %w", err, lookErr)
		}
		if !is(err, Failure.NoAnswer) {
			return false, err
		}
	}
	return false, err
}

// verify compares the answer to a write with what was declared: a field that
// the server did not take is an error.
func (t target) verify(object schema.Object) (id any, err error) {
	answer, err := t.kind.ReadAnswer(object)
	if err != nil {
		return nil, err
	}
	if fields := t.differences(answer); len(fields) > 0 {
		return answer.ID, fmt.Errorf("the server did not take %s: it answered %s", strings.Join(fields, ", "), describeFields(answer, fields))
	}
	return answer.ID, nil
}

// differences names the declared fields that the object has otherwise.
func (t target) differences(answer schema.Answer) []string {
	var names []string
	for _, field := range t.kind.Fields.Fields {
		want, declared := t.declared[field.Name]
		if declared && !reflect.DeepEqual(want, answer.Fields[field.Name]) {
			names = append(names, field.Name)
		}
	}
	return names
}

func describeFields(answer schema.Answer, names []string) string {
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = name + " " + tree.Describe(answer.Fields[name])
	}
	return strings.Join(parts, ", ")
}
