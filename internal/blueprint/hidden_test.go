package blueprint_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/tree"
)

const (
	// marked is the value of what may hold a secret, and is to be seen nowhere.
	marked = "s3cr3t-mark"

	providerModel = "authentik_providers_oauth2.oauth2provider"
	cloudModel    = "authentik_providers_google_workspace.googleworkspaceprovider"
)

// markedVariables are an environment of secrets, by name and by value.
func markedVariables() func(string) (string, bool) {
	return environment(map[string]string{
		"APP_SECRET": marked, "APP_DB": "postgres://app:" + marked + "@db/app", "MODE": "on", "TLS_PEM": "certificate",
		"AUTHENTIK_TOKEN": marked, "AKSYNC_METRICS_PASSWORD": marked,
	})
}

// entryOf is one entry of a provider with identifiers, attrs and what else is given.
func entryOf(model, identifiers, attrs, more string) string {
	return "context: {hidden: !Env APP_SECRET, reference: !Find [authentik_flows.flow, [slug, x]]}\nentries:\n- model: " + model + "\n" + more +
		"  identifiers: {" + identifiers + "}\n  attrs:\n    " + attrs + "\n"
}

// shown is everything of a file that is shown to somebody.
func shown(file *blueprint.File) string {
	s := append(messages(file.Problems), messages(file.Warnings)...)
	for _, e := range slices.Concat(file.Entries, file.Silent) {
		for _, p := range slices.Concat(e.Identifiers, e.Attrs) {
			if name := p.Name(); name != "client_secret" && name != "credentials" && name != "key" {
				s = append(s, fmt.Sprint(p.Value.Plain()))
			}
		}
		s = append(s, fmt.Sprint(tree.Value{Data: e.Conditions}.Plain(), e.State.Data, e.Model))
	}
	return strings.Join(s, "\n")
}

// TestSecretsByPlace wants what may hold a secret to get into sensitive fields and
// nowhere else.
func TestSecretsByPlace(t *testing.T) {
	const env = "!Env APP_SECRET"
	for _, test := range []struct {
		text string
		want string // in a problem; none where it is taken
	}{
		// Sensitive fields, whatever is around the variable.
		{entryOf(providerModel, "name: a", "client_secret: "+env, ""), ""},
		{entryOf(providerModel, "name: a", "client_secret: !Env APP_DB", ""), ""},
		{entryOf(providerModel, "name: a", "client_secret: !Env [APP_SECRET, null]", ""), ""},
		{entryOf(providerModel, "name: a", "client_secret: !Context hidden", ""), ""},
		{entryOf(providerModel, "name: a", `client_secret: !Format ["%s/%s", !Env APP_SECRET, !Context hidden]`, ""), ""},
		{entryOf(providerModel, "name: a", "client_secret: !If [true, !Env APP_SECRET, x]", ""), ""},
		{entryOf(providerModel, "name: a", "client_secret: !AtIndex [!If [true, [!Env APP_SECRET]], 0]", ""), "!If can't take"},
		{entryOf(providerModel, "name: a", "client_secret: !AtIndex [!If [true, [!Env APP_SECRET], []], 0]", ""), ""},
		{entryOf(cloudModel, "name: a", "credentials: {deep: [{key: !Env APP_SECRET}], db: !Env APP_DB}", ""), ""},
		{entryOf(cloudModel, "name: a", "credentials: {list: !Enumerate [[a, b], SEQ, !Format [\"%s%s\", !Value 0, !Env APP_SECRET]]}", ""), ""},
		{entryOf(cloudModel, "name: a", "credentials: !Enumerate [[a, b], MAP, [!Value 0, !Env APP_SECRET]]", ""), ""},
		{entryOf(cloudModel, "name: a", "credentials: !Enumerate [[a, b], MAP, {k: !Env APP_SECRET}]", ""), ""},
		{entryOf("authentik_enterprise.license", "key: !Env APP_SECRET", "{}", ""), ""},
		{"x: &a {client_secret: !Env APP_SECRET}\nentries:\n- {model: " + providerModel + ", identifiers: {name: a}, attrs: {<<: *a, client_id: b}}\n", "unknown field"},

		// Other fields, of the same entry too.
		{entryOf(providerModel, "name: a", "{client_secret: !Env APP_SECRET, client_id: !Env APP_SECRET}", ""),
			"attrs.client_id: environment variable APP_SECRET may not be read here, since its name looks like a secret's and the field client_id is shown in plans: want it in a sensitive field, or allow it with --env-allow APP_SECRET"},
		{entryOf(providerModel, "name: a", "client_id: !Env APP_DB", ""), "looks like an address with a password in it and the field client_id is shown"},
		{entryOf(providerModel, "name: a", "client_id: !Context hidden", ""), "x.yaml:1:19: entries[0].attrs.client_id: environment variable APP_SECRET may not be read here"},
		{entryOf(providerModel, "name: a", `client_id: !Format ["%s", !Env APP_SECRET]`, ""), "the field client_id is shown"},
		{entryOf(providerModel, "name: a", "client_id: !If [true, !Env APP_SECRET, x]", ""), "the field client_id is shown"},
		{entryOf(providerModel, "name: a", "client_id: !If [!Env APP_SECRET, a, b]", ""), "the field client_id is shown"},
		{entryOf(providerModel, "name: a", "redirect_uris: [{matching_mode: strict, url: !Env APP_SECRET}]", ""), "the field redirect_uris is shown"},
		{entryOf(providerModel, "name: a", "redirect_uris: !Enumerate [[a], SEQ, {matching_mode: strict, url: !Env APP_SECRET}]", ""), "the field redirect_uris is shown"},
		{entryOf(providerModel, "name: a", "nothing_such: !Env APP_SECRET", ""), "the field nothing_such is shown"},
		{entryOf(providerModel, "name: !Env APP_SECRET", "client_id: a", ""), "identifiers.name: environment variable"},
		{entryOf(providerModel, "name: a", "authorization_flow: !Find [authentik_flows.flow, [slug, !Env APP_SECRET]]", ""), "environment variable APP_SECRET may not be read here"},
		{entryOf(providerModel, "name: a", `client_id: !Format ["%s%s", !Context reference, !Env APP_SECRET]`, ""), "the field client_id is shown"},

		// What is no field at all.
		{entryOf(providerModel, "name: a", "client_id: a", "  state: !Env APP_SECRET\n"), "what stands here is no sensitive field"},
		{entryOf("!Env APP_SECRET", "name: a", "client_id: a", ""), "what stands here is no sensitive field"},
		{entryOf(providerModel, "name: a", "client_id: a", "  conditions: [!Env APP_SECRET]\n"), "what stands here is no sensitive field"},
		{entryOf(providerModel, "name: a", "client_id: a", "  conditions: [!Condition [AND, !Env APP_SECRET]]\n"), "what stands here is no sensitive field"},
		{entryOf("authentik_blueprints.metaapplyblueprint", "{}", "identifiers: {name: !Env APP_SECRET}", ""), "environment variable APP_SECRET may not be read here"},

		// What would show something of it, in a sensitive field.
		{entryOf(providerModel, "name: a", "client_secret: !If [!Env APP_SECRET, a, b]", ""), "the condition of !If would show something of it"},
		{entryOf(providerModel, "name: a", "client_secret: !If [!Condition [AND, !Env APP_SECRET], a, b]", ""), "the condition of !If would show"},
		{entryOf(cloudModel, "name: a", "credentials: {x: !Condition [AND, !Env APP_SECRET]}", ""), "!Condition would show something of it"},
		{entryOf(cloudModel, "name: a", "credentials: {x: !Enumerate [!Env APP_SECRET, SEQ, !Value 0]}", ""), "what !Enumerate goes through would show"},
		{entryOf(cloudModel, "name: a", "credentials: !Enumerate [[a], MAP, [!Env APP_SECRET, !Value 0]]", ""), "a key would show something of it"},
		{entryOf(cloudModel, "name: a", "credentials: !Enumerate [[a], MAP, !If [true, [!Env APP_SECRET, x], []]]", ""), "what !Enumerate takes keys from"},
		{entryOf(cloudModel, "name: a", "credentials: {x: !AtIndex [{a: b}, !Env APP_SECRET]}", ""), "the index of !AtIndex would show something of it"},
		{entryOf(cloudModel, "name: a", "credentials: {x: !Find [authentik_flows.flow, [slug, !Env APP_SECRET]]}", ""), "a lookup by !Find would show something of it"},
		{entryOf(cloudModel, "name: a", "credentials: {x: !Find [authentik_flows.flow, [!Env APP_SECRET, x]]}", ""), "a lookup by !Find would show something of it"},
		{entryOf(cloudModel, "name: a", "credentials: {!Env APP_SECRET: x}", ""), "can't be a key"},

		// aksync's own.
		{entryOf(providerModel, "name: a", "client_secret: !Env AUTHENTIK_TOKEN", ""), "AUTHENTIK_TOKEN may never be read: it holds the token"},
		{entryOf(providerModel, "name: a", "client_secret: !Env AKSYNC_METRICS_PASSWORD", ""), "may never be read: it is one of aksync's own settings"},
	} {
		file := readAny(t, blueprint.Options{LookupEnv: markedVariables()}, test.text)
		text := shown(file)
		taken := file.Status == tree.Valid
		if strings.Contains(text, marked) || taken != (test.want == "") || !strings.Contains(text, test.want) {
			t.Errorf("%s\nit is %s; shown is:\n%s\nwant %q", test.text, file.Status, text, test.want)
		}
	}
}

// TestSecretsInCUE wants the same of tags in CUE, which no secret is sent to.
func TestSecretsInCUE(t *testing.T) {
	for field, want := range map[string]string{
		`client_secret: {"!Env": "APP_SECRET"}`:                      "",
		`client_secret: {"!Format": ["%s", {"!Env": "APP_SECRET"}]}`: "",
		`client_secret: a.#Env & {#name: "APP_SECRET"}`:              "",
		`client_id: {"!Env": "APP_SECRET"}`:                          "entries[0].attrs.client_id: environment variable APP_SECRET may not be read here",
		`client_id: a.#Env & {#name: "APP_SECRET"}`:                  "the field client_id is shown in plans",
		`client_secret: "` + marked + `" & "other"`:                  "is not shown: give it a value",
		`client_secret: _hidden, _hidden: "` + marked + `" & "b"`:    `conflicting values`,
		`client_secret: {"!` + marked + `": "x"}`:                    "unknown tag that is not shown",
	} {
		inFolder(t, map[string]string{"x.cue": "import a \"github.com/aksync/aksync/schema\"\n_x: a.#UUID\nentries: [{model: \"" + providerModel + "\", identifiers: name: \"a\", attrs: {" + field + "}}]\n"})
		reader := newReader(t, blueprint.Options{LookupEnv: markedVariables(), CUEWorker: worker(t)})
		file := read(t, reader, ".").Files[0]
		if text := shown(file); strings.Contains(text, marked) || (file.Status == tree.Valid) != (want == "") || !strings.Contains(text, want) {
			t.Errorf("%s: it is %s; shown is:\n%s", field, file.Status, text)
		}
	}
}

// TestEnvAllowIsExclusive wants a list of variables to be all that is read, and what
// it names to go anywhere.
func TestEnvAllowIsExclusive(t *testing.T) {
	for _, test := range []struct {
		field, allow string
		taken        bool
	}{
		{"client_id: !Env APP_SECRET", "APP_*", true},
		{"client_id: !Env APP_DB", "APP_*", true},
		{"client_secret: !Env APP_SECRET", "APP_*", true},
		{"client_secret: !Env APP_SECRET", "MODE", false},
		{"client_id: !Env MODE", "APP_*", false},
		{"client_secret: !Env AKSYNC_METRICS_PASSWORD", "AKSYNC_*", false},
		{"client_secret: !Env AUTHENTIK_TOKEN", "*", false},
	} {
		options := blueprint.Options{LookupEnv: markedVariables(), EnvAllow: []string{test.allow}}
		if file := readAny(t, options, entryOf(providerModel, "name: a", test.field, "")); (file.Status == tree.Valid) != test.taken {
			t.Errorf("%s with %s: %q", test.field, test.allow, messages(file.Problems))
		}
	}
}

// TestOneInvalidFile wants a secret in a wrong place to stop its own file alone.
func TestOneInvalidFile(t *testing.T) {
	inFolder(t, map[string]string{
		"a.yaml": entryOf(providerModel, "name: a", "{client_secret: !Env APP_SECRET, client_id: !Env APP_SECRET}", ""),
		"b.yaml": entryOf(providerModel, "name: b", "client_secret: !Env APP_SECRET", ""),
	})
	set := read(t, newReader(t, blueprint.Options{LookupEnv: markedVariables()}), ".")
	if a, b := set.Files[0], set.Files[1]; a.Status != tree.Invalid || len(a.Problems) != 1 || b.Status != tree.Valid {
		t.Errorf("got:\n%s", describe(set))
	}
}

// TestSecretsByChance wants a secret that stands anywhere in an expression to be in
// nothing that is shown, offline and when references are answered, though the same
// expression is that of a sensitive field.
func TestSecretsByChance(t *testing.T) {
	inFolder(t, nil)
	reader := newReader(t, blueprint.Options{LookupEnv: markedVariables()})
	rapid.Check(t, func(r *rapid.T) {
		secret := rapid.SampledFrom([]string{"!Env APP_SECRET", "!Env APP_DB", "!Context hidden", `!Format ["%s", !Env APP_SECRET]`})
		expression := chance{r}.value(rapid.IntRange(1, 4).Draw(r, "depth"))
		for _, leaf := range []string{"!Env SET", "true", "!Context foo", `"it's"`, "!Value 1"} {
			if strings.Contains(expression, leaf) && rapid.Bool().Draw(r, "marked") {
				expression = strings.Replace(expression, leaf, secret.Draw(r, "secret"), 1)
			}
		}
		expression = withTags(expression)
		hiddenPlace := rapid.SampledFrom([]string{"credentials: {a: EXPRESSION, b: EXPRESSION}", "credentials: EXPRESSION"}).Draw(r, "hidden")
		openPlace := rapid.SampledFrom([]string{"delegated_subject: EXPRESSION", "default_group_email_domain: EXPRESSION", "filter_group: EXPRESSION", "credentials: {c: !Env APP_SECRET}"}).Draw(r, "open")
		text := "context:\n    hidden: !Env APP_SECRET\n    foo: bar\n    seq: [a, b]\n    map: {k: v}\n    list_of_maps: [{k: v}]\n" + known + "entries:\n"
		for i, attrs := range []string{hiddenPlace, openPlace} {
			text += fmt.Sprintf("- model: %s\n  identifiers: {name: a%d}\n  attrs: {%s}\n", cloudModel, i, strings.ReplaceAll(attrs, "EXPRESSION", expression))
		}
		write(t, "x.yaml", text)
		file := read(t, reader, ".").Files[0]
		seen := shown(file)
		for _, e := range file.Entries {
			for _, p := range e.Attrs {
				for _, reference := range p.Value.References() {
					seen += fmt.Sprint(reference.Where)
				}
				value, err := p.Value.Resolve((&madeUp{}).lookup)
				if err != nil {
					seen += err.Error()
				} else if p.Name() != "credentials" {
					seen += fmt.Sprint(value.Plain())
				}
			}
		}
		if strings.Contains(seen, marked) {
			r.Fatalf("%s\nshown is:\n%s", text, seen)
		}
	})
}
