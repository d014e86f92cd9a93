package export_test

import (
	"bytes"
	"flag"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/export"
	"github.com/aksync/aksync/schema"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	stageModel          = "authentik_stages_password.passwordstage"
	identificationModel = "authentik_stages_identification.identificationstage"
	flowModel           = "authentik_flows.flow"
	thingModel          = "a_test.thing"
)

// things are a kind whose objects hold anything and refer to each other.
const things = `package schema

kinds: "a_test.thing": {
	title:   "thing"
	managed: true
	path:    "test/things"
	key:     "name"
	fields: {
		name: {type: "text", min: 1, required: true}
		anything: {type: "json", nullable: true, default: null}
		next: {type: "uuid", nullable: true, refers: "a_test.thing", default: null}
		stages: {type: "list", element: type: "uuid", refers: "authentik_stages_password.passwordstage", set: true, default: []}
		schema: {type: "text", want: "text in a field whose name hides the package", default: ""}
	}
	readOnly: pk: type: "uuid"
}
`

// Compiling the schema costs more than most tests: they share it.
var (
	ownSchema  = sync.OnceValues(func() (*schema.Schema, error) { return schema.Load() })
	moreSchema = sync.OnceValues(func() (*schema.Schema, error) {
		return schema.Load(fstest.MapFS{"thing.cue": {Data: []byte(things)}})
	})
)

func loaded(t testing.TB, load func() (*schema.Schema, error)) *schema.Schema {
	t.Helper()
	s, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// seeded is a server with what a fresh authentik holds.
func seeded(t rapid.TB, s *schema.Schema) *devserver.Server {
	t.Helper()
	return fresh(t, s, devserver.DefaultVersion)
}

func put(t testing.TB, server *devserver.Server, model string, fields map[string]any) string {
	t.Helper()
	pk, err := server.Put(model, "", fields)
	if err != nil {
		t.Fatal(err)
	}
	return pk
}

// live gives all objects of a server, by model.
func live(s *schema.Schema, server *devserver.Server) map[string][]schema.Object {
	objects := map[string][]schema.Object{}
	for _, kind := range s.Kinds() {
		objects[kind.Model] = server.All(kind.Model)
	}
	return objects
}

func flowPK(t testing.TB, server *devserver.Server, slug string) string {
	t.Helper()
	for _, flow := range server.All(flowModel) {
		if flow["slug"] == slug {
			pk, _ := flow[schema.PK].(string)
			return pk
		}
	}
	t.Fatalf("there is no flow %s", slug)
	return ""
}

func write(t testing.TB, s *schema.Schema, objects map[string][]schema.Object, o export.Options) string {
	t.Helper()
	var text bytes.Buffer
	if err := export.Write(&text, s, "1.2.3", objects, o); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// furniture are the models of which furnished has objects of its own.
var furniture = []string{stageModel, identificationModel, thingModel}

// furnished is a server with objects of several kinds that refer to each other.
func furnished(t testing.TB, s *schema.Schema) *devserver.Server {
	t.Helper()
	server := seeded(t, s)
	second := put(t, server, stageModel, map[string]any{
		"name": "yes", "backends": []any{"authentik.sources.ldap.auth.LDAPBackend", "authentik.core.auth.TokenBackend"},
		"configure_flow": flowPK(t, server, "default-password-change"), "failed_attempts_before_cancel": int64(-1), "allow_show_password": true,
	})
	put(t, server, identificationModel, map[string]any{"name": "who: #1", "user_fields": []any{"email", "username"}, "password_stage": second})
	last := put(t, server, thingModel, map[string]any{"name": "z", "anything": map[string]any{"!Find": []any{1.5, 1e21, nil, "2024-01-01"}}, "stages": []any{second}})
	put(t, server, thingModel, map[string]any{"name": "a", "next": last, "schema": "x", "anything": map[string]any{"b": map[string]any{}, "on": []any{}, "!x": "~"}})
	return server
}

func TestGolden(t *testing.T) {
	s := loaded(t, moreSchema)
	objects := live(s, furnished(t, s))
	for name, o := range map[string]export.Options{
		"export.yaml": {Server: "2025.10.4", Models: furniture},
		"full.yaml":   {Full: true, Models: []string{stageModel}},
		"export.cue":  {Format: export.CUE, Server: "2025.10.4", Models: furniture},
		"full.cue":    {Format: export.CUE, Full: true, Models: []string{stageModel}},
	} {
		t.Run(name, func(t *testing.T) {
			golden(t, filepath.Join("testdata", name), write(t, s, objects, o))
		})
	}
}

func TestSelection(t *testing.T) {
	s := loaded(t, moreSchema)
	server := furnished(t, s)
	if err := server.Bind(stageModel, server.All(stageModel)[1]["pk"].(string), flowPK(t, server, "default-password-change"), 5); err != nil {
		t.Fatal(err)
	}
	objects := live(s, server)
	for _, tt := range []struct {
		name string
		o    export.Options
		want []string
		err  string
	}{
		{"by glob", export.Options{Names: []string{"default-*", "z"}, Models: []string{stageModel, thingModel}}, []string{"default-authentication-password", "z"}, ""},
		{"by glob and model", export.Options{Names: []string{"*"}, Models: []string{"A_test.Thing"}}, []string{"z", "a"}, ""},
		{"a glob of nothing", export.Options{Names: []string{"yess"}}, nil, `no object that can be exported has a name that matches "yess": did you mean "yes"?`},
		{"no glob", export.Options{Names: []string{"["}}, nil, `the name "[" is no glob: syntax error in pattern`},
		{"no model", export.Options{Models: []string{"authentik_stages_password.passwordstages"}}, nil,
			`"authentik_stages_password.passwordstages" is no model that can be exported: did you mean "authentik_stages_password.passwordstage"?`},
		{"a model that is looked up only", export.Options{Models: []string{"authentik_core.provider"}}, nil,
			`"authentik_core.provider" is no model that can be exported: want one that is based on it, such as authentik_providers_google_workspace.googleworkspaceprovider`},
		{"a model that is left alone", export.Options{Models: []string{"authentik_events.event"}}, nil, `"authentik_events.event" is no model that can be exported: an entry of the log`},
		{"a model that nobody knows", export.Options{Models: []string{"customers.customer"}}, nil, `"customers.customer" is no model that can be exported: aksync does not know it`},
		{"no format", export.Options{Format: "yml"}, nil, `"yml" is no format of a blueprint: did you mean "yaml"?`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var text bytes.Buffer
			err := export.Write(&text, s, "1.2.3", objects, tt.o)
			if (err != nil) != (tt.err != "") || err != nil && !strings.HasPrefix(err.Error(), tt.err) {
				t.Fatalf("the error is %v, want %q", err, tt.err)
			}
			if err != nil && text.Len() > 0 {
				t.Errorf("an error, and %q is written", text.String())
			}
			var got []string
			for line := range strings.Lines(text.String()) {
				if name, isName := strings.CutPrefix(strings.TrimSpace(line), "name: "); isName {
					got = append(got, name)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The order in which a server lists does not show.
func TestOrder(t *testing.T) {
	s := loaded(t, moreSchema)
	objects := live(s, furnished(t, s))
	want := write(t, s, objects, export.Options{})
	for _, list := range objects {
		for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
			list[i], list[j] = list[j], list[i]
		}
	}
	if diff := cmp.Diff(want, write(t, s, objects, export.Options{})); diff != "" {
		t.Errorf("backwards (-want +got):\n%s", diff)
	}
}

// Objects that refer to each other in a circle are all written.
func TestCircle(t *testing.T) {
	s := loaded(t, moreSchema)
	server := seeded(t, s)
	a := put(t, server, thingModel, map[string]any{"name": "a"})
	b := put(t, server, thingModel, map[string]any{"name": "b", "next": a})
	if _, err := server.Put(thingModel, a, map[string]any{"name": "a", "next": b}); err != nil {
		t.Fatal(err)
	}
	text := write(t, s, live(s, server), export.Options{Models: []string{thingModel}})
	for _, want := range []string{"[a_test.thing, [name, a]]", "[a_test.thing, [name, b]]"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in\n%s", want, text)
		}
	}
}

func TestBrokenObjects(t *testing.T) {
	s := loaded(t, ownSchema)
	for _, tt := range []struct {
		name    string
		change  func(stage schema.Object)
		options export.Options
		want    string
	}{
		{"a field is missing", func(o schema.Object) { delete(o, "backends") }, export.Options{},
			`the password stage "default-authentication-password": the server's answer is not as aksync knows it: it has no backends`},
		{"a value is unknown", func(o schema.Object) { o["backends"] = []any{"new.Backend"} }, export.Options{},
			`the password stage "default-authentication-password": the server's answer is not as aksync knows it: backends: "new.Backend" is not known`},
		{"no name", func(o schema.Object) { o["name"] = nil }, export.Options{Names: []string{"default-*"}},
			`the password stage with the pk 00000000-`},
		{"a name that would be trimmed", func(o schema.Object) { o["name"] = " x" }, export.Options{},
			`the password stage " x": name is " x", which can't be declared: the server would make "x" of it`},
		{"a flow that is not listed", func(o schema.Object) { o["configure_flow"] = "00000000-0000-4000-8000-000000000bad" }, export.Options{},
			`the password stage "default-authentication-password": configure_flow: refers to the flow with the pk 00000000-0000-4000-8000-000000000bad, which the server does not list`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			objects := live(s, seeded(t, s))
			stage := objects[stageModel][0]
			stage[schema.PK] = "00000000-0000-4000-8000-000000000001"
			tt.change(stage)
			var text bytes.Buffer
			err := export.Write(&text, s, "1.2.3", objects, tt.options)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("the error is %v, want %s", err, tt.want)
			}
			if text.Len() > 0 {
				t.Errorf("%q is written", text.String())
			}
		})
	}
}

// A flow whose slug is not as the schema knows it can't be referred to.
func TestBrokenTarget(t *testing.T) {
	s := loaded(t, ownSchema)
	server := seeded(t, s)
	put(t, server, stageModel, map[string]any{
		"name": "a", "backends": []any{"authentik.core.auth.InbuiltBackend"}, "configure_flow": flowPK(t, server, "default-password-change")})
	objects := live(s, server)
	for _, flow := range objects[flowModel] {
		flow["slug"] = "no slug"
	}
	err := export.Write(&bytes.Buffer{}, s, "1.2.3", objects, export.Options{})
	if want := "which is not as aksync knows it: slug: "; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the error is %v, want %s", err, want)
	}
}

// What a server says of its version ends no comment.
func TestHeader(t *testing.T) {
	s := loaded(t, ownSchema)
	for _, format := range []string{export.YAML, export.CUE} {
		text := write(t, s, map[string][]schema.Object{}, export.Options{Format: format, Server: "2025.10.4\nentries: [1]\u2028"})
		first, rest, _ := strings.Cut(text, "\n")
		if !strings.HasSuffix(first, "Exported by aksync 1.2.3 from authentik 2025.10.4entries:[1].") || strings.Contains(rest, "[1]") {
			t.Errorf("%s begins with %s", format, text)
		}
	}
}

func TestNeeds(t *testing.T) {
	s := loaded(t, moreSchema)
	for _, tt := range []struct {
		o    export.Options
		want []string
	}{
		{export.Options{Models: []string{thingModel}}, []string{thingModel, stageModel}},
		{export.Options{Models: []string{stageModel}}, []string{flowModel, stageModel}},
		{export.Options{Models: []string{"authentik_flows.flowstagebinding"}}, []string{flowModel, "authentik_flows.flowstagebinding", "authentik_flows.stage"}},
		{export.Options{Models: []string{"authentik_providers_oauth2.oauth2provider"}}, []string{
			"authentik_core.propertymapping", "authentik_core.provider", "authentik_crypto.certificatekeypair", flowModel, "authentik_providers_oauth2.oauth2provider", "authentik_sources_oauth.oauthsource"}},
	} {
		got, err := export.Needs(s, tt.o)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", tt.o, diff)
		}
	}
	if _, err := export.Needs(s, export.Options{Names: []string{"["}}); err == nil {
		t.Error("a glob that is none is taken")
	}
}
