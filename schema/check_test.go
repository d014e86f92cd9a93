package schema_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

const stageModel = "authentik_stages_password.passwordstage"

func load(t testing.TB, more ...string) *schema.Schema {
	t.Helper()
	s, err := loadMore(more...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func loadMore(more ...string) (*schema.Schema, error) {
	files := fstest.MapFS{}
	for i, text := range more {
		files[string(rune('a'+i))+".cue"] = &fstest.MapFile{Data: []byte(text)}
	}
	return schema.Load(files)
}

// value makes a Value of JSON; places count columns of the text.
func value(t testing.TB, text string) tree.Value {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var data any
	if err := decoder.Decode(&data); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return tree.FromJSON(data)
}

// mapping makes a Map of a JSON object.
func mapping(t testing.TB, text string) tree.Map {
	t.Helper()
	m, _ := value(t, text).Data.(tree.Map)
	return m
}

func messages(problems tree.Problems) []string {
	list := []string{}
	for _, problem := range problems {
		list = append(list, problem.Error())
	}
	return list
}

func TestCheckEntry(t *testing.T) {
	const backendNames = "authentik.core.auth.InbuiltBackend, authentik.core.auth.TokenBackend, " +
		"authentik.sources.ldap.auth.LDAPBackend, authentik.sources.kerberos.auth.KerberosBackend"
	tests := []struct {
		identifiers, attrs, state string
		want                      []string
	}{
		{`{"name": "a"}`, `{"backends": ["authentik.core.auth.InbuiltBackend"], "configure_flow": null,
			"failed_attempts_before_cancel": -1, "allow_show_password": true}`, "present", []string{}},
		{`{"pk": "5688b68c-3db1-45e7-ada1-b4d62bbd2bcb"}`, `{"name": "a"}`, "present", []string{}},
		{`{}`, `{}`, "present", []string{"entries[0].identifiers: nothing says which password stage is meant: want name or pk in identifiers"}},
		{`{"pk": "7"}`, `{}`, "present", []string{`entries[0].identifiers.pk: "7" is not taken here: want a uuid`}},
		{`{"nam": "a"}`, `{}`, "present", []string{`entries[0].identifiers.nam: a password stage can't be found by "nam": did you mean "name"?`}},
		{`{"failed_attempts_before_cancel": "5", "allow_show_password": true, "backends": ["authentik.core.auth.InbuiltBackend"]}`, `{}`, "present", []string{}},
		{`{"failed_attempts_before_cancel": 5.0, "allow_show_password": "True"}`, `{}`, "present", []string{}},
		{`{"failed_attempts_before_cancel": "5.0", "allow_show_password": "no", "configure_flow": ""}`, `{}`, "present", []string{
			`entries[0].identifiers.allow_show_password: "no" is not taken here: want true or false`,
			`entries[0].identifiers.configure_flow: "" is not taken here: want a reference to a flow (!Find [authentik_flows.flow, [slug, …]]), its uuid, or null`,
			`entries[0].identifiers.failed_attempts_before_cancel: "5.0" is not taken here: want a whole number from -2147483648 to 2147483647`}},
		{`{"failed_attempts_before_cancel": "many"}`, `{}`, "present", []string{
			`entries[0].identifiers.failed_attempts_before_cancel: "many" is not taken here: want a whole number from -2147483648 to 2147483647`}},
		{`{"failed_attempts_before_cancel": 5}`, `{"failed_attempts_before_cancel": 3}`, "present", []string{
			`entries[0].attrs.failed_attempts_before_cancel: is 3, but identifiers say 5: to change it find the password stage by name or pk`}},
		{`{"backends": ["authentik.core.auth.TokenBackend"]}`, `{"backends": ["authentik.core.auth.TokenBackend"]}`, "present", []string{
			`entries[0].attrs.backends: stands in identifiers too, and authentik would join the two lists: want it in one of them`}},
		{`{"component": "x", "flow_set": []}`, `{}`, "present", []string{
			`entries[0].identifiers.component: a password stage can't be found by component, which authentik makes for the answer only: want name or pk`,
			`entries[0].identifiers.flow_set: a password stage can't be found by flow_set, which authentik makes for the answer only: want name or pk`}},
		{`{"name__iexact": "a"}`, `{}`, "present", []string{`entries[0].identifiers.name__iexact: a password stage can't be found by "name__iexact"` +
			` (aksync knows no lookups such as __iexact: want name itself): want one of name, backends, configure_flow, failed_attempts_before_cancel, allow_show_password, pk`}},
		{`{"name": " a\u00a0"}`, `{"name": " a "}`, "present", []string{
			`entries[0].identifiers.name: " a\u00a0" has white space at its ends, which the server trims, and so never finds it: want "a"`}},
		{`{"name": "a"}`, `{"backends": 5, "x": 1}`, "absent", []string{}},
		{`{"x": 5}`, `{}`, "absent", []string{
			`entries[0].identifiers.x: a password stage can't be found by "x": want one of name, backends, configure_flow, failed_attempts_before_cancel, allow_show_password, pk`}},
		{`{"name": ""}`, `{}`, "present", []string{`entries[0].identifiers.name: "" is not taken here: want text that is not blank and holds no NUL`}},
		{`{"name": "  "}`, `{}`, "present", []string{`entries[0].identifiers.name: "  " is not taken here: want text that is not blank and holds no NUL`}},
		{`{"name": "a\u0000b"}`, `{}`, "present", []string{`entries[0].identifiers.name: "a\x00b" is not taken here: want text that is not blank and holds no NUL`}},
		{`{"name": "a"}`, `{"name": "b"}`, "present", []string{`entries[0].attrs.name: is "b", but identifiers say "a": to rename a password stage find it by pk`}},
		{`{"name": "a"}`, `{"bakends": []}`, "present", []string{`entries[0].attrs.bakends: unknown field "bakends": did you mean "backends"?`}},
		{`{"name": "a"}`, `{"x": 1}`, "present", []string{`entries[0].attrs.x: unknown field "x": want one of name, backends, configure_flow, failed_attempts_before_cancel, allow_show_password`}},
		{`{"name": "a"}`, `{"component": "x"}`, "present", []string{`entries[0].attrs.component: component can't be set: the server computes it: leave it out`}},
		{`{"name": "a"}`, `{"flow_set": []}`, "present", []string{
			`entries[0].attrs.flow_set: flow_set can't be set: the server can't take it (it answers 400 or an empty 405): ` +
				`leave it out and bind the stage in an entry of authentik_flows.flowstagebinding`}},
		{`{"name": "a"}`, `{"backends": []}`, "present", []string{`entries[0].attrs.backends: an empty list is not taken here: want a list of at least one backend`}},
		{`{"name": "a"}`, `{"backends": "x"}`, "present", []string{`entries[0].attrs.backends: "x" is not taken here: want a list of at least one backend`}},
		{`{"name": "a"}`, `{"backends": ["authentik.core.auth.InbuildBackend", 7, "x"]}`, "present", []string{
			`entries[0].attrs.backends[0]: "authentik.core.auth.InbuildBackend" is not known: did you mean "authentik.core.auth.InbuiltBackend"?`,
			`entries[0].attrs.backends[1]: "7" is not known: want one of ` + backendNames,
			`entries[0].attrs.backends[2]: "x" is not known: want one of ` + backendNames}},
		{`{"name": "a"}`, `{"failed_attempts_before_cancel": 2147483648}`, "present", []string{
			`entries[0].attrs.failed_attempts_before_cancel: 2147483648 is not taken here: want a whole number from -2147483648 to 2147483647`}},
		{`{"name": "a"}`, `{"failed_attempts_before_cancel": 1.5, "allow_show_password": null}`, "present", []string{
			`entries[0].attrs.allow_show_password: null is not taken here: want true or false`,
			`entries[0].attrs.failed_attempts_before_cancel: 1.5 is not taken here: want a whole number from -2147483648 to 2147483647`}},
		{`{"name": "a"}`, `{"configure_flow": "default-password-change"}`, "present", []string{
			`entries[0].attrs.configure_flow: "default-password-change" is not taken here: want a reference to a flow (!Find [authentik_flows.flow, [slug, …]]), its uuid, or null`}},
		{`{"name": "a"}`, `{}`, "presnt", []string{`entries[0].state: "presnt" is not known: did you mean "present"?`}},
		{`{"name": "a"}`, `{}`, "must_created", []string{`entries[0].attrs: backends is missing: want a list of at least one backend`}},
	}
	s := load(t)
	for _, tt := range tests {
		entry := s.Kind(stageModel).Normalize(tree.Entry{
			Path: "entries[0]", Model: stageModel, State: tree.Value{Data: tt.state},
			Identifiers: mapping(t, tt.identifiers), Attrs: mapping(t, tt.attrs),
		})
		if diff := cmp.Diff(tt.want, messages(s.CheckEntry(entry))); diff != "" {
			t.Errorf("%s %s %s (-want +got):\n%s", tt.identifiers, tt.attrs, tt.state, diff)
		}
	}
}

// What has no name is found by its primary key only.
func TestCheckRenamedDevice(t *testing.T) {
	const model = "authentik_stages_authenticator_totp.totpdevice"
	s := load(t)
	entry := s.Kind(model).Normalize(tree.Entry{
		Path: "entries[0]", Model: model, State: tree.Value{Data: "present"},
		Identifiers: mapping(t, `{"name": "old"}`), Attrs: mapping(t, `{"name": "phone"}`),
	})
	want := []string{`entries[0].attrs.name: is "phone", but identifiers say "old": to change it find the TOTP device by pk`}
	if diff := cmp.Diff(want, messages(s.CheckEntry(entry))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The shapes of a blueprint's own parts are checked by the same words.
func TestCheckShape(t *testing.T) {
	s := load(t)
	got := messages(s.Blueprint.Check("", tree.Place{File: "f", Line: 1, Column: 1}, mapping(t, `{"version": 2, "enties": []}`)))
	want := []string{
		`enties: unknown field "enties": did you mean "entries"?`,
		`version: 2 is not taken here: want 1, the only version there is`,
		`f:1:1: entries is missing: want a list of entries, or a mapping of lists of them`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCheckVersion(t *testing.T) {
	field := load(t).Kind(stageModel).Fields.Field("backends")
	backends := value(t, `["authentik.core.auth.InbuiltBackend", "authentik.sources.kerberos.auth.KerberosBackend"]`)
	for version, wrong := range map[string]bool{
		"2024.8.3": true, "2023.12.0": true, "2024.10.0": false, "2024.12.5": false, "2025.2.1": false, "": false, "main": false,
	} {
		if got := field.CheckVersion("backends", backends, version); (len(got) > 0) != wrong {
			t.Errorf("version %q: %v, want a problem: %t", version, got, wrong)
		}
	}
}

// A permission that a version has not got is named; between two versions that are known
// it may be there.
func TestLackingPermission(t *testing.T) {
	s := load(t)
	for _, test := range []struct{ name, version, want string }{
		{"authentik_core.assign_user_permissions", "2025.12", ""},
		{"authentik_core.assign_user_permissions", "2026.2", "authentik_core.assign_user_permissions is gone since authentik 2026.2: this one is 2026.2"},
		{"authentik_core.assign_user_permissions", "2027.1.0", "authentik_core.assign_user_permissions is gone since authentik 2026.2: this one is 2027.1.0"},
		{"authentik_core.set_token_key", "2024.12", "authentik_core.set_token_key needs authentik 2025.10: this one is 2024.12"},
		{"authentik_core.set_token_key", "2025.6.1", ""},
		{"authentik_core.set_token_key", "", ""},
		{"authentik_lifecycle.view_lifecyclerule", "2025.12", "authentik_lifecycle.view_lifecyclerule needs authentik 2026.2: this one is 2025.12"},
		{"authentik_stages_consent.view_userconsent", "2026.2", ""}, // gone for blueprints alone
		{"authentik_core.view_user", "2024.12", ""},
		{"guardian.view_groupobjectpermission", "2026.2", ""},
		{"view_user", "2026.2", ""},
	} {
		if got := s.LackingPermission(test.name, test.version); got != test.want {
			t.Errorf("%s in %q: %q, want %q", test.name, test.version, got, test.want)
		}
	}
}

// What took the place of a value that is gone is named.
func TestCheckVersionOfGone(t *testing.T) {
	field := load(t).Kind("authentik_policies_event_matcher.eventmatcherpolicy").Fields.Field("app")
	got := field.CheckVersion("app", tree.Value{Data: "authentik.enterprise.providers.rac"}, "2025.10")
	want := `"authentik.enterprise.providers.rac" is gone since authentik 2025.2: this one is 2025.10; "authentik.providers.rac" has its place`
	if len(got) != 1 || got[0].Message != want {
		t.Errorf("%v, want %s", got, want)
	}
}

// What the server takes and what it makes of it is what the recorded
// exchanges say; here Normalize and Check are held to each POST and PUT that
// sends a single object with the fields aksync sends.
func TestRecordedExchanges(t *testing.T) {
	for _, version := range []string{"2024.12.5", "2025.10.4"} {
		t.Run(version, func(t *testing.T) {
			s := load(t)
			kind := s.Kind(stageModel)
			checked := 0
			for _, x := range exchanges(t, version) {
				if sent := x.entry(kind); sent != nil {
					checked++
					x.check(t, s, *sent)
				}
			}
			if checked < 60 {
				t.Errorf("only %d exchanges were checked", checked)
			}
		})
	}
}

// exchange is what was sent to a real authentik and what it answered.
type exchange struct {
	Name    string
	Request struct {
		Method, Path string
		Body         json.RawMessage
	}
	Response struct {
		Status int
		Body   json.RawMessage
	}
}

func exchanges(t *testing.T, version string) []exchange {
	t.Helper()
	file, err := os.Open("../testdata/exchanges/" + version + ".jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var list []exchange
	for decoder := json.NewDecoder(file); decoder.More(); {
		var x exchange
		if err := decoder.Decode(&x); err != nil {
			t.Fatal(err)
		}
		list = append(list, x)
	}
	return list
}

// entry is the entry that would send the exchange's body; nil where the body
// is not one that an entry could send, or the answer depends on other objects.
func (x exchange) entry(kind *schema.Kind) *tree.Entry {
	decided := x.Response.Status == 200 || x.Response.Status == 201 || x.Response.Status == 400
	if !decided || x.Request.Method != "POST" && x.Request.Method != "PUT" || !strings.HasPrefix(x.Request.Path, "/api/v3/stages/password/") {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(string(x.Request.Body)))
	decoder.UseNumber()
	var body map[string]any
	if decoder.Decode(&body) != nil || body == nil || strings.Contains(string(x.Response.Body), "already exists") ||
		strings.Contains(string(x.Response.Body), "object does not exist") {
		return nil
	}
	for field := range body {
		if kind.Fields.Field(field) == nil {
			return nil
		}
	}
	attrs, _ := tree.FromJSON(body).Data.(tree.Map)
	return &tree.Entry{
		Path: "entries[0]", Model: stageModel, State: tree.Value{Data: "must_created"},
		Identifiers: tree.Map{{Key: tree.Value{Data: "pk"}, Value: tree.Value{Data: "00000000-0000-4000-8000-000000000001"}}},
		Attrs:       attrs,
	}
}

func (x exchange) check(t *testing.T, s *schema.Schema, sent tree.Entry) {
	t.Helper()
	kind := s.Kind(stageModel)
	entry := kind.Normalize(sent)
	problems := s.CheckEntry(entry)
	if taken := x.Response.Status != 400; taken != (len(problems) == 0) {
		t.Errorf("%s: the server answered %d %s, aksync says %v", x.Name, x.Response.Status, x.Response.Body, messages(problems))
		return
	}
	if x.Response.Status == 400 {
		return
	}
	decoder := json.NewDecoder(strings.NewReader(string(x.Response.Body)))
	decoder.UseNumber()
	var object schema.Object
	if err := decoder.Decode(&object); err != nil {
		t.Fatalf("%s: %v", x.Name, err)
	}
	answer, err := kind.ReadAnswer(object)
	if err != nil || len(answer.Odd) > 0 {
		t.Fatalf("%s: the answer can't be read: %v, %v", x.Name, err, answer.Odd)
	}
	for _, member := range entry.Attrs {
		if diff := cmp.Diff(member.Value.Plain(), answer.Fields[member.Name()]); diff != "" {
			t.Errorf("%s: %s (-normalized +answered):\n%s", x.Name, member.Key, diff)
		}
	}
}

func TestReadAnswer(t *testing.T) {
	const good = `{"pk": "5688b68c-3db1-45e7-ada1-b4d62bbd2bcb", "name": "a", "backends": ["authentik.core.auth.InbuiltBackend"],
		"configure_flow": null, "failed_attempts_before_cancel": 5, "allow_show_password": false, "new_key": {},
		"component": "x", "verbose_name": "x", "verbose_name_plural": "x", "meta_model_name": "x", "flow_set": []}`
	tests := []struct{ old, new, err, warning string }{
		{"", "", "", ""},
		{`"name": "a",`, ``, "", ""},
		{`"failed_attempts_before_cancel": 5`, `"failed_attempts_before_cancel": "5"`, "", `failed_attempts_before_cancel: "5" is not taken here`},
		{`"pk": "5688b68c-3db1-45e7-ada1-b4d62bbd2bcb"`, `"pk": 7`, "its pk is 7", ""},
		{`["authentik.core.auth.InbuiltBackend"]`, `["new.Backend"]`, "", `backends: "new.Backend" is not known`},
		{`"flow_set": []`, `"flow_set": [{"slug": "not a slug"}]`, "", ""},
		{`"component": "x",`, ``, "", ""},
	}
	kind := load(t).Kind(stageModel)
	for _, tt := range tests {
		object, _ := value(t, strings.Replace(good, tt.old, tt.new, 1)).Plain().(map[string]any)
		answer, err := kind.ReadAnswer(object)
		if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: the error is %v, want %q", tt.new, err, tt.err)
		}
		var odd []string
		for name, problem := range answer.Odd {
			odd = append(odd, name+": "+problem)
		}
		if all := strings.Join(odd, "; "); (all != "") != (tt.warning != "") || !strings.Contains(all, tt.warning) {
			t.Errorf("%s: what is odd is %q, want %q", tt.new, all, tt.warning)
		}
	}
}

// A kind that lacks a word, or has one that is unknown, is refused when the
// schema is loaded.
func TestLoadRefusesIncompleteKinds(t *testing.T) {
	const kind = `package schema
kinds: "authentik_x.y": {
	title: "y", managed: true, path: "x/y", key: "name"
	fields: name: {type: "text", want: "text", refers: "authentik_flows.flow"}
	readOnly: pk: {type: "uuid", reason: "computed"}
}`
	if _, err := loadMore(kind); err != nil {
		t.Fatalf("a complete kind is refused: %v", err)
	}
	for _, tt := range []struct{ old, new, want string }{
		{`key: "name"`, `key: "nam"`, `its key "nam" is none of its fields name`},
		{`title: "y", `, ``, "title"},
		{`want: "text"`, `wants: "text"`, "wants"},
		{`path: "x/y"`, `path: "/x/y/"`, "path"},
		{`readOnly: pk:`, `readOnly: id:`, "its id \"pk\" or its lookup \"pk\" is none of its fields"},
		{`authentik_flows.flow`, `authentik_flows.flo`, "refers to authentik_flows.flo, which no file describes"},
		{`managed: true`, `managed: yes`, "yes"},
		{`package schema`, `package schema {`, "parsing the schema"},
	} {
		if _, err := loadMore(strings.Replace(kind, tt.old, tt.new, 1)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: the error is %v, want %q", tt.new, err, tt.want)
		}
	}
}

func TestSuggest(t *testing.T) {
	known := []string{"backends", "name", "configure_flow", "AND", "svg"}
	for name, want := range map[string]string{
		"bakends":      `did you mean "backends"?`,
		"Backends":     `did you mean "backends"?`,
		"configreflow": `did you mean "configure_flow"?`,
		"password":     "want one of backends, name, configure_flow, AND, svg",
		"ADN":          `did you mean "AND"?`,
		"svq":          `did you mean "svg"?`,
		"png":          "want one of backends, name, configure_flow, AND, svg", // two of three letters are others
	} {
		if got := schema.Suggest(name, known); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func BenchmarkCheckEntry(b *testing.B) {
	s := load(b)
	kind := s.Kind(stageModel)
	attrs := mapping(b, `{"backends": ["authentik.core.auth.InbuiltBackend"], "failed_attempts_before_cancel": 3, "allow_show_password": true}`)
	names := make([]string, 1000)
	for i := range names {
		names[i] = "stage-" + strings.Repeat("x", i%7) + string(rune('a'+i%26))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		entry := tree.Entry{Path: "entries[0]", Model: stageModel, State: tree.Value{Data: "present"}, Attrs: attrs,
			Identifiers: tree.Map{{Key: tree.Value{Data: "name"}, Value: tree.Value{Data: names[i%1000]}}}}
		if problems := s.CheckEntry(kind.Normalize(entry)); len(problems) > 0 {
			b.Fatal(problems)
		}
	}
}

// A value that authentik takes, and that nobody can undo, is refused.
func TestRefusedValue(t *testing.T) {
	s := load(t)
	kind := s.Kind("authentik_core.user")
	for value, want := range map[string]bool{"internal": false, "internal_service_account": true} {
		problems := s.CheckEntry(kind.Normalize(tree.Entry{
			Model: kind.Model, State: tree.Value{Data: "present"},
			Identifiers: mapping(t, `{"username": "u"}`), Attrs: mapping(t, `{"name": "U", "type": "`+value+`"}`),
		}))
		if refused := len(problems) == 1 && strings.Contains(problems[0].Message, "lets nobody change"); refused != want {
			t.Errorf("%s: the problems are %v", value, problems)
		}
	}
}

// Each kind of the digest can be read, and each pattern of its fields is one.
func TestDigest(t *testing.T) {
	kinds := load(t).Kinds()
	if len(kinds) < 100 {
		t.Errorf("the digest has %d kinds", len(kinds))
	}
	for _, kind := range kinds {
		for _, field := range kind.Fields.Fields {
			patterns := []string{field.Pattern, field.Drawn}
			for _, variant := range field.Variants {
				patterns = append(patterns, variant.Pattern)
			}
			for _, pattern := range patterns {
				if _, err := regexp.Compile(pattern); err != nil {
					t.Errorf("%s.%s: %v", kind.Model, field.Name, err)
				}
			}
		}
	}
}

// A value that the server takes for another one beside that of another field can't be
// sent with it (KINDS.md 4.2).
func TestValuesThatDoNotGoTogether(t *testing.T) {
	field := load(t).Kind("authentik_providers_saml.samlprovider").Fields.Field("logout_method")
	for _, test := range []struct {
		value  string
		beside map[string]any
		want   bool
	}{
		{"backchannel", map[string]any{"sls_binding": "redirect"}, true},
		{"backchannel", map[string]any{"sls_binding": "post"}, false},
		{"backchannel", nil, false},
		{"frontchannel_native", map[string]any{"sls_binding": "redirect"}, false},
	} {
		if got := field.Clashes(test.value, test.beside); (got != "") != test.want {
			t.Errorf("%s beside %v: %q, want a message: %t", test.value, test.beside, got, test.want)
		}
	}
}
