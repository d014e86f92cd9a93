package tree

import (
	"errors"
	"slices"
)

// State is what an entry wants of its object, as authentik names it.
type State string

// The states of an entry.
const (
	Present     State = "present"      // create the object, or make it as declared
	Created     State = "created"      // create the object, leave an existing one alone
	MustCreated State = "must_created" // create the object, an existing one is an error
	Absent      State = "absent"       // delete the object
)

// Entry is one entry of a blueprint after its tags were evaluated. What only
// a server can tell is Pending in it.
type Entry struct {
	// Place is where the entry begins.
	Place Place
	// Path is where it stands in its blueprint, such as entries[3].
	Path string
	// ID is the name that !KeyOf finds it by, unique in its file; or empty.
	ID string
	// Model is what the entry is about, in small letters.
	Model string
	// State holds a State as text.
	State Value
	// Conditions all have to be true for the entry to count.
	Conditions List
	// Identifiers find the object.
	Identifiers Map
	// Attrs are the fields that are managed.
	Attrs Map
	// Permissions are what the entry permits somebody to do with its object.
	Permissions []Permission
}

// Permission is one of an entry's permissions: what is permitted, and to whom.
type Permission struct {
	Place Place
	// Path is where it stands in its blueprint, such as entries[3].permissions[0].
	Path string
	// Fields are permission, and user or role.
	Fields Map
}

// Field gives what the entry says of a field of its object, in attrs or else
// in identifiers, and whether it says anything.
func (e Entry) Field(name string) (Value, bool) {
	if value, given := e.Attrs.Get(name); given {
		return value, true
	}
	return e.Identifiers.Get(name)
}

// HasPending reports whether anything in the entry is Pending.
func (e *Entry) HasPending() bool {
	inMap := func(m Map) bool {
		return slices.ContainsFunc(m, func(p Pair) bool { return p.Value.HasPending() })
	}
	return len(e.Conditions) > 0 || slices.ContainsFunc(e.Permissions, func(p Permission) bool { return inMap(p.Fields) }) || e.State.HasPending() || inMap(e.Identifiers) || inMap(e.Attrs)
}

// AsProblem gives err as a Problem; place and path count where err does not
// bring its own.
func AsProblem(err error, place Place, path string) Problem {
	var problem Problem
	if !errors.As(err, &problem) {
		problem.Message = err.Error()
	}
	if problem.Place == (Place{}) {
		problem.Place = place
	}
	if problem.Path == "" {
		problem.Path = path
	}
	return problem
}
