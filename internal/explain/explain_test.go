package explain_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aksync/aksync/internal/explain"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// versions are those that the kinds were made of; the first is all of them.
var versions = []string{"", "2024.12", "2025.10", "2025.12", "2026.2"}

func load(t testing.TB) *schema.Schema {
	t.Helper()
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// All of each model and of each field can be said, in lines that a terminal holds.
func TestAllIsSaid(t *testing.T) {
	for _, version := range versions {
		s := load(t).At(version)
		for _, kind := range s.Kinds() {
			checkText(t, kind.Model, func(text *explain.Text) error { return text.Model(explain.Explain(s, kind)) })
			for _, field := range kind.Fields.Fields {
				checkField(t, s, kind, field, []string{field.Name})
			}
			for _, field := range kind.ReadOnly {
				checkField(t, s, kind, &schema.Field{Data: field.Data}, []string{field.Name})
			}
		}
		checkText(t, "all models", func(text *explain.Text) error { return text.List(explain.List(s, "")) })
	}
}

func checkField(t *testing.T, s *schema.Schema, k *schema.Kind, f *schema.Field, path []string) {
	t.Helper()
	detail, err := explain.ExplainField(s, k, path)
	if err != nil {
		t.Fatal(err)
	}
	checkText(t, k.Model+"."+detail.Path, func(text *explain.Text) error { return text.Field(detail) })
	if encoded, err := json.Marshal(detail); err != nil || !strings.Contains(string(encoded), `"takes":`) {
		t.Errorf("%s.%s: %v: %s", k.Model, detail.Path, err, encoded)
	}
	for _, part := range detail.Fields {
		checkField(t, s, k, f, append(path, part.Name))
	}
}

// checkText writes something and looks at its lines. An example is as long as it is.
func checkText(t *testing.T, what string, write func(*explain.Text) error) {
	t.Helper()
	var out bytes.Buffer
	if err := write(explain.NewText(&out, false)); err != nil {
		t.Fatal(err)
	}
	said, _, _ := strings.Cut(out.String(), "\nExample\n")
	for line := range strings.Lines(said) {
		line = strings.TrimSuffix(line, "\n")
		oneWord := len(strings.Fields(line)) == 1
		if utf8.RuneCountInString(line) > 80 && !oneWord || strings.TrimRight(line, " ") != line || strings.Contains(line, "\u00a0") {
			t.Errorf("%s: %q", what, line)
		}
	}
}

// Each model is found by its names.
func TestFind(t *testing.T) {
	s := load(t)
	for _, model := range s.Models() {
		for _, name := range []string{model, strings.TrimPrefix(model, "authentik_"), explain.Short(s.Models(), model)} {
			subject, err := explain.Find(s, name)
			if err != nil || subject.Kind.Model != model {
				t.Errorf("%s is not %s: %v", name, model, err)
			}
		}
	}
	for name, want := range map[string]string{
		"OAuth2Provider.redirect_uris.url":        "authentik_providers_oauth2.oauth2provider redirect_uris url",
		"core.application.name":                   "authentik_core.application name",
		"authentik_core.Group":                    "authentik_core.group ",
		"aplication":                              `there is no model "aplication": did you mean "application"?`,
		"oauth2provder.name":                      `there is no model "oauth2provder.name": did you mean "oauth2provider.name"?`,
		"stage binding":                           `there is no model "stage binding": did you mean "flowstagebinding"?`,
		"authentik_core.aplication.name":          `there is no model "authentik_core.aplication.name": did you mean "authentik_core.application.name"?`,
		"ServiceConnection":                       `there is no model "ServiceConnection": did you mean "outpostserviceconnection"?`,
		"something.else":                          `there is no model "something.else": want one such as application, OAuth2Provider or authentik_core.user; aksync explain lists all`,
		"authentik_stages_password.passwordstage": "authentik_stages_password.passwordstage ",
	} {
		if got := found(s, name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func found(s *schema.Schema, name string) string {
	subject, err := explain.Find(s, name)
	if err != nil {
		return err.Error()
	}
	return subject.Kind.Model + " " + strings.Join(subject.Path, " ")
}

// What a version has not got is an error that names the one that has.
func TestLacking(t *testing.T) {
	s := load(t).At("2025.10")
	if got, want := found(s, "fleetconnector"), "authentik_endpoints_connectors_fleet.fleetconnector needs authentik 2026.2: this one is 2025.10"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, test := range []struct{ model, path, want string }{
		{"authentik_core.group", "parents", "authentik_core.group.parents needs authentik 2025.12: this one is 2025.10; until then parent has its place"},
		{"authentik_core.group", "nme", `authentik_core.group has no field "nme": did you mean "name"?`},
		{"authentik_core.group", "name.x", "authentik_core.group.name has no fields of its own: there is no x"},
		{"authentik_providers_oauth2.oauth2provider", "redirect_uris.ur", `authentik_providers_oauth2.oauth2provider.redirect_uris has no field "ur": did you mean "url"?`},
		{"authentik_stages_identification.identificationstage", "template", "no supported version of authentik has authentik_stages_identification.identificationstage.template any more; there is instead: nothing: the stage has one look"},
		{"authentik_sources_plex.userplexsourceconnection", "icon", "no supported version of authentik has authentik_sources_plex.userplexsourceconnection.icon any more; there is instead: nothing: it never did anything"},
	} {
		_, err := explain.ExplainField(s, s.Kind(test.model), strings.Split(test.path, "."))
		if err == nil || err.Error() != test.want {
			t.Errorf("%s.%s: %v, want %s", test.model, test.path, err, test.want)
		}
	}
}

// Examples in the schema are values that their fields take; nothing that is secret is
// among them.
func TestExamplesAreTaken(t *testing.T) {
	for _, kind := range load(t).Kinds() {
		for _, field := range kind.Fields.Fields {
			if field.Example == nil || field.Refers != "" {
				continue
			}
			encoded, err := json.Marshal(field.Example)
			hasTag := strings.Contains(string(encoded), `"!`)
			if err != nil || field.Sensitive && !hasTag && len(encoded) > 2 {
				t.Errorf("%s.%s: %s is an example of a secret (%v)", kind.Model, field.Name, encoded, err)
			}
			if hasTag {
				continue
			}
			for _, problem := range field.Check(field.Name, field.Normalize(tree.FromJSON(field.Example))) {
				t.Errorf("%s.%s: %s: %s", kind.Model, field.Name, encoded, problem.Message)
			}
		}
	}
}

// Models and fields are completed.
func TestComplete(t *testing.T) {
	s := load(t)
	for word, want := range map[string]string{
		"applicatione":                  "applicationentitlement",
		"authentik_core.applicatio":     "authentik_core.application authentik_core.applicationentitlement",
		"application.pro":               "application.provider",
		"core.application.sl":           "core.application.slug",
		"OAuth2Provider.redirect_uris.": "OAuth2Provider.redirect_uris.matching_mode OAuth2Provider.redirect_uris.url",
		"nothing":                       "",
	} {
		if got := strings.Join(explain.Complete(s, word), " "); got != want {
			t.Errorf("%s: %s, want %s", word, got, want)
		}
	}
	if got, want := strings.Join(explain.CompleteCreatable(s, "event"), " "), "eventmatcherpolicy events.notificationrule events.notificationtransport events.notificationwebhookmapping"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
