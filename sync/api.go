package sync

import (
	"context"
	"errors"
	"net/url"

	"github.com/aksync/aksync/schema"
)

// Reader is what a pass reads from authentik. Paths are those of the kinds,
// such as stages/password.
type Reader interface {
	// Version gives the server's version.
	Version(ctx context.Context) (string, error)
	// List gives all objects of a kind, whose primary key is in the field id. A
	// filter in query may be ignored by the server. Where there are more than most,
	// unless that is 0, it may give none and an error whose TooLong says how many.
	List(ctx context.Context, path, id string, query url.Values, most int) ([]schema.Object, error)
	// Retrieve gives one object by what ends its path.
	Retrieve(ctx context.Context, path, key string) (schema.Object, error)
	// Get asks for what is no object and no list of pages.
	Get(ctx context.Context, path string) (any, error)
	// UsedBy gives what uses an object, each with its name and what its
	// deletion does to it.
	UsedBy(ctx context.Context, path, key string) ([]schema.Object, error)
}

// Writer is what a pass writes to authentik. The errors of its methods tell
// by Failure what is known of the outcome.
type Writer interface {
	Create(ctx context.Context, path string, body schema.Object) (schema.Object, error)
	// Update writes all of an object, and Patch the fields in body.
	Update(ctx context.Context, path, key string, body schema.Object) (schema.Object, error)
	Patch(ctx context.Context, path, key string, body schema.Object) (schema.Object, error)
	// Act does something with an object that is a request of its own.
	Act(ctx context.Context, method, path, key, action string, body schema.Object) error
	Delete(ctx context.Context, path, key string) error
}

// API is both.
type API interface {
	Reader
	Writer
}

// Failure is an error of the API that says what is known of the outcome.
type Failure interface {
	error
	// NotFound: the server says that there is no such object.
	NotFound() bool
	// Validation: the server turned the body down and wrote nothing.
	Validation() bool
	// Rejected: the server itself says that it failed, if not why, as for a lost
	// race.
	Rejected() bool
	// MayHaveHappened: the write may have been carried out all the same, and
	// must not be repeated before somebody has looked.
	MayHaveHappened() bool
	// NoAnswer: the server did not answer the write, so that it can still be
	// under way or never have arrived. An answer that is merely of no use,
	// such as authentik's empty 405, is one.
	NoAnswer() bool
}

// isIncomplete reports whether an error is that of a list that shows fewer objects
// than it counts.
func isIncomplete(err error) bool {
	var incomplete interface{ Incomplete() bool }
	return errors.As(err, &incomplete) && incomplete.Incomplete()
}

// tooLong reports whether an error is that of a list with more objects than were wanted,
// and how many it counts.
func tooLong(err error) (count int, is bool) {
	var long interface{ TooLong() (int, bool) }
	if errors.As(err, &long) {
		return long.TooLong()
	}
	return 0, false
}

func is(err error, what func(Failure) bool) bool {
	failure, isFailure := errors.AsType[Failure](err)
	return isFailure && what(failure)
}
