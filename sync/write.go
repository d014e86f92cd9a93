package sync

import (
	"context"
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

// create makes the object and gives its primary key. A POST that may have
// happened, or that meets an object of that name, turns into a second look.
func (a *applier) create(ctx context.Context, t target) (string, error) {
	var err error
	for range writes {
		var answer schema.Object
		if answer, err = a.api.Create(ctx, t.Kind.Path, t.declared); err == nil {
			return t.verify(answer)
		}
		if !is(err, Failure.MayHaveHappened) && !is(err, Failure.Validation) {
			return "", err
		}
		found, lookErr := a.look(ctx, t)
		if lookErr != nil {
			return "", fmt.Errorf("%w; looking whether it was carried out: %w", err, lookErr)
		}
		if found != nil {
			return a.adopt(ctx, t, found)
		}
		if !is(err, Failure.NoAnswer) {
			return "", err
		}
	}
	return "", err
}

// look finds the object by its key. The server ignores filters that it does
// not know, so that what it answers is looked through.
func (a *applier) look(ctx context.Context, t target) (schema.Object, error) {
	name := asText(t.declared[t.Kind.Key])
	objects, err := a.api.List(ctx, t.Kind.Path, schema.PK, url.Values{t.Kind.Key: {name}})
	if err != nil {
		return nil, err
	}
	for _, object := range objects {
		if object[t.Kind.Key] == name {
			return object, nil
		}
	}
	return nil, nil
}

// adopt takes an object that is there for the one to create: it is what a POST
// without an answer left, or the list that was planned against did not show
// it. What differs is put right as far as the entry's state allows.
func (a *applier) adopt(ctx context.Context, t target, found schema.Object) (string, error) {
	answer, err := t.Kind.ReadAnswer(found)
	if err != nil {
		return "", err
	}
	if len(t.differences(answer)) == 0 {
		return answer.PK, nil
	}
	switch state(t.Entry) {
	case tree.Created:
		return answer.PK, nil
	case tree.MustCreated:
		return "", fmt.Errorf("the %s %s exists already: must_created allows only a new one", t.Kind.Title, quote(t.Name))
	}
	change := *t.Change
	change.PK, change.live = answer.PK, answer
	t.Change = &change
	return answer.PK, a.update(ctx, t)
}

// update sends a PUT, which needs all required fields. Those that are not
// declared are read just before, since PUT overwrites what somebody else
// changed a moment ago.
func (a *applier) update(ctx context.Context, t target) error {
	body, fresh, err := a.body(ctx, t)
	if err != nil {
		return err
	}
	if fresh != nil && len(t.differences(*fresh)) == 0 {
		return nil
	}
	for range writes {
		var answer schema.Object
		if answer, err = a.api.Update(ctx, t.Kind.Path, t.apiKey(), body); err == nil {
			_, err = t.verify(answer)
			return err
		}
		if !is(err, Failure.MayHaveHappened) {
			return t.gone(err)
		}
		now, lookErr := a.retrieve(ctx, t.Change)
		if lookErr != nil {
			return fmt.Errorf("%w; looking whether it was carried out: %w", err, lookErr)
		}
		if len(t.differences(now)) == 0 {
			return nil
		}
		if !is(err, Failure.NoAnswer) {
			return err
		}
		if planned := t.plannedAgainst(fresh); !reflect.DeepEqual(now.Fields, planned.Fields) {
			return fmt.Errorf("%w; somebody else has changed it meanwhile: the next pass looks again", err)
		}
	}
	return err
}

// plannedAgainst is the state that the PUT was made for.
func (t target) plannedAgainst(fresh *schema.Answer) schema.Answer {
	if fresh != nil {
		return *fresh
	}
	return t.live
}

// body is what a PUT sends: what is declared, and the required fields from the
// live object where they are not. fresh is that object, if it was needed.
func (a *applier) body(ctx context.Context, t target) (body schema.Object, fresh *schema.Answer, err error) {
	body = schema.Object{}
	for name, value := range t.declared {
		body[name] = value
	}
	for _, field := range t.Kind.Fields.Fields {
		if _, declared := t.declared[field.Name]; declared || !field.Required {
			continue
		}
		if fresh == nil {
			answer, err := a.retrieve(ctx, t.Change)
			if err != nil {
				return nil, nil, t.gone(err)
			}
			fresh = &answer
		}
		body[field.Name] = fresh.Fields[field.Name]
	}
	return body, fresh, nil
}

func (a *applier) retrieve(ctx context.Context, change *Change) (schema.Answer, error) {
	object, err := a.api.Retrieve(ctx, change.Kind.Path, change.apiKey())
	if err != nil {
		return schema.Answer{}, err
	}
	return change.Kind.ReadAnswer(object)
}

// gone explains a 404: the object was there when the plan was made.
func (c *Change) gone(err error) error {
	if is(err, Failure.NotFound) {
		return fmt.Errorf("somebody else has deleted the %s meanwhile: the next pass looks again: %w", c.Kind.Title, err)
	}
	return err
}

// delete deletes the object; one that is gone already is as good.
func (a *applier) delete(ctx context.Context, change *Change) error {
	var err error
	for range writes {
		err = a.api.Delete(ctx, change.Kind.Path, change.apiKey())
		if err == nil || is(err, Failure.NotFound) {
			return nil
		}
		if !is(err, Failure.MayHaveHappened) {
			return err
		}
		_, lookErr := a.api.Retrieve(ctx, change.Kind.Path, change.apiKey())
		if is(lookErr, Failure.NotFound) {
			return nil
		}
		if lookErr != nil {
			return fmt.Errorf("%w; looking whether it was carried out: %w", err, lookErr)
		}
		if !is(err, Failure.NoAnswer) {
			return err
		}
	}
	return err
}

// verify compares the answer to a write with what was declared: a field that
// the server did not take is an error.
func (t target) verify(object schema.Object) (string, error) {
	answer, err := t.Kind.ReadAnswer(object)
	if err != nil {
		return "", err
	}
	if fields := t.differences(answer); len(fields) > 0 {
		return answer.PK, fmt.Errorf("the server did not take %s: it answered %s", strings.Join(fields, ", "), describeFields(answer, fields))
	}
	return answer.PK, nil
}

// differences names the declared fields that the object has otherwise.
func (t target) differences(answer schema.Answer) []string {
	var names []string
	for _, field := range t.Kind.Fields.Fields {
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
		parts[i] = fmt.Sprintf("%s %v", name, answer.Fields[name])
	}
	return strings.Join(parts, ", ")
}
