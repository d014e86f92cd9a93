package devserver

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aksync/aksync/schema"
)

// facts.json says what a real server does with the kinds of authentik beyond what
// the schema knows, since it is of no interest to a client that keeps to the
// schema: which filters its lists have, what it computes for answers, what it says
// of its own rules. Each is seen in the recorded exchanges or in the OpenAPI
// documents. A kind that is not in it is served by what the schema says.
//
//go:embed facts.json
var factsJSON []byte

// facts are what facts.json says, by version spans unresolved.
type facts struct {
	// Fields are computed fields of all kinds that have one of the name and say
	// nothing of their own.
	Fields map[string]*computed `json:"fields"`
	// Shapes are the fields that an object shows where it stands within another
	// one.
	Shapes map[string][]string `json:"shapes"`
	// Paths are answers that are the same for everybody.
	Paths map[string]json.RawMessage `json:"paths"`
	// Caller is who asks, if not somebody without permissions.
	Caller struct {
		Model string `json:"model"`
		Field string `json:"field"`
		Is    string `json:"is"`
		// Lists are the lists that are shown of him, and System is the app of which
		// all is shown that he may do.
		Lists  []string `json:"lists"`
		System string   `json:"system"`
	} `json:"caller"`
	// Permission is the model of what can be allowed.
	Permission string `json:"permission"`
	// Permissions are what can be allowed beside the usual, by model.
	Permissions map[string]*allowed `json:"permissions"`
	// Countries are the names of countries by code.
	Countries map[string]string `json:"countries"`
	// Titles are what the server calls fields, where that is not their name without
	// underscores.
	Titles map[string]string `json:"titles"`
	// Models are the kinds; each is read when it is asked for.
	Models map[string]json.RawMessage `json:"models"`
}

// about is what the facts say of one kind.
type about struct {
	// Verbose and Plural are authentik's names for people, Component that of its
	// form.
	Verbose   string `json:"verbose"`
	Plural    string `json:"plural"`
	Component string `json:"component"`
	// Says is how an object is called where it uses another one, with fields in
	// braces: the first of them of which each field holds something.
	Says []string `json:"says"`
	// Order are the fields that a list is ordered by; a minus turns one around.
	Order []string `json:"order"`
	// Search are the fields that ?search= looks through.
	Search []string `json:"search"`
	// Filters are the parameters of a list, with what they are where no field
	// says so: see filterOf.
	Filters map[string]string `json:"filters"`
	// Formats are what text has to look like: email, url, ip and so on.
	Formats map[string]string `json:"formats"`
	// Answers are the fields that are computed.
	Answers map[string]*computed `json:"answers"`
	// Shape names what an object of a base shows in the base's list.
	Shape string `json:"shape"`
	// Assigned is the path below that of permissions by which objects of the kind
	// are given some.
	Assigned []*assigning `json:"assigned"`
	// Owned objects are there for their owners only, and for administrators.
	Owned []string `json:"owned"`
	// Resets are fields that a PUT empties, though the schema doesn't say so.
	Resets []string `json:"resets"`
	// Guests are kinds whose objects the kind's paths serve, too.
	Guests []string `json:"guests"`
	// Defaults are the fields that get their default, and not null, when what
	// they refer to is deleted.
	Defaults []string `json:"defaults"`
	// AnyJSON are mappings in which the server takes any JSON.
	AnyJSON []string `json:"anyJSON"`
	// Lookups are what a path names an object by beside its lookup: its primary key.
	Lookups []string `json:"lookups"`
	// Stays says which objects can't be deleted, by When.
	Stays []*rule `json:"stays"`
	// Remembers says what of the list the server keeps.
	Remembers []*memory `json:"remembers"`
	// Whole is set where the list of a base shows all of an object.
	Whole bool `json:"whole"`
	// Twice are lists whose objects one is told of twice, since the server knows them by
	// two names.
	Twice []string `json:"twice"`
	// Methods are those that the kind's paths take beside GET.
	Methods []string `json:"methods"`
	// Shows are fields of an answer that the schema doesn't know, and Omits those
	// that it knows and the server leaves out.
	Shows []string `json:"shows"`
	Omits []string `json:"omits"`
	// OmitsEmpty are those that it leaves out where they hold nothing.
	OmitsEmpty []string `json:"omitsEmpty"`
	// Initial are values of fields that nobody can write, in a new object.
	Initial map[string]any `json:"initial"`
	// Nonempty are lists that may not be empty, though the schema doesn't say so.
	Nonempty []string `json:"nonempty"`
	// Only says what is said where a second object is to have a field set, and
	// Refused what is said of any value of a field.
	Only    map[string]any    `json:"only"`
	Refused map[string]string `json:"refusesField"`
	// Exclusive are lists whose elements no two objects share, with what is said of
	// one that another object has: the rest of the object is written all the same.
	Exclusive map[string]string `json:"exclusive"`
	// Together are the sets of fields that no two objects share.
	Together [][]string `json:"together"`
	// Unique says what is said of a value that is taken; Own are the unique
	// fields of which the server looks at objects of the same kind only.
	Unique map[string]string `json:"unique"`
	Own    []string          `json:"own"`
	// Repeats are names that several objects may have, though the schema takes
	// them for unique.
	Repeats []string `json:"repeats"`
	// Rules are what a body is held to as a whole.
	Rules []*rule `json:"rules"`
	// Writes says what else a write does to fields, in that order.
	Writes []*effect `json:"writes"`
	// Autocomplete stands in a list's answer beside the objects.
	Autocomplete map[string]json.RawMessage `json:"autocomplete"`
	// Actions are requests below an object's path.
	Actions map[string]*action `json:"actions"`
	// Hides are the parameters that leave out a field where they are false.
	Hides map[string]string `json:"hides"`
	// Uncreatable objects can't be made though the API has a path for it: the
	// server fails.
	Uncreatable bool `json:"uncreatable"`
	// Also are further paths of the kind's list, which can only be read.
	Also []string `json:"also"`
	// NoList is set where the kind's path can't be read.
	NoList bool `json:"noList"`
	// NoUsedBy is set where the kind has no such path.
	NoUsedBy bool `json:"noUsedBy"`
	// Unsearchable lists fail when they are searched.
	Unsearchable bool `json:"unsearchable"`
}

// computed says how a field of an answer comes to be.
type computed struct {
	// Value is what it is in all objects.
	Value any `json:"value"`
	// Of is the field whose primary keys are shown as objects, of the model
	// Refers where the schema doesn't say so, and Shape what is shown of them.
	Of     string `json:"of"`
	Refers string `json:"refers"`
	Shape  string `json:"shape"`
	// Key is the field by which they are known, where it is not the primary key.
	Key string `json:"key"`
	// Back is a field of another kind, as model.field, that refers to the object:
	// Show is the field of that other object that is shown, or its primary key;
	// of all of them if Many, their number if Count.
	Back  string `json:"back"`
	Show  string `json:"show"`
	Many  bool   `json:"many"`
	Count bool   `json:"count"`
	// Also is another such field that counts.
	Also string `json:"also"`
	// Text is made of fields in braces.
	Text string `json:"text"`
	// Path is a field of what the first field refers to.
	Path string `json:"path"`
	// Choice shows another text for the value of a field.
	Choice map[string]any `json:"choice"`
	// Now is set for instants: of the object's creation or of its last change.
	Now string `json:"now"`
	// Random is set for what is made up when an object is created.
	Random string `json:"random"`
	// Call names a function of calls.go, which looks at Of, Show and Above.
	Call string `json:"call"`
	// Above are the fields by which objects refer to what is above them.
	Above []string `json:"above"`
	// Else is shown where the rest gives nothing, or Otherwise, a text.
	Else      any    `json:"else"`
	Otherwise string `json:"otherwise"`
	// Base is the base as which an object is shown that is a special case of it,
	// without the fields of Empties; if Written, then only in the answer to a
	// write.
	Base    string   `json:"base"`
	Empties []string `json:"empties"`
	Written bool     `json:"written"`
	schema.Span
}

var readFacts = sync.OnceValue(func() *facts {
	read := &facts{}
	if err := json.Unmarshal(factsJSON, read); err != nil {
		panic(fmt.Sprintf("the embedded server's facts: %v", err)) // TestFactsAreRead
	}
	return read
})

// about returns what is known of a kind in a version.
func (f *facts) about(model, version string) *about {
	known := &about{}
	if text, has := f.Models[model]; has {
		if err := json.Unmarshal(text, known); err != nil {
			panic(fmt.Sprintf("the embedded server's facts of %s: %v", model, err)) // TestFactsAreRead
		}
	}
	known.Filters, known.Formats = inVersion(known.Filters, version), inVersion(known.Formats, version)
	known.Rules = slices.DeleteFunc(known.Rules, func(r *rule) bool { return !r.Has(version) })
	known.Answers = inVersion(known.Answers, version)
	known.Methods = namesIn(known.Methods, version)
	known.Owned = namesIn(known.Owned, version)
	known.Initial = inVersion(known.Initial, version)
	known.Order, known.Search = namesIn(known.Order, version), namesIn(known.Search, version)
	known.OmitsEmpty = namesIn(known.OmitsEmpty, version)
	known.Twice = namesIn(known.Twice, version)
	known.Shows = namesIn(known.Shows, version)
	known.AnyJSON, known.Lookups = namesIn(known.AnyJSON, version), namesIn(known.Lookups, version)
	known.Stays = slices.DeleteFunc(known.Stays, func(r *rule) bool { return !r.Has(version) })
	known.Only, known.Exclusive = inVersion(known.Only, version), inVersion(known.Exclusive, version)
	for name, how := range known.Answers {
		if !how.Has(version) {
			delete(known.Answers, name)
		}
	}
	known.Writes = slices.DeleteFunc(known.Writes, func(e *effect) bool { return !e.Has(version) })
	for name, action := range known.Actions {
		if !action.Has(version) {
			delete(known.Actions, name)
		}
	}
	known.Unique = inVersion(known.Unique, version)
	return known
}

// shape returns the fields of a shape in a version.
func (f *facts) shape(name, version string) []string { return namesIn(f.Shapes[name], version) }

// namesIn are those of some names that a version has.
func namesIn(names []string, version string) []string {
	var kept []string
	for _, name := range names {
		if name, has := spanned(name, version); has {
			kept = append(kept, name)
		}
	}
	return kept
}

// inVersion leaves out the names that a version has not got.
func inVersion[T any](names map[string]T, version string) map[string]T {
	kept := make(map[string]T, len(names))
	for name, what := range names {
		if name, has := spanned(name, version); has {
			kept[name] = what
		}
	}
	return kept
}

// spanned reads a name with its span behind it, such as icon >=2025.12.
func spanned(text, version string) (name string, has bool) {
	name, rest, _ := strings.Cut(text, " ")
	var span schema.Span
	for word := range strings.FieldsSeq(rest) {
		if since, found := strings.CutPrefix(word, ">="); found {
			span.Since = since
		} else if until, found := strings.CutPrefix(word, "<"); found {
			span.Until = until
		}
	}
	return name, span.Has(version)
}

// autocomplete is what a list's answer says of how it can be searched.
func (a *about) autocomplete(version string) []byte {
	for span, text := range a.Autocomplete {
		if _, has := spanned("autocomplete "+span, version); has {
			return text
		}
	}
	return []byte(`{}`)
}
