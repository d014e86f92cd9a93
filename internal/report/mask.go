package report

import (
	"github.com/aksync/aksync/internal/secret"
	"github.com/aksync/aksync/sync"
)

// mark stands for a value that is not shown. It stands outside the quotes, as the
// ellipsis does.
type mark string

// The marks of values that nobody is to see, and of those that can't be read.
const (
	sensitive mark = secret.Mark
	writeOnly mark = "(write-only)"
)

// Masked returns the field of a change of which nothing is left that nobody is to
// see: marks stand for it.
func Masked(action sync.Action, field sync.FieldChange) sync.FieldChange {
	if field.WriteOnly && action != sync.Create {
		field.Before = writeOnly
	}
	if !field.Sensitive {
		return field
	}
	field.After = sensitive
	switch {
	case action == sync.Create:
		field.Before = nil
	case !field.WriteOnly:
		field.Before = sensitive
	}
	return field
}
