package blueprint_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/tree"
)

// TestLiteralSecrets wants a warning of each secret that is written out, and none of
// what only stands in a sensitive field.
func TestLiteralSecrets(t *testing.T) {
	const (
		written = "the secret is written out in the blueprint: give it by !Env or !File, so that git doesn't hold it"
		quoted  = "this is text and not the tag !Env: leave the quotes out if the tag is meant"
		other   = "this is another tool's placeholder, which is mere text to aksync and to authentik: want "
	)
	secret := func(value string) string { return "client_secret: " + value }
	cloud := func(value string) string { return "credentials: " + value }
	for _, test := range []struct {
		model, attrs string
		want         []string // where, and what
	}{
		{providerModel, secret("hunter2"), []string{"client_secret: " + written}},
		{providerModel, secret("12345"), []string{"client_secret: " + written}},
		{providerModel, secret(`!Format ["%s-%s", hunter, 2]`), []string{"client_secret: " + written}},
		{providerModel, secret("!Context literal"), []string{"client_secret: " + written}},
		{providerModel, secret("!If [!Env MODE, hunter2, !Env APP_SECRET]"), []string{"client_secret: " + written}},
		{providerModel, secret("!Env [UNSET, hunter2]"), []string{"client_secret: " + written}},
		{providerModel, secret("!Env [APP_SECRET, hunter2]"), []string{"client_secret: " + written}},
		{providerModel, secret("!File [nothing, hunter2]"), []string{"client_secret: " + written}},
		{providerModel, secret("&a hunter2\n    client_id: *a"), []string{"client_secret: " + written}},
		{providerModel, secret(`"!Env APP_SECRET"`), []string{"client_secret: " + quoted}},
		{providerModel, secret("'!Env{APP_SECRET}'"), []string{"client_secret: " + quoted}},
		{providerModel, secret("|\n      !Env APP_SECRET"), []string{"client_secret: " + quoted}},
		{providerModel, secret(">-\n\n      !File /run/secrets/x"), []string{"client_secret: " + strings.Replace(quoted, "!Env", "!File", 1)}},
		{providerModel, secret(`" !Env APP_SECRET"`), []string{"client_secret: " + quoted}},
		{providerModel, secret(`"${APP_SECRET}"`), []string{"client_secret: " + other + "!Env APP_SECRET, unless that tool fills it in before"}},
		{providerModel, secret(`"{{ app.secret }}"`), []string{"client_secret: " + other + "!Env or !File, unless that tool fills it in before"}},
		{providerModel, secret("$ecret"), []string{"client_secret: " + written}},
		{cloudModel, cloud("{type: service_account, private_key_id: a, private_key: hunter2, token_uri: b}"), []string{"credentials.private_key: " + written}},
		{cloudModel, cloud("{users: [{user: {client-key-data: a, clientCertificateData: b}}], accessTokens: [a]}"),
			[]string{"credentials.users[0].user.client-key-data: " + written, "credentials.accessTokens[0]: " + written}},
		{cloudModel, cloud("{x: \"postgres://a:hunter2@db/a\", y: \"-----BEGIN PRIVATE KEY-----\"}"), []string{"credentials.x: " + written, "credentials.y: " + written}},
		{cloudModel, cloud(`!ParseJSON '{"password": "hunter2"}'`), []string{"credentials: " + written}},
		{cloudModel, cloud("{a: {password: !Format [\"%s\", hunter2]}}"), []string{"credentials.a.password: " + written}},

		{providerModel, secret("!Env APP_SECRET"), nil},
		{providerModel, secret(`!Format ["prefix-%s", !Env APP_SECRET]`), nil},
		{providerModel, secret("!Context hidden"), nil},
		{providerModel, secret(`""`), nil},
		{providerModel, "client_id: hunter2", nil},
		{providerModel, secret("!AtIndex [!FindObject [" + providerModel + ", [name, b]], client_secret]"), nil},
		{cloudModel, cloud("{type: service_account, public_key: a, password: \"\", token: null, key: 5, keyboard: x, enable-auth: \"true\"}"), nil},
		{cloudModel, cloud("{password: !Env APP_SECRET, list: [{token: !Context hidden}]}"), nil},
		{"authentik_crypto.certificatekeypair", "certificate_data: \"-----BEGIN CERTIFICATE-----\"", nil},
	} {
		text := "context: {hidden: !Env APP_SECRET, literal: hunter2}\nentries:\n- model: " + test.model + "\n  identifiers: {name: a}\n  attrs:\n    " + test.attrs + "\n"
		file := readAny(t, blueprint.Options{LookupEnv: markedVariables()}, text)
		var got []string
		for _, warning := range file.Warnings {
			got = append(got, strings.TrimPrefix(warning.Path, "entries[0].attrs.")+": "+warning.Message)
		}
		if diff := cmp.Diff(test.want, got); diff != "" || file.Status != tree.Valid {
			t.Errorf("%s\nit is %s: %q\n-want +got:\n%s", test.attrs, file.Status, messages(file.Problems), diff)
		}
		strict := readAny(t, blueprint.Options{LookupEnv: markedVariables(), NoLiteralSecrets: true}, text)
		var problems []string
		for _, problem := range strict.Problems {
			problems = append(problems, strings.TrimPrefix(problem.Path, "entries[0].attrs.")+": "+problem.Message)
		}
		if diff := cmp.Diff(test.want, problems); diff != "" {
			t.Errorf("%s\nas problems -want +got:\n%s", test.attrs, diff)
		}
	}
}

// TestLiteralSecretsInCUE wants the same of CUE, with words that fit it.
func TestLiteralSecretsInCUE(t *testing.T) {
	inFolder(t, map[string]string{"x.cue": `_secret: "hunter2"
entries: [
	{model: "` + providerModel + `", identifiers: name: "a", attrs: client_secret: _secret},
	{model: "` + providerModel + `", identifiers: name: "b", attrs: client_secret: "!File /run/secrets/b"},
	{model: "` + providerModel + `", identifiers: name: "c", attrs: client_secret: {"!Env": "APP_SECRET"}},
]
`})
	file := read(t, newReader(t, blueprint.Options{LookupEnv: markedVariables()}), ".").Files[0]
	want := []string{
		"x.cue:3:101: entries[0].attrs.client_secret: the secret is written out in the blueprint: give it by !Env or !File, so that git doesn't hold it",
		`x.cue:4:101: entries[1].attrs.client_secret: this is text and not the tag !File: want {"!File": …} if the tag is meant`,
	}
	if got := messages(file.Warnings); !slices.Equal(got, want) || file.Status != tree.Valid {
		t.Errorf("it is %s: %q\n%s", file.Status, messages(file.Problems), cmp.Diff(want, got))
	}
}
