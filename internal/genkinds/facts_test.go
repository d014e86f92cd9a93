package genkinds

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDistil reads both layouts that schemas of blueprints have had.
func TestDistil(t *testing.T) {
	for file, models := range map[string]int{"testdata/blueprints.json": 4, "testdata/blueprints-before.json": 1} {
		facts, err := distil("2027.1", "testdata/openapi.json", file, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(facts.Models) != models {
			t.Errorf("%s has %d models, want %d", file, len(facts.Models), models)
		}
		var thing *Model
		for _, model := range facts.Models {
			if model.Model == "authentik_things.thing" {
				thing = model
			}
		}
		// Of two paths the one whose list has POST.
		if thing.Path != "things/things" || thing.ID != "thing_uuid" {
			t.Errorf("%s: it is at %s by %s", file, thing.Path, thing.ID)
		}
		if diff := cmp.Diff([]string{"name", "shape"}, thing.Filters); diff != "" {
			t.Errorf("%s: filters (-want +got):\n%s", file, diff)
		}
		if len(thing.Blueprint) != 1 || thing.Blueprint[0].Name != "badge" {
			t.Errorf("%s: only blueprints have %+v, want badge", file, thing.Blueprint)
		}
	}
	if _, err := distil("2027.1", "testdata/openapi.json", "testdata/openapi.json", nil, nil); err == nil {
		t.Error("an OpenAPI document is taken for a schema of blueprints")
	}
}

// TestDistilAlone takes the models that a document counts where there is no schema of
// blueprints, and what only blueprints have from the version before.
func TestDistilAlone(t *testing.T) {
	before := &Facts{Models: []*Model{
		{Model: "authentik_things.thing", Path: "things/things", Blueprint: []*Fact{{Name: "badge", Type: "text"}}},
		{Model: "authentik_things.order"},
		{Model: "authentik_things.gone", Path: "things/gone"},
	}}
	facts, err := distil("2027.1", "testdata/openapi.json", "", before, nil)
	if err != nil {
		t.Fatal(err)
	}
	badges := map[string]int{}
	for _, model := range facts.Models {
		badges[model.Model] = len(model.Blueprint)
	}
	if diff := cmp.Diff(map[string]int{"authentik_things.thing": 1, "authentik_stages_new.newstage": 0, "authentik_things.order": 0}, badges); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestEncode wants facts to be read as they were written.
func TestEncode(t *testing.T) {
	facts, err := distil("2027.1", "testdata/openapi.json", "testdata/blueprints.json", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := facts.encode()
	if err != nil {
		t.Fatal(err)
	}
	read := &Facts{}
	if err := json.Unmarshal(text, read); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(facts, read); diff != "" {
		t.Errorf("(-wrote +read):\n%s", diff)
	}
}

// TestMergeFact takes what the newest version says of a field, so that what older
// ones take and answer is taken too.
func TestMergeFact(t *testing.T) {
	versions := []string{"1.1", "1.2", "1.3"}
	for name, test := range map[string]struct {
		facts []*Fact
		want  *Fact
	}{
		"since": {[]*Fact{nil, {Name: "a", Type: "boolean"}, {Name: "a", Type: "boolean"}}, &Fact{Name: "a", Type: "boolean", Since: "1.2"}},
		"until": {[]*Fact{{Name: "a", Type: "boolean"}, nil, nil}, &Fact{Name: "a", Type: "boolean", Until: "1.2"}},
		"bounds": {
			[]*Fact{{Name: "a", Type: "text", Min: "2", Max: "50"}, {Name: "a", Type: "text", Min: "1", Max: "80"}, {Name: "a", Type: "text", Min: "1"}},
			&Fact{Name: "a", Type: "text", Min: "1", Variants: []*variant{
				{span: span{Until: "1.2"}, min: "2", max: "50"}, {span: span{Since: "1.2", Until: "1.3"}, max: "80"},
			}},
		},
		"tighter": {
			[]*Fact{{Name: "a", Type: "integer", Max: "2147483647"}, nil, {Name: "a", Type: "integer", Max: "100"}},
			&Fact{Name: "a", Type: "integer", Max: "2147483647", Variants: []*variant{{span: span{Since: "1.3"}, max: "100"}}},
		},
		"null": {
			[]*Fact{{Name: "a", Type: "text", Nullable: true}, nil, {Name: "a", Type: "text", Required: true}},
			&Fact{Name: "a", Type: "text", Nullable: true, Variants: []*variant{{span: span{Since: "1.3"}, nullable: "false", required: "true"}}},
		},
		"another type": {
			[]*Fact{{Name: "a", Type: "integer", Min: "0"}, nil, {Name: "a", Type: "text", Min: "1", Duration: true}},
			&Fact{Name: "a", Type: "text", Variants: []*variant{{span: span{Until: "1.2"}, typ: "integer", min: "0"}, {span: span{Since: "1.3"}, min: "1"}}},
		},
		"values": {
			[]*Fact{{Name: "a", Type: "text", Values: []string{"x", "y"}}, {Name: "a", Type: "text", Values: []string{"x", "z"}}, {Name: "a", Type: "text", Values: []string{"x", "z"}}},
			&Fact{Name: "a", Type: "text", Values: []string{"x", "z", "y"}, Spans: map[string]span{"x": {}, "y": {Until: "1.2"}, "z": {Since: "1.2"}}},
		},
	} {
		if diff := cmp.Diff(test.want, mergeFact(versions, test.facts), cmp.AllowUnexported(variant{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestMergeOrder keeps the order of the newest version.
func TestMergeOrder(t *testing.T) {
	facts := func(names ...string) []*Fact {
		var all []*Fact
		for _, name := range names {
			all = append(all, &Fact{Name: name, Type: "boolean"})
		}
		return all
	}
	var names []string
	for _, fact := range mergeFacts([]string{"1.1", "1.2"}, [][]*Fact{facts("a", "gone", "c", "b", "last"), facts("c", "a", "b")}) {
		names = append(names, fact.Name)
	}
	if diff := cmp.Diff([]string{"c", "a", "gone", "b", "last"}, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTitle(t *testing.T) {
	names := []string{"OAuth", "OAuth2", "WebAuthn", "GeoIP"}
	for class, want := range map[string]string{
		"PasswordStage":              "password stage",
		"OAuth2Provider":             "OAuth2 provider",
		"OAuthSource":                "OAuth source",
		"SAMLProvider":               "SAML provider",
		"LDAPSourcePropertyMapping":  "LDAP source property mapping",
		"AuthenticatorWebAuthnStage": "authenticator WebAuthn stage",
		"GeoIPPolicy":                "GeoIP policy",
		"AuthenticatorSMSStage":      "authenticator SMS stage",
		"Brand":                      "brand",
	} {
		if got := title(class, names); got != want {
			t.Errorf("%s is called %q, want %q", class, got, want)
		}
	}
}
