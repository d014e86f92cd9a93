package schema

import (
	"iter"
	"maps"
	"slices"

	"github.com/aksync/aksync/internal/tree"
)

// Finding is what a version of authentik has otherwise than an entry has it.
type Finding struct {
	tree.Problem
	// Wrong findings are errors in that version; the others do no harm, or are such that
	// the same blueprint means something else.
	Wrong bool
	// Mend is how the entry is to be rewritten, or nil where that takes somebody who
	// knows what is meant.
	Mend *Mend
}

// Mend is what makes a field of an entry right for a version.
type Mend struct {
	// Field is the field as the entry has it, and To the field that it becomes.
	Field, To string
	// Listed is set where the value becomes the one element of a list; Null where it is
	// null, and the list empty.
	Listed, Null bool
	// Was is a value in the field that becomes another one, Now; both are empty where
	// the value stays. At is where it stands.
	Was, Now string
	At       tree.Place
}

// Findings says what a server of a version has otherwise than an entry has it, of a
// blueprint that is written for an earlier version: one of which nothing is known where
// from is empty. An entry has to be normalized by the
// whole schema; of a model that nobody manages there is nothing to say.
func (s *Schema) Findings(e *tree.Entry, from, version string) []Finding {
	whole, _ := s.Whole()
	kind := whole.Kind(e.Model)
	if kind == nil || !kind.Managed {
		return nil
	}
	if !kind.Has(version) {
		return []Finding{{Wrong: true, Problem: tree.Problem{Place: e.Place, Path: Join(e.Path, "model"), Message: kind.Lacking(kind.Model, version)}}}
	}
	v := &versioning{whole: whole, there: whole.At(version), kind: kind, entry: e, from: from, version: version}
	for _, member := range e.Identifiers {
		v.identifier(member)
	}
	for _, member := range e.Attrs {
		v.attr(member)
	}
	for _, permission := range e.Permissions {
		v.permission(permission)
	}
	for _, condition := range e.Conditions {
		v.references(Join(e.Path, "conditions"), condition)
	}
	return v.found
}

// AllFindings gives the Findings of entries, each with its entry, and then those of
// skipped ones, whose conditions are false.
func (s *Schema) AllFindings(entries, skipped []*tree.Entry, from, version string) iter.Seq2[*tree.Entry, Finding] {
	return func(yield func(*tree.Entry, Finding) bool) {
		for i, entry := range slices.Concat(entries, skipped) {
			findings := s.Findings
			if i >= len(entries) {
				findings = s.skipped
			}
			for _, finding := range findings(entry, from, version) {
				if !yield(entry, finding) {
					return
				}
			}
		}
	}
}

// skipped says the same of an entry whose conditions are false: none of it does harm as
// long as they are.
func (s *Schema) skipped(e *tree.Entry, from, version string) []Finding {
	found := s.Findings(e, from, version)
	for i := range found {
		found[i].Wrong = false
		found[i].Message += "; the conditions of the entry are false now"
	}
	return found
}

// versioning finds what a version has otherwise than one entry.
type versioning struct {
	// there is the part of the whole that the version has.
	whole, there  *Schema
	kind          *Kind
	entry         *tree.Entry
	from, version string
	found         []Finding
}

func (v *versioning) add(place tree.Place, path, message string, wrong bool, mend *Mend) {
	v.found = append(v.found, Finding{Problem: tree.Problem{Place: place, Path: path, Message: message}, Wrong: wrong, Mend: mend})
}

func (v *versioning) wrong(problems tree.Problems, mend *Mend) {
	for _, problem := range problems {
		v.add(problem.Place, problem.Path, problem.Message, true, mend)
	}
}

// identifier looks at what finds the object: what the version has not got finds none.
func (v *versioning) identifier(member tree.Pair) {
	path := Join(Join(v.entry.Path, "identifiers"), member.Name())
	field := v.kind.Fields.Field(member.Name())
	if field != nil && !field.Has(v.version) {
		if readOnly := v.there.Kind(v.kind.Model).readOnly(member.Name()); readOnly == nil {
			v.add(member.Key.Place, path, v.kind.LackingField(field, v.version), true, v.renaming(field, member, false))
			return
		}
	}
	v.references(path, member.Value)
}

// attr looks at what is set.
func (v *versioning) attr(member tree.Pair) {
	path := Join(Join(v.entry.Path, "attrs"), member.Name())
	field := v.kind.Fields.Field(member.Name())
	switch {
	case field == nil:
		return
	case field.Gone(v.version):
		mend := v.renaming(field, member, true)
		v.add(member.Key.Place, path, v.kind.LackingField(field, v.version), false, mend)
		v.shifts(field, path, member)
		v.successor(field, path, member)
		return
	case !field.Has(v.version):
		v.add(member.Key.Place, path, v.kind.LackingField(field, v.version), true, nil)
		return
	}
	v.values(field, member.Name(), path, member.Value)
	v.wrong(v.whole.CheckGrants(field, path, member.Value, v.version), nil)
	v.shifts(field, path, member)
	v.references(path, member.Value)
}

// successor looks at what the field that has the place of one that is gone would have
// against its value. It does no harm as long as nobody renames the one to the other.
func (v *versioning) successor(field *Field, path string, member tree.Pair) {
	if field.Successor == nil {
		return
	}
	heir := v.kind.Fields.Field(field.Successor.Field)
	if heir == nil || !heir.Has(v.version) {
		return
	}
	before := len(v.found)
	if !field.Successor.Listed {
		v.values(heir, heir.Name, path, member.Value)
	}
	v.references(path, member.Value)
	for i := range v.found[before:] {
		v.found[before+i].Wrong, v.found[before+i].Mend = false, nil
	}
}

// shifts looks at what the same value means otherwise.
func (v *versioning) shifts(field *Field, path string, member tree.Pair) {
	for _, since := range slices.Sorted(maps.Keys(field.Shifts)) {
		if (v.from == "" || Before(v.from, since)) && !Before(v.version, since) {
			v.add(member.Key.Place, path, "means something else from authentik "+since+" on: "+field.Shifts[since], false, nil)
		}
	}
}

// values looks at a value, and at each of a list.
func (v *versioning) values(field *Field, name, path string, value tree.Value) {
	if list, isList := value.Data.(tree.List); isList {
		for i, element := range list {
			v.values(field, name, Index(path, i), element)
		}
		return
	}
	for _, choice := range field.Values {
		if choice.Value != value.Data || choice.Has(v.version) {
			continue
		}
		var mend *Mend
		if choice.Successor != "" && choice.Gone(v.version) {
			mend = &Mend{Field: name, To: name, Was: choice.Value, Now: choice.Successor, At: value.Place}
		}
		v.add(value.Place, path, choice.Lacks(v.version), true, mend)
	}
	if problems := field.CheckVariant(path, value, v.version); len(problems) > 0 {
		var mend *Mend
		if now := field.rewritten(value, v.version); now != "" {
			was, _ := tree.Scalar(value.Plain())
			mend = &Mend{Field: name, To: name, Was: was, Now: now, At: value.Place}
		}
		v.wrong(problems, mend)
	}
}

// renaming is how a field that is gone is renamed, or nil where nobody but the author can
// tell: since it has no successor, or there is one beside it, or the value may be none.
func (v *versioning) renaming(field *Field, member tree.Pair, listable bool) *Mend {
	successor := field.Successor
	if successor == nil || successor.Field == "" || successor.Listed && !listable {
		return nil
	}
	if _, given := v.entry.Field(successor.Field); given || !v.kind.Fields.Field(successor.Field).Has(v.version) {
		return nil
	}
	mend := &Mend{Field: field.Name, To: successor.Field, Listed: successor.Listed, Null: member.Value.Data == nil}
	if successor.Listed && mayBeNull(member.Value) {
		return nil
	}
	return mend
}

// mayBeNull reports whether a value may turn out to be null: one that is not known yet, or
// could not be read.
func mayBeNull(value tree.Value) bool {
	switch value.Data.(type) {
	case tree.WholeReference:
		return false
	case tree.Pending, tree.Broken:
		return true
	default:
		return false
	}
}

// references looks at what is referred to.
func (v *versioning) references(path string, value tree.Value) {
	for _, reference := range value.References() {
		kind := v.whole.Kind(reference.Model)
		if kind == nil {
			continue
		}
		there := v.there.Kind(reference.Model)
		if there == nil {
			v.add(reference.Place, path, reference.Tag+": "+kind.Lacking(kind.Model, v.version), true, nil)
			continue
		}
		for _, condition := range reference.Where {
			field := kind.Fields.Field(condition.Field)
			if field == nil || slices.Contains(there.AnswerNames(), condition.Field) {
				continue
			}
			v.add(condition.Place, path, reference.Tag+": "+kind.LackingField(field, v.version), true, nil)
		}
	}
}

// permission looks at who is permitted something with the object.
func (v *versioning) permission(permission tree.Permission) {
	for _, member := range permission.Fields {
		field := v.whole.Permission.Field(member.Name())
		if field == nil {
			continue
		}
		path := Join(permission.Path, member.Name())
		v.references(path, member.Value)
		if name, isText := member.Value.Data.(string); isText && field.Refers == "" {
			if words := v.whole.LackingPermission(v.kind.Full(name), v.version); words != "" {
				v.add(member.Value.Place, path, words, true, nil)
			}
		}
		holder := v.whole.Kind(field.Refers)
		if holder == nil || member.Value.Data == nil {
			continue
		}
		if holds := holder.Holds; holds == nil || !holds.Has(v.version) {
			v.add(member.Key.Place, path, holder.WithoutHolds(v.version), true, nil)
			continue
		}
		v.bare(permission, holder)
	}
}

// bare looks at a permission that is written without its app.
func (v *versioning) bare(permission tree.Permission, holder *Kind) {
	for _, member := range permission.Fields {
		field := v.whole.Permission.Field(member.Name())
		name, isText := member.Value.Data.(string)
		if field == nil || field.Refers != "" || !isText || !holder.Holds.IsFull(v.version) {
			continue
		}
		if full := v.kind.Full(name); full != name && v.whole.LackingPermission(full, v.version) == "" {
			v.add(member.Value.Place, Join(permission.Path, member.Name()), v.kind.NotFull(full, v.version), false,
				&Mend{Field: member.Name(), To: member.Name(), Was: name, Now: full, At: member.Value.Place})
		}
	}
}
