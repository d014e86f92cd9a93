package sync

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aksync/aksync/schema"
)

// isForbidden reports whether an error is that of a request that authentik has refused
// since the token's user lacks a permission.
func isForbidden(err error) bool {
	var refused interface{ Forbidden() bool }
	return errors.As(err, &refused) && refused.Forbidden()
}

// lacking adds to the error of such a request what it takes. authentik does not say
// which it was where that is more than one permission.
func lacking(err error, rights []schema.Right) error {
	if !isForbidden(err) || len(rights) == 0 {
		return err
	}
	return lacks(err, rights)
}

func lacks(err error, rights []schema.Right) error {
	names := make([]string, len(rights))
	for i, right := range rights {
		names[i] = right.Permission
	}
	return fmt.Errorf("%w: the token's user lacks %s", err, strings.Join(names, " or "))
}

// lacking is lacking for a request about the target's object. A field that takes a
// permission of its own is no 403: the server complains of the field.
func (t target) lacking(err error, verb schema.Verb) error {
	for _, field := range t.kind.Fields.Fields {
		if rights := field.RightsTo(t.kind, t.declared[field.Name]); len(rights) > 0 && denies(err, field.Name) {
			return lacks(err, rights)
		}
	}
	return lacking(err, t.kind.Rights(verb))
}

// lacking is lacking for a write of an object that is there: what the user can't see
// he can't write either, and is told the same.
func (a *applier) lacking(ctx context.Context, t target, err error, verb schema.Verb) error {
	if isForbidden(err) {
		if _, lookErr := a.api.Retrieve(ctx, t.kind.Path, t.Key); isForbidden(lookErr) || is(lookErr, Failure.NotFound) {
			verb = schema.ToView
		}
	}
	return t.lacking(err, verb)
}

// denies reports whether the server says that the user may not set a field so.
func denies(err error, field string) bool {
	var denial interface{ Denies(field string) bool }
	return errors.As(err, &denial) && denial.Denies(field)
}

// complains reports whether the server has a message about the field.
func complains(err error, field string) bool {
	var complaint interface{ Complains(field string) bool }
	return errors.As(err, &complaint) && complaint.Complains(field)
}
