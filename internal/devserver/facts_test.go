package devserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aksync/aksync/schema"
)

// versions are some of each generation of authentik.
var versions = []string{"2024.12.5", "2025.2.0", "2025.10.4", "2025.12.4", "2026.2.2"}

// stores are empty ones, by version.
func stores(t *testing.T) map[string]*store {
	t.Helper()
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*store{}
	for _, version := range versions {
		behaves, err := behaviourOf(version)
		if err != nil {
			t.Fatal(err)
		}
		all[version] = newStore(s.At(version), version, behaves)
	}
	return all
}

// strictly reads JSON that has no keys but those that are known.
func strictly(t *testing.T, what string, text []byte, into any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// The facts hold nothing that nobody reads.
func TestFactsAreRead(t *testing.T) {
	all := &facts{}
	strictly(t, "facts.json", factsJSON, all)
	for model, text := range all.Models {
		strictly(t, model, text, &about{})
	}
}

// What the facts name is there, in one version at least: kinds, their fields,
// functions.
func TestFactsNameWhatIsThere(t *testing.T) {
	named := &naming{t: t, stores: stores(t)}
	all := readFacts()
	for model, text := range all.Models {
		known := &about{}
		if err := json.Unmarshal(text, known); err != nil {
			t.Fatal(err)
		}
		named.model = model
		named.isModel(model)
		named.ofFields(known)
		named.ofRules(known)
		for name, how := range known.Answers {
			named.field(strings.Fields(name)[0])
			named.computed(how)
		}
		named.shape(known.Shape)
	}
	for _, how := range all.Fields {
		named.computed(how)
	}
	named.isModel(all.Caller.Model)
	named.isModel(all.Permission)
}

// naming checks names.
type naming struct {
	t      *testing.T
	stores map[string]*store
	model  string
}

func (n *naming) isModel(model string) {
	n.t.Helper()
	for _, s := range n.stores {
		if s.kinds[model] != nil || len(s.members[model]) > 0 {
			return
		}
	}
	n.t.Errorf("%s: there is no kind %s", n.model, model)
}

func (n *naming) shape(name string) {
	n.t.Helper()
	if name != "" && name != "*" && readFacts().Shapes[name] == nil {
		n.t.Errorf("%s: there is no shape %s", n.model, name)
	}
}

// field checks the name of a field of the kind.
func (n *naming) field(names ...string) {
	n.t.Helper()
	for _, name := range names {
		if !n.has(n.model, strings.Fields(strings.TrimPrefix(name, "-"))[0]) {
			n.t.Errorf("%s has no field %s", n.model, name)
		}
	}
}

func (n *naming) has(model, name string) bool {
	for _, s := range n.stores {
		for _, t := range s.members[model] {
			if n.of(t, name) {
				return true
			}
		}
	}
	return false
}

// of reports whether a kind has a field, or one at the end of a path.
func (n *naming) of(t *table, name string) bool {
	first, rest, isPath := strings.Cut(name, ".")
	if isPath {
		return n.has(t.refers(first), rest)
	}
	return name == schema.PK || t.field(name) != nil || t.readOnly(name) != nil || t.answers[name] != nil ||
		slices.Contains(t.about.Shows, name) || slices.Contains(t.names, name)
}

func (n *naming) ofFields(known *about) {
	for _, names := range [][]string{
		known.Search, known.Resets, known.Defaults,
		known.Nonempty, known.Own, known.Repeats, known.AnyJSON, known.OmitsEmpty,
	} {
		n.field(names...)
	}
	for _, names := range known.Together {
		n.field(names...)
	}
	for name := range known.Formats {
		n.field(name)
	}
	n.field(slices.Collect(maps.Keys(known.Only))...)
	n.field(slices.Collect(maps.Keys(known.Unique))...)
	n.field(slices.Collect(maps.Keys(known.Exclusive))...)
	n.field(slices.Collect(maps.Values(known.Hides))...)
	for _, effect := range known.Writes {
		n.field(slices.Collect(maps.Keys(effect.When))...)
		if effect.Makes == nil && effect.Sets == nil { // else a field that no answer has may hold it
			n.field(effect.Field)
		}
		if effect.Adds != nil {
			n.isModel(effect.Adds.Model)
		}
		if effect.Makes != nil {
			n.isModel(effect.Makes.Model)
		}
	}
}

func (n *naming) ofRules(known *about) {
	for _, rule := range slices.Concat(known.Rules, known.Stays) {
		for _, names := range [][]string{rule.Given, rule.Blank, rule.Filled, rule.Missing, rule.Changes, rule.Several, rule.Same} {
			n.field(names...)
		}
		for _, values := range []map[string][]any{rule.When, rule.Live} {
			n.field(slices.Collect(maps.Keys(values))...)
		}
		if len(rule.Error) == 0 && !rule.Crash {
			n.t.Errorf("%s: nobody is told that a rule is broken", n.model)
		}
	}
}

func (n *naming) computed(how *computed) {
	n.t.Helper()
	if how.Call != "" && calls[how.Call] == nil {
		n.t.Errorf("%s: there is no function %s", n.model, how.Call)
	}
	for _, back := range []string{how.Back, how.Also} {
		if model, field := splitBack(back); back != "" && !n.has(model, field) {
			n.t.Errorf("%s: %s has no field %s", n.model, model, field)
		}
	}
	for _, model := range []string{how.Refers, how.Base} {
		if model != "" {
			n.isModel(model)
		}
	}
	n.shape(how.Shape)
}

// Each function of calls.go is there for some field.
func TestCallsAreCalled(t *testing.T) {
	called := map[string]bool{}
	all := readFacts()
	for _, how := range all.Fields {
		called[how.Call] = true
	}
	for model := range all.Models {
		for _, version := range versions {
			for _, how := range all.about(model, version).Answers {
				called[how.Call] = true
			}
		}
	}
	for name := range calls {
		if !called[name] {
			t.Errorf("nothing calls %s", name)
		}
	}
}

// Where two facts are of one name, each version has one of them at most.
func TestFactsOfVersionsExcludeEachOther(t *testing.T) {
	for model, text := range readFacts().Models {
		known := &about{}
		if err := json.Unmarshal(text, known); err != nil {
			t.Fatal(err)
		}
		for _, version := range versions {
			for what, names := range map[string][]string{
				"answers": slices.Collect(maps.Keys(known.Answers)), "filters": slices.Collect(maps.Keys(known.Filters)),
				"unique": slices.Collect(maps.Keys(known.Unique)), "only": slices.Collect(maps.Keys(known.Only)),
			} {
				seen := map[string]bool{}
				for _, name := range namesIn(names, version) {
					if seen[name] {
						t.Errorf("%s in %s: two %s for %s", model, version, what, name)
					}
					seen[name] = true
				}
			}
		}
	}
}

// What can be allowed is told apart by its codename and its app.
func TestPermissionsAreThereOnce(t *testing.T) {
	for version, s := range stores(t) {
		s.addPermissions()
		seen := map[string]bool{}
		for _, o := range s.permissions() {
			name := fmt.Sprintf("%v.%v", o.fields["app_label"], o.fields["codename"])
			if seen[name] {
				t.Errorf("%s is there twice in %s", name, version)
			}
			seen[name] = true
		}
		for _, name := range []string{"authentik_flows.export_flow", "authentik_rbac.access_admin_interface", "authentik_core.view_token_key", "authentik_core.add_user"} {
			if !seen[name] {
				t.Errorf("%s is not there in %s", name, version)
			}
		}
	}
}
