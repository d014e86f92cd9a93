package schema

import (
	"fmt"
	"maps"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"

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
	return tree.Problem{Place: place, Path: path, Message: fmt.Sprintf("%s is missing: want %s", f.Name, f.want())}
}

// mostPath bounds the length of a path: of what is nested deeper the rest is left
// out.
const mostPath = 400

// Join returns the path of a field of the mapping at path.
func Join(path, field string) string {
	field = tree.PathKey(field)
	switch {
	case path == "":
		return field
	case len(path) > mostPath:
		return path
	}
	return path + "." + field
}

// Index returns the path of element i of the list at path.
func Index(path string, i int) string {
	if len(path) > mostPath {
		return path
	}
	return path + "[" + strconv.Itoa(i) + "]"
}

// Check says what is wrong with a value of the field. What is Pending in it
// passes, and what is Broken. The value is taken as it stands: Normalize says
// what the server would make of it. What is right in one of the versions is right.
func (f *Field) Check(path string, v tree.Value) tree.Problems {
	problems := f.check(path, v)
	if len(problems) > 0 && f.checkOnce(v) {
		return nil
	}
	return problems
}

func (f *Field) check(path string, v tree.Value) tree.Problems {
	switch data := v.Data.(type) {
	case tree.Pending, tree.Broken:
		return nil
	case tree.Text:
		return f.checkLater(path, v)
	case tree.ID:
		if data.Known == nil {
			return f.checkLater(path, v)
		}
		v.Data = data.Known
	case tree.Object:
		v.Data = tree.Map(data)
	}
	if !f.takesType(v.Data) {
		return tree.Problems{{Place: v.Place, Path: path, Message: f.complaint(v.Data)}}
	}
	if problems := f.checkParts(path, v); len(problems) > 0 {
		if f.Sensitive { // names, too, may be what nobody is to see
			return tree.Problems{{Place: problems[0].Place, Path: path, Message: "a part of it is not taken here: want " + f.want()}}
		}
		return problems
	}
	if v.HasLater() {
		return f.checkLater(path, v)
	}
	if f.accepts(v.Data) {
		return nil
	}
	return tree.Problems{{Place: v.Place, Path: path, Message: f.complaint(v.Data)}}
}

// mostWrong is how many elements of a list are complained of.
const mostWrong = 100

// checkParts checks the elements of a list, and the fields of an object.
func (f *Field) checkParts(path string, v tree.Value) tree.Problems {
	switch data := v.Data.(type) {
	case tree.List:
		if f.Element == nil {
			return nil
		}
		var problems tree.Problems
		for i, element := range data {
			problems = append(problems, f.Element.Check(Index(path, i), element)...)
			if len(problems) >= mostWrong {
				break
			}
		}
		return problems
	case tree.Map:
		if f.Type == Struct && f.Fields != nil {
			return f.Fields.Check(path, v.Place, data)
		}
	}
	return nil
}

// takesType reports whether the field takes data of such a type at all. A key that
// is known only after apply counts as right.
func (f *Field) takesType(data any) bool {
	if data == nil {
		return f.Nullable || f.Type == JSON && !f.Mapping && !f.Collection
	}
	if f.Type == JSON {
		return f.takesJSON(data)
	}
	switch data.(type) {
	case bool:
		return f.Type == Boolean
	case int64, *big.Int:
		return f.Type == Integer || f.Type == Number
	case float64:
		return f.Type == Number
	case string:
		return f.Type == Text || f.Type == Pointer || f.Type == Time
	case tree.List:
		return f.Type == List
	case tree.Map:
		return f.Type == Struct
	default:
		return true
	}
}

func (f *Field) takesJSON(data any) bool {
	switch data.(type) {
	case tree.Map:
		return true
	case tree.List:
		return !f.Mapping
	case nil, bool, int64, *big.Int, float64, string:
		return !f.Mapping && !f.Collection
	default:
		return true
	}
}

// complaint says what is wrong with data and what would be right.
func (f *Field) complaint(data any) string {
	text, isText := data.(string)
	if !isText || len(f.Values) == 0 || f.Type == List {
		return fmt.Sprintf("%s is not taken here: want %s", f.Describe(data), f.want())
	}
	return fmt.Sprintf("%s is not known: %s", f.Describe(data), Suggest(text, f.choices()))
}

// Describe is tree.Describe for a value of the field: of one that nobody is to see it
// gives no more than its type.
func (f *Field) Describe(data any) string {
	if f.Sensitive && data != nil {
		return tree.TypeName(data) + " that is not shown"
	}
	return tree.Describe(data)
}

// CheckVersion says which of a value's choices a server of the version has not got.
func (f *Field) CheckVersion(path string, v tree.Value, version string) tree.Problems {
	if list, isList := v.Data.(tree.List); isList {
		var problems tree.Problems
		for i, element := range list {
			problems = append(problems, f.CheckVersion(Index(path, i), element, version)...)
		}
		return problems
	}
	for _, choice := range f.Values {
		if choice.Value == v.Data && !choice.Has(version) {
			return tree.Problems{{Place: v.Place, Path: path, Message: choice.Lacks(version)}}
		}
	}
	return nil
}

// Lacking says that a server of the version has not got something, and which has.
func (s Span) Lacking(what, version string) string {
	if Before(version, s.Since) {
		return fmt.Sprintf("%s needs authentik %s: this one is %s", what, s.Since, version)
	}
	return fmt.Sprintf("%s is gone since authentik %s: this one is %s", what, s.Until, version)
}

// Lacks says that a server of the version has not got the value, which has, and which
// value means the same there.
func (c Choice) Lacks(version string) string {
	message := c.Lacking(tree.Describe(c.Value), version)
	if c.Successor != "" && c.Gone(version) {
		message += "; " + tree.Describe(c.Successor) + " has its place"
	}
	return message
}

// Ahead returns a message of Lacking, or one with it, for somebody who is told the version
// already, and whose server is another one.
func Ahead(message, version string) string {
	return strings.Replace(message, ": this one is "+version, "", 1)
}

// CheckEntry says what is wrong with an entry of a managed kind: with its
// identifiers, with its attrs, and with what its state asks of them. Values
// have to be normalized. Entries of other models have no problems, and the attrs
// of one that is absent count for nothing.
func (s *Schema) CheckEntry(e tree.Entry) tree.Problems {
	kind := s.Kind(e.Model)
	if kind == nil || !kind.Managed {
		return nil
	}
	problems := s.Entry.Field("state").Check(Join(e.Path, "state"), e.State)
	problems = append(problems, s.checkIdentifiers(kind, e)...)
	state := tree.State(text(e.State))
	if state != tree.Absent {
		problems = append(problems, s.checkAttrs(kind, e)...)
	}
	problems = append(problems, s.checkPermissions(kind, e)...)
	if state == tree.MustCreated {
		problems = append(problems, kind.CheckCreate(e)...)
	}
	return problems
}

func text(v tree.Value) string {
	text, _ := v.Data.(string)
	return text
}

// checkIdentifiers says what is wrong with what finds the object: any field that
// the server answers and can look for, all of which have to hold.
func (s *Schema) checkIdentifiers(k *Kind, e tree.Entry) tree.Problems {
	path := Join(e.Path, "identifiers")
	if len(e.Identifiers) == 0 {
		return tree.Problems{{Place: e.Place, Path: path, Message: fmt.Sprintf("nothing says which %s is meant: want %s or %s in identifiers", k.Title, k.KeyWords(), PK)}}
	}
	var problems tree.Problems
	for _, member := range e.Identifiers {
		at := Join(path, member.Name())
		field, complaint := k.identifier(member.Name())
		if complaint != "" {
			problems = append(problems, tree.Problem{Place: member.Key.Place, Path: at, Message: complaint})
			continue
		}
		refers := field.Refers
		if member.Name() == PK {
			refers = k.Model
		}
		wrong := s.checkReference(field, at, member.Value, refers)
		if len(wrong) == 0 {
			wrong = field.checkEnds(at, member.Value)
		}
		problems = append(problems, wrong...)
	}
	return problems
}

// identifier returns the field that an object is found by, or says why it can't
// be found by that name.
func (k *Kind) identifier(name string) (field *Field, complaint string) {
	if name == PK {
		return k.field(k.ID), ""
	}
	if field := k.Fields.Field(name); field != nil {
		return field, ""
	}
	if readOnly := k.readOnly(name); readOnly != nil {
		if readOnly.finds() {
			return readOnly.AsField(), ""
		}
		return nil, fmt.Sprintf("a %s can't be found by %s, which authentik makes for the answer only: want %s or %s", k.Title, name, k.KeyWords(), PK)
	}
	reason := ""
	if base, lookup, isLookup := strings.Cut(name, "__"); isLookup && k.Fields.Field(base) != nil {
		reason = fmt.Sprintf(" (aksync knows no lookups such as __%s: want %s itself)", lookup, base)
	}
	return nil, fmt.Sprintf("a %s can't be found by %s%s: %s", k.Title, tree.Describe(name), reason, Suggest(name, k.identifiers()))
}

// identifiers returns the names of the fields that an object can be found by.
func (k *Kind) identifiers() []string {
	names := k.Fields.Names()
	for _, readOnly := range k.ReadOnly {
		if readOnly.finds() {
			names = append(names, readOnly.Name)
		}
	}
	return names
}

// finds reports whether objects can be found by the field: not by one that is the
// same in all of them, nor by a list of other objects. authentik's database has
// neither.
func (r *ReadOnly) finds() bool {
	return !r.HasValue && !(r.Type == List && r.Element != nil && (r.Element.Type == JSON || r.Element.Type == Struct))
}

// checkEnds refuses white space at the ends of an identifier that the server
// would trim: it would be stored without, and not be found again.
func (f *Field) checkEnds(path string, v tree.Value) tree.Problems {
	text, isText := v.Data.(string)
	trimmed := strings.TrimFunc(text, tree.IsPythonSpace)
	if !isText || !f.Trim || trimmed == text {
		return nil
	}
	message := fmt.Sprintf("%s has white space at its ends, which the server trims, and so never finds it", f.Describe(text))
	if !f.Sensitive {
		message += ": want " + tree.Describe(trimmed)
	}
	return tree.Problems{{Place: v.Place, Path: path, Message: message}}
}

func (s *Schema) checkAttrs(k *Kind, e tree.Entry) tree.Problems {
	path := Join(e.Path, "attrs")
	var problems tree.Problems
	for _, member := range e.Attrs {
		at := Join(path, member.Name())
		if readOnly := k.readOnly(member.Name()); readOnly != nil && k.Fields.Field(member.Name()) == nil {
			problems = append(problems, tree.Problem{Place: member.Key.Place, Path: at, Message: fmt.Sprintf("%s can't be set: %s", member.Name(), readOnly.Reason)})
			continue
		}
		field := k.Fields.Field(member.Name())
		if field == nil {
			problems = append(problems, unknownField(at, member, k.Fields.Names()))
			continue
		}
		problems = append(problems, s.checkReference(field, at, member.Value, field.Refers)...)
		problems = append(problems, field.checkRefused(at, member.Value)...)
		problems = append(problems, k.checkRename(at, e, field, member)...)
	}
	return problems
}

// Clashes says why a value can't be sent beside those of other fields in one request:
// the server takes it for another one then. It is empty where it can.
func (f *Field) Clashes(value any, beside map[string]any) string {
	at := slices.IndexFunc(f.Values, func(c Choice) bool { return c.Value == value })
	if at < 0 {
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(f.Values[at].Beside)) {
		if other := f.Values[at].Beside[name]; beside[name] == other {
			return fmt.Sprintf("%s is not taken beside %s %s: want another of the two", tree.Describe(value), name, tree.Describe(other))
		}
	}
	return ""
}

// checkRefused refuses a value that authentik takes and nobody should ask for.
func (f *Field) checkRefused(path string, v tree.Value) tree.Problems {
	if choice := f.refused(v.Data); choice != nil {
		return tree.Problems{{Place: v.Place, Path: path, Message: fmt.Sprintf("%s is not taken here: %s", tree.Describe(v.Data), choice.Refused)}}
	}
	return nil
}

// Refuses reports whether no blueprint may ask for the value.
func (f *Field) Refuses(plain any) bool { return f.refused(plain) != nil }

// IsServers reports whether an object that has the value is one that authentik makes by
// itself: no blueprint may ask for it, or it begins as such ones do.
func (f *Field) IsServers(plain any) bool {
	return f.Refuses(plain) || f.isReserved(plain)
}

// isReserved reports whether a value begins as those of objects do that authentik makes.
func (f *Field) isReserved(plain any) bool {
	text, isText := plain.(string)
	return f.Reserved != "" && isText && strings.HasPrefix(text, f.Reserved)
}

func (f *Field) refused(data any) *Choice {
	for i, choice := range f.Values {
		if choice.Refused != "" && choice.Value == data {
			return &f.Values[i]
		}
	}
	return nil
}

// checkRename refuses a field in attrs that the one in identifiers contradicts:
// authentik takes the identifier and drops the other in silence. Lists it joins.
func (k *Kind) checkRename(path string, e tree.Entry, field *Field, attr tree.Pair) tree.Problems {
	identifier, given := e.Identifiers.Get(field.Name)
	if given && field.Type == List {
		return tree.Problems{{Place: attr.Key.Place, Path: path, Message: "stands in identifiers too, and authentik would join the two lists: want it in one of them"}}
	}
	if !given || !settled(identifier) || !settled(attr.Value) ||
		reflect.DeepEqual(field.Normalize(identifier).Plain(), attr.Value.Plain()) {
		return nil
	}
	message := fmt.Sprintf("is %s, but identifiers say %s", tree.Describe(attr.Value.Data), tree.Describe(identifier.Data))
	if field.Sensitive || field.Type == JSON || field.Type == Struct {
		message = "is another one than identifiers say"
	}
	switch k.Key {
	case "":
		message += fmt.Sprintf(": to change it find the %s by %s", k.Title, PK)
	case field.Name:
		message += fmt.Sprintf(": to rename a %s find it by %s", k.Title, PK)
	default:
		message += fmt.Sprintf(": to change it find the %s by %s or %s", k.Title, k.Key, PK)
	}
	return tree.Problems{{Place: attr.Key.Place, Path: path, Message: message}}
}

// settled reports whether a value can be compared: all of it is known.
func settled(v tree.Value) bool {
	_, isBroken := v.Data.(tree.Broken)
	return !isBroken && !v.HasPending()
}

// checkReference is Check, and that a reference asks for the model that is meant,
// if any is.
func (s *Schema) checkReference(f *Field, path string, v tree.Value, refers string) tree.Problems {
	pending, isPending := v.Data.(tree.Pending)
	if !isPending {
		return f.Check(path, v)
	}
	whole, isWhole := pending.(tree.WholeReference)
	if !isWhole {
		return nil
	}
	reference := whole.Whole()
	if reference.Tag == tree.TagFindObject || s.CanRefer(refers, reference.Model) {
		return nil
	}
	if refers == "" {
		return tree.Problems{{Place: v.Place, Path: path, Message: fmt.Sprintf("%s is not taken here: want %s", reference.Tag, f.want())}}
	}
	return tree.Problems{{Place: v.Place, Path: path, Message: fmt.Sprintf("%s refers to %s: want %s", reference.Tag, reference.Model, s.wantModel(refers))}}
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
	for _, names := range k.OneOf {
		if !slices.ContainsFunc(names, func(name string) bool { return k.sets(e, name) }) {
			problems = append(problems, tree.Problem{Place: e.Place, Path: Join(e.Path, "attrs"),
				Message: strings.Join(names, " or ") + " is missing: want one of them"})
		}
	}
	return problems
}

// sets reports whether a new object has something in a field: what the entry says,
// or the default.
func (k *Kind) sets(e tree.Entry, name string) bool {
	value, given := e.Field(name)
	if !given {
		field := k.Fields.Field(name)
		return field != nil && field.HasDefault && tree.FromJSON(field.Default).Truthy()
	}
	return value.HasPending() || value.HasLater() || value.Truthy()
}
