package tree

// Pending is data that only the live objects of a server can complete: a
// reference, or an expression that holds one.
type Pending interface {
	// References are those that were met so far, in the order they are
	// written; resolving them may bring further ones to light.
	References() []Reference
	// Resolve gives the value once lookup can answer. Where lookup can't,
	// errors.As finds lookup's error in the one returned.
	Resolve(lookup Lookup) (Value, error)
}

// WholeReference is Pending data that is one reference and nothing around it,
// so that the model it asks for can be checked offline.
type WholeReference interface {
	Pending
	Whole() Reference
}

// Reference asks for another object.
type Reference struct {
	// Place is where the reference stands.
	Place Place
	// Tag is the form it is written in: !Find, !FindObject, !KeyOf, or !Context for
	// a value of the context that the server has.
	Tag string
	// Model is the model of the object that is asked for.
	Model string
	// Where holds the fields it has to have, for !Find and !FindObject.
	Where []Condition
	// Target is the entry that is referred to, for !KeyOf.
	Target *Entry
	// Context is the name of the value, for !Context.
	Context string
}

// The tags that make references.
const (
	TagFind       = "!Find"
	TagFindObject = "!FindObject"
	TagKeyOf      = "!KeyOf"
	TagContext    = "!Context"
)

// Condition is a field and the value that it has to have.
type Condition struct {
	Place Place
	Field string
	Value Value
}

// Lookup answers a reference: with the ID of the object for !Find and !KeyOf,
// with all its fields as a Map for !FindObject.
type Lookup func(Reference) (Value, error)

// HasPending reports whether the value, or anything in it, is Pending.
func (v Value) HasPending() bool {
	switch data := v.Data.(type) {
	case Pending:
		return true
	case List:
		for _, element := range data {
			if element.HasPending() {
				return true
			}
		}
	case Map:
		for _, p := range data {
			if p.Value.HasPending() {
				return true
			}
		}
	}
	return false
}

// References returns the references in the value that were met so far.
func (v Value) References() []Reference {
	var references []Reference
	switch data := v.Data.(type) {
	case Pending:
		return data.References()
	case List:
		for _, element := range data {
			references = append(references, element.References()...)
		}
	case Map:
		for _, p := range data {
			references = append(references, p.Value.References()...)
		}
	}
	return references
}

// Resolve returns the value with all that is Pending in it resolved.
func (v Value) Resolve(lookup Lookup) (Value, error) {
	return v.resolved(func(p Pending) (Value, error) { return p.Resolve(lookup) })
}

// Peeker is Pending data that counts how often it is resolved, and that can be looked at
// without being counted: by those who show it, and may do so at any time.
type Peeker interface {
	Peek(lookup Lookup) (Value, error)
}

// Peek is Resolve for those who only show the value.
func (v Value) Peek(lookup Lookup) (Value, error) {
	return v.resolved(func(p Pending) (Value, error) {
		if peeker, counts := p.(Peeker); counts {
			return peeker.Peek(lookup)
		}
		return p.Resolve(lookup)
	})
}

func (v Value) resolved(by func(Pending) (Value, error)) (Value, error) {
	switch data := v.Data.(type) {
	case Pending:
		return by(data)
	case List:
		resolved := make(List, len(data))
		for i, element := range data {
			var err error
			if resolved[i], err = element.resolved(by); err != nil {
				return Value{}, err
			}
		}
		return Value{Place: v.Place, Data: resolved}, nil
	case Map:
		resolved := make(Map, len(data))
		for i, p := range data {
			value, err := p.Value.resolved(by)
			if err != nil {
				return Value{}, err
			}
			resolved[i] = Pair{Key: p.Key, Value: value}
		}
		return Value{Place: v.Place, Data: resolved}, nil
	default:
		return v, nil
	}
}
