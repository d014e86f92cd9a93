package schema

import (
	"encoding/json"
	"fmt"
	"strconv"

	"cuelang.org/go/cue"
	"github.com/aksync/aksync/internal/tree"
)

// Check says what is wrong with a mapping that is to have the fields of the
// shape: unknown fields, values that are not taken, required fields that are
// not there. place and path are the mapping's own.
func (s *Shape) Check(path string, place tree.Place, m tree.Map) tree.Problems {
	var problems tree.Problems
	for _, member := range m {
		field := s.Field(member.Name())
		if field == nil {
			problems = append(problems, unknownField(Join(path, member.Name()), member, s.Names()))
			continue
		}
		problems = append(problems, field.Check(Join(path, member.Name()), member.Value)...)
	}
	for _, field := range s.Fields {
		if _, given := m.Get(field.Name); field.Required && !given {
			problems = append(problems, field.missing(path, place))
		}
	}
	return problems
}

func unknownField(path string, member tree.Pair, known []string) tree.Problem {
	return tree.Problem{Place: member.Key.Place, Path: path, Message: fmt.Sprintf("unknown field %s: %s", tree.Describe(member.Name()), Suggest(member.Name(), known))}
}

func (f *Field) missing(path string, place tree.Place) tree.Problem {
	return tree.Problem{Place: place, Path: path, Message: fmt.Sprintf("%s is missing: want %s", f.Name, f.Want)}
}

// Join gives the path of a field of the mapping at path.
func Join(path, field string) string {
	if path == "" {
		return field
	}
	return path + "." + field
}

// Check says what is wrong with a value of the field. What is Pending in it
// passes. The value is taken as it stands: Normalize says what the server
// would make of it.
func (f *Field) Check(path string, v tree.Value) tree.Problems {
	if _, pending := v.Data.(tree.Pending); pending {
		return nil
	}
	if list, isList := v.Data.(tree.List); isList && f.element != nil {
		var problems tree.Problems
		for i, element := range list {
			problems = append(problems, f.element.Check(Index(path, i), element)...)
		}
		if len(problems) > 0 {
			return problems
		}
	}
	plain := v.Plain()
	if !tree.Known(plain) {
		return f.checkLater(path, v)
	}
	if v.HasPending() || f.accepts(plain) {
		return nil
	}
	return tree.Problems{{Place: v.Place, Path: path, Message: f.complaint(v.Data)}}
}

// maxVerdicts bounds what is remembered of one field. The names of ten
// thousand objects fit in.
const maxVerdicts = 20_000

// maxRemembered bounds the length of a remembered value, in bytes.
const maxRemembered = 1 << 10

// verdictKey gives what a value is remembered by, and whether it is: a scalar by
// itself, since 5 and 5.0 are not one in CUE, and the rest by its JSON. What is
// long is not remembered, nor what JSON can't say, such as .nan.
func verdictKey(plain any) (key any, remembered bool) {
	type text string // of JSON, and no value itself
	switch plain := plain.(type) {
	case nil, bool, int64:
		return plain, true
	case string:
		return plain, len(plain) <= maxRemembered
	}
	encoded, err := json.Marshal(plain)
	return text(fmt.Sprintf("%T %s", plain, encoded)), err == nil && len(encoded) <= maxRemembered
}

// accepts asks the CUE constraint, and remembers what it said: the values of
// one field repeat, over objects and over passes.
func (f *Field) accepts(plain any) bool {
	f.schema.evaluating.Lock()
	defer f.schema.evaluating.Unlock()
	key, remembered := verdictKey(plain)
	if !remembered {
		return f.evaluate(plain)
	}
	verdict, known := f.verdicts[key]
	if !known {
		verdict = f.evaluate(plain)
		if f.verdicts == nil || len(f.verdicts) >= maxVerdicts {
			f.verdicts = map[any]bool{}
		}
		f.verdicts[key] = verdict
	}
	return verdict
}

// evaluate asks the CUE constraint; schema.evaluating has to be held.
func (f *Field) evaluate(plain any) bool {
	value := f.schema.context.Encode(plain, cue.NilIsAny(false))
	return f.is.Unify(value).Validate(cue.Concrete(true)) == nil
}

// complaint says what is wrong with data and what would be right.
func (f *Field) complaint(data any) string {
	text, isText := data.(string)
	if !isText || len(f.Values) == 0 || f.Type == List {
		return fmt.Sprintf("%s is not taken here: want %s", tree.Describe(data), f.Want)
	}
	known := make([]string, len(f.Values))
	for i, choice := range f.Values {
		known[i] = choice.Value
	}
	return fmt.Sprintf("%s is not known: %s", tree.Describe(data), Suggest(text, known))
}

// CheckVersion says which of a value's choices the server's version does not
// have yet. A version that is not of the form year.month[.patch] has them all.
func (f *Field) CheckVersion(path string, v tree.Value, version string) tree.Problems {
	if list, isList := v.Data.(tree.List); isList {
		var problems tree.Problems
		for i, element := range list {
			problems = append(problems, f.CheckVersion(Index(path, i), element, version)...)
		}
		return problems
	}
	for _, choice := range f.Values {
		if choice.Value == v.Data && olderThan(version, choice.Since) {
			return tree.Problems{{Place: v.Place, Path: path, Message: fmt.Sprintf("%s needs authentik %s: this one is %s", tree.Describe(v.Data), choice.Since, version)}}
		}
	}
	return nil
}

// CheckEntry says what is wrong with an entry of a managed kind: with its
// identifiers, with its attrs, and with what its state asks of them. Values
// have to be normalized. Entries of other models have no problems.
func (s *Schema) CheckEntry(e tree.Entry) tree.Problems {
	kind := s.Kind(e.Model)
	if kind == nil || !kind.Managed {
		return nil
	}
	problems := s.Entry.Field("state").Check(Join(e.Path, "state"), e.State)
	problems = append(problems, kind.checkIdentifiers(e)...)
	problems = append(problems, kind.checkAttrs(e)...)
	if tree.State(text(e.State)) == tree.MustCreated {
		problems = append(problems, kind.CheckCreate(e)...)
	}
	return problems
}

func text(v tree.Value) string {
	text, _ := v.Data.(string)
	return text
}

func (k *Kind) checkIdentifiers(e tree.Entry) tree.Problems {
	path := Join(e.Path, "identifiers")
	if len(e.Identifiers) == 0 {
		return tree.Problems{{Place: e.Place, Path: path, Message: fmt.Sprintf("nothing says which %s is meant: want %s or %s in identifiers", k.Title, k.Key, PK)}}
	}
	var problems tree.Problems
	for _, member := range e.Identifiers {
		switch at := Join(path, member.Name()); member.Name() {
		case PK:
			problems = append(problems, k.readOnly(PK).field.Check(at, member.Value)...)
		case k.Key:
			problems = append(problems, k.Fields.Field(k.Key).checkReference(at, member.Value)...)
		default:
			problems = append(problems, tree.Problem{Place: member.Key.Place, Path: at,
				Message: fmt.Sprintf("a %s can't be found by %s: want %s or %s", k.Title, tree.Describe(member.Name()), k.Key, PK)})
		}
	}
	return problems
}

func (k *Kind) checkAttrs(e tree.Entry) tree.Problems {
	path := Join(e.Path, "attrs")
	var problems tree.Problems
	for _, member := range e.Attrs {
		at := Join(path, member.Name())
		if readOnly := k.readOnly(member.Name()); readOnly != nil {
			problems = append(problems, tree.Problem{Place: member.Key.Place, Path: at, Message: fmt.Sprintf("%s can't be set: %s", member.Name(), readOnly.Reason)})
			continue
		}
		field := k.Fields.Field(member.Name())
		if field == nil {
			problems = append(problems, unknownField(at, member, k.Fields.Names()))
			continue
		}
		problems = append(problems, field.checkReference(at, member.Value)...)
		if member.Name() == k.Key {
			problems = append(problems, k.checkRename(at, e, member)...)
		}
	}
	return problems
}

// checkRename refuses a key in attrs that the one in identifiers contradicts:
// authentik takes the identifier and drops the other in silence.
func (k *Kind) checkRename(path string, e tree.Entry, attr tree.Pair) tree.Problems {
	identifier, given := e.Identifiers.Get(k.Key)
	if !given || identifier.HasPending() || attr.Value.HasPending() || identifier.Data == attr.Value.Data {
		return nil
	}
	return tree.Problems{{Place: attr.Key.Place, Path: path, Message: fmt.Sprintf(
		"is %s, but identifiers say %s: to rename a %s find it by %s",
		tree.Describe(attr.Value.Data), tree.Describe(identifier.Data), k.Title, PK)}}
}

// checkReference is Check, and that a reference asks for the right model.
func (f *Field) checkReference(path string, v tree.Value) tree.Problems {
	pending, isPending := v.Data.(tree.Pending)
	if !isPending {
		return f.Check(path, v)
	}
	whole, isWhole := pending.(tree.WholeReference)
	if !isWhole {
		return nil
	}
	reference := whole.Whole()
	if reference.Tag == tree.TagFindObject || reference.Model == f.Refers {
		return nil
	}
	if f.Refers == "" {
		return tree.Problems{{Place: v.Place, Path: path, Message: fmt.Sprintf("%s is not taken here: want %s", reference.Tag, f.Want)}}
	}
	return tree.Problems{{Place: v.Place, Path: path, Message: fmt.Sprintf("%s refers to %s: want %s", reference.Tag, reference.Model, f.Refers)}}
}

// CheckCreate says which fields an object can't be created without and the
// entry does not have.
func (k *Kind) CheckCreate(e tree.Entry) tree.Problems {
	var problems tree.Problems
	for _, field := range k.Fields.Fields {
		if _, given := e.Field(field.Name); field.Required && !given {
			problems = append(problems, field.missing(Join(e.Path, "attrs"), e.Place))
		}
	}
	return problems
}

// olderThan tells whether a server's version comes before since; both are
// year.month and perhaps more, as authentik numbers its releases.
func olderThan(version, since string) bool {
	if since == "" {
		return false // as nearly all
	}
	var year, month, sinceYear, sinceMonth int
	if n, _ := fmt.Sscanf(version, "%d.%d", &year, &month); n != 2 {
		return false
	}
	if n, _ := fmt.Sscanf(since, "%d.%d", &sinceYear, &sinceMonth); n != 2 {
		return false
	}
	return year < sinceYear || year == sinceYear && month < sinceMonth
}

// Index gives the path of element i of the list at path.
func Index(path string, i int) string {
	return path + "[" + strconv.Itoa(i) + "]"
}
