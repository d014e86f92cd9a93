package schema_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
	"golang.org/x/tools/txtar"

	"github.com/aksync/aksync/schema"
)

var update = flag.Bool("update", false, "write the golden files anew")

// editor is the JSON schema as an editor uses it.
type editor struct{ compiled *jsonschema.Schema }

func newEditor(t testing.TB, s *schema.Schema) editor {
	t.Helper()
	text, err := s.JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("blueprint.json", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("blueprint.json")
	if err != nil {
		t.Fatal(err)
	}
	return editor{compiled}
}

// whole is the JSON schema of all kinds, which takes its time to compile.
var whole sync.Map

func wholeEditor(t testing.TB) editor {
	t.Helper()
	made, found := whole.Load("")
	if !found {
		made = newEditor(t, load(t))
		whole.Store("", made)
	}
	return made.(editor)
}

// errNotSeen is why an editor's parser refuses a text before any schema sees it.
var errNotSeen = errors.New("not seen by a schema")

// check says what is wrong with a blueprint in YAML.
func (e editor) check(text string) error {
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		return errors.Join(errNotSeen, err)
	}
	if root.Kind == 0 {
		return errors.Join(errNotSeen, errors.New("it is empty"))
	}
	value, err := seen(root.Content[0], 0)
	if err != nil {
		return err
	}
	return e.compiled.Validate(value)
}

// seen gives a node as yaml-language-server hands it to the schema: in YAML
// 1.2, with what follows a tag in place of the tag.
func seen(n *yaml.Node, depth int) (any, error) {
	if depth > 100 {
		return nil, errors.Join(errNotSeen, errors.New("it holds itself"))
	}
	switch n.Kind {
	case yaml.AliasNode:
		return seen(n.Alias, depth+1)
	case yaml.SequenceNode:
		list := []any{}
		for _, element := range n.Content {
			value, err := seen(element, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		return list, nil
	case yaml.MappingNode:
		return seenMapping(n, depth)
	default:
		return seenScalar(n)
	}
}

func seenMapping(n *yaml.Node, depth int) (any, error) {
	m, below := map[string]any{}, map[string]any{} // below is what << brings
	for i := 0; i < len(n.Content); i += 2 {
		value, err := seen(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		key := n.Content[i]
		if _, twice := m[key.Value]; twice {
			return nil, errors.Join(errNotSeen, errors.New("a key is given twice"))
		}
		if key.Tag == "!!merge" {
			bases, isList := value.([]any)
			if !isList {
				bases = []any{value}
			}
			for _, base := range bases {
				merged, isMap := base.(map[string]any)
				if !isMap {
					return nil, errors.Join(errNotSeen, errors.New("<< of no mapping"))
				}
				maps.Copy(below, merged)
			}
			continue
		}
		m[key.Value] = value
	}
	maps.Copy(below, m)
	return below, nil
}

func seenScalar(n *yaml.Node) (any, error) {
	tag := n.Tag
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.TaggedStyle) != 0 {
		tag = "!!str"
	}
	switch tag {
	case "!!null":
		return nil, nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true"), nil
	case "!!int", "!!float":
		return json.Number(n.Value), nil
	default:
		return n.Value, nil
	}
}

// What aksync and authentik take an editor takes.
func TestJSONSchemaValid(t *testing.T) {
	e := wholeEditor(t)
	count, folders := 0, []string{"../testdata/blueprints/constructs", "../blueprints", "../testdata/blueprints/tags"}
	if shipped := os.Getenv("AKSYNC_AUTHENTIK_BLUEPRINTS"); shipped != "" { // the blueprints that authentik ships
		folders = append(folders, shipped)
	}
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".yaml" {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil || !strings.Contains(string(text), "entries:") {
				return err
			}
			count++
			if err := e.check(string(text)); err != nil {
				t.Errorf("%s is refused: %v", path, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if count < 6 {
		t.Errorf("only %d blueprints were checked", count)
	}
}

// The broken blueprints that a JSON schema can't tell are wrong, and why.
var unseen = map[string]string{
	"alias-cycle.yaml":     "the editor's parser says so",
	"alias-unknown.yaml":   "the editor's parser says so",
	"document-second.yaml": "each document is checked by itself",
	"empty.yaml":           "there is nothing to check",
	"indentation.yaml":     "the editor's parser says so",
	"key-twice.yaml":       "the editor's parser says so",
	"merge.yaml":           "the editor's parser says so",
	"merge-value.yaml":     "the editor's parser says so",
	"directive.yaml":       "the editor's parser says so, as of an unknown tag",
	"quote-open.yaml":      "the editor's parser says so",
	"tab.yaml":             "the editor's parser says so",

	"tag-unknown.yaml":    "the editor says so by its setting of tags",
	"condition-mode.yaml": "[ADN, true] could follow !Env",
	"date.yaml":           "text in YAML 1.2",
	"yes.yaml":            "text in YAML 1.2",

	"context-loop.yaml":    "only evaluating the tags tells",
	"context-missing.yaml": "only evaluating the tags tells",
	"depth.yaml":           "only evaluating the tags tells",
	"env-forbidden.yaml":   "only evaluating the tags tells",
	"env-unset.yaml":       "only evaluating the tags tells",
	"file.yaml":            "only evaluating the tags tells",
	"format.yaml":          "only evaluating the tags tells",
	"json.yaml":            "only evaluating the tags tells",

	"anchor-twice.yaml": "anchors are gone when a schema looks",
	"permissions.yaml":  "permissions are not looked into",
	"space.yaml":        "a pattern for both ends would refuse text that follows a tag",

	"id-twice.yaml":       "entries are checked one by one",
	"identifiers-pk.yaml": "entries are checked one by one",
	"keyof-later.yaml":    "entries are checked one by one",
	"keyof-model.yaml":    "entries are checked one by one",
}

func TestJSONSchemaBroken(t *testing.T) {
	e := wholeEditor(t)
	archive, err := txtar.ParseFile("../testdata/blueprints/broken.txtar")
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, file := range archive.Files {
		if filepath.Ext(file.Name) == ".cue" {
			continue
		}
		reason, excused := unseen[file.Name]
		err := e.check(string(file.Data))
		if tells := err != nil && !errors.Is(err, errNotSeen); tells {
			refused++
			if excused {
				t.Errorf("%s is refused, and excused by %q: %v", file.Name, reason, err)
			}
		} else if !excused {
			t.Errorf("%s is not refused (%v)", file.Name, err)
		}
	}
	if refused < 20 {
		t.Errorf("only %d broken blueprints are refused", refused)
	}
}

// entryOf is a blueprint with one entry of a password stage.
func entryOf(identifiers, attrs string, more ...string) string {
	return "version: 1\nentries:\n- {model: " + stageModel + ", identifiers: " + identifiers + ", attrs: " + attrs +
		strings.Join(append([]string{""}, more...), ", ") + "}\n"
}

// Each field takes its values and tags that can give them, and refuses the
// rest.
func TestJSONSchemaFields(t *testing.T) {
	e := wholeEditor(t)
	const inbuilt = "authentik.core.auth.InbuiltBackend"
	for field, values := range map[string]struct{ taken, refused []string }{
		"name": {
			[]string{"a", "5", `"5"`, "!Env X", "!KeyOf x", `!Format ["%s-x", a]`, "!Format [a]", "!Env [X, a]", "!Context [k, a]", "!If [true, a, b]",
				"!If [true, !Env X, b]", "!AtIndex [[a], 0]", "!AtIndex [!Context k, 0, a]", "!File /run/name"},
			[]string{`""`, `" "`, "null", "true", "[]", "{}", "[a]x", "!Find [authentik_flows.flow, [slug, x]]", "!If [true]", "!If [true, a]", "{a: b}"},
		},
		"backends": {
			[]string{"[" + inbuilt + "]", "[!Context b]", "[!Env [B, " + inbuilt + "]]", "!Context backends", "!Context [k, [" + inbuilt + "]]",
				"!Enumerate [!Context k, SEQ, !Value 0]", "!If [true, [" + inbuilt + "], [authentik.core.auth.TokenBackend]]", "!ParseJSON '[]'",
				"[" + inbuilt + ", " + inbuilt + "]", `[!Format ["%s.InbuiltBackend", authentik.core.auth]]`},
			[]string{"[]", "null", "5", "true", "[authentik.core.auth.InbuildBackend]", "[" + inbuilt + ", authentik.core.auth.InbuildBackend]", "authentik.core.auth.InbuildBackend",
				inbuilt, "[" + inbuilt + ", " + inbuilt + ", authentik.core.auth.InbuildBackend]", "[null]", "[5]", "{}",
				"!If [true, [" + inbuilt + "], [authentik.core.auth.Tokenbackend]]", "!Context [k, [authentik.core.auth.Tokenbackend]]"},
		},
		"configure_flow": {
			[]string{"null", "5688b68c-3db1-45e7-ada1-b4d62bbd2bcb", "!KeyOf flow", "!Find [authentik_flows.flow, [slug, x]]", "!Find [authentik_flows.flow, [slug, !Context s], [designation, x]]",
				"!Find [authentik_flows.flow, [pk, x]]", "!If [true, !KeyOf a, !Find [authentik_flows.flow, [slug, x]]]", "!Context [k, null]", "!Context [k, !Find [authentik_flows.flow, [slug, x]]]",
				"!Find [!Context model, [slug, x]]", "!AtIndex [!FindObject [authentik_flows.flow, [slug, x]], pk]", `!Format ["%s", x]`, "!Env [X, null]", "!File [flow.txt, x]"},
			[]string{"5", "true", "[]", "{}", "!Find [authentik_flows.flow]", "!Find [authentik_flows.flow, [slug]]", "!Find [authentik_flows.flow, [slugg, x]]",
				"!Find [authentik_flows.flows, [slug, x]]", "!If [true, !Find [a.b, [slug, x]], null]"},
		},
		"failed_attempts_before_cancel": {
			[]string{"5", "-2147483648", `"5"`, "!Env N", "!Env [N, 5]", "!If [true, 1, 2]", "!Context n", `!Format ["%s", 5]`, "5.0"},
			[]string{"2147483648", "1.5", "null", "true", "[]", "[5]", "{}", "!Env [N, 1.5]", "!If [true, 1, null]"},
		},
		"allow_show_password": {
			[]string{"true", "false", "1", `"yes"`, "TRUE", "!Env SHOW", "!Condition [AND, true, !Context k]", "!If [true]", "!If [!Context k, true, false]", "!Context [goauthentik.io/enterprise/licensed, false]"},
			[]string{"2", "null", "ture", "fals", "[]", "{}", "!AtIndex [[true], 0, false, false]", "!Condition [ADN, true, true, true]"},
		},
	} {
		attrs := func(value string) string { return entryOf("{name: a}", "{"+field+": "+value+"}") }
		for _, value := range values.taken {
			if err := e.check(attrs(value)); err != nil {
				t.Errorf("%s: %s is refused: %v", field, value, err)
			}
		}
		for _, value := range values.refused {
			if e.check(attrs(value)) == nil {
				t.Errorf("%s: %s is taken", field, value)
			}
		}
	}
}

func TestJSONSchemaEntries(t *testing.T) {
	e := wholeEditor(t)
	const inbuilt = "{backends: [authentik.core.auth.InbuiltBackend]}"
	for text, taken := range map[string]bool{
		entryOf("{name: a}", "null"):                                                              false,
		entryOf("{name: a}", "{}", "conditions: null"):                                            false,
		entryOf("{name: a}", "{}", "permissions: null"):                                           false,
		entryOf("{failed_attempts_before_cancel: 5, allow_show_password: no}", "{}"):              true,
		entryOf("{failed_attempts_before_cancel: many}", "{}"):                                    true, // as text that follows a tag
		entryOf("{component: ak-stage-password-form}", "{}"):                                      false,
		entryOf("{flow_set: []}", "{}"):                                                           false,
		entryOf("{name: a}", "{backends: 5, x: y}", "state: absent"):                              true,
		entryOf("{pk: 5688b68c-3db1-45e7-ada1-b4d62bbd2bcb}", "{name: b}"):                        true,
		entryOf("{pk: !Env PK}", "{}"):                                                            true,
		entryOf("{pk: 5}", "{}"):                                                                  false,
		entryOf("{}", "{}"):                                                                       false,
		entryOf("null", "{}"):                                                                     false,
		entryOf("{slug: a}", "{}"):                                                                false,
		entryOf("{name: a}", "{component: x}"):                                                    false,
		entryOf("{name: a}", "{flow_set: []}"):                                                    false,
		entryOf("{name: a}", "{}", "state: absent"):                                               true,
		entryOf("{name: a}", "{}", "state: absnet"):                                               false,
		entryOf("{name: a}", "{}", "state: preset"):                                               false,
		entryOf("{name: a}", "{}", "state: !Context wanted"):                                      true,
		entryOf("{name: a}", "{}", "state: !If [!Context gone, absent, present]"):                 true,
		entryOf("{name: a}", "{}", "state: must_created"):                                         false,
		entryOf("{name: a}", inbuilt, "state: must_created"):                                      true,
		entryOf("{name: a}", "{}", "id: 5"):                                                       false,
		entryOf("{name: a}", "{}", "conditions: [!Context k]"):                                    true,
		entryOf("{name: a}", "{}", "conditions: true"):                                            false,
		entryOf("{name: a}", "{}", "attributes: {}"):                                              false,
		"entries: {a: [{model: authentik_events.event, attrs: {x: !Find [c.d, [e, f]]}}], b: []}": true,
		"entries: {a: {model: authentik_core.group}}":                                             false,
		"entries: [{model: authentik_core.Group}]":                                                true,
		"entries: [{model: Authentik_Core.group}]":                                                false,
		"entries: [{model: authentik_core.groups}]":                                               false,
		"metadata: {name: a, labels: null}\nentries: []":                                          false,
		"entries: [{model: !Context m}, {model: !If [x, a.b, c.d]}]":                              true,
		"entries: [{model: no dots}]":                                                             false,
		"entries: [{attrs: {}}]":                                                                  false,
		"version: 2\nentries: []":                                                                 false,
		"metadata: {name: a, labels: {b: c}}\nentries: []":                                        true,
		"metadata: {labels: {b: c}}\nentries: []":                                                 false,
		"metadata: {name: a, labels: {b: 5}}\nentries: []":                                        false,
		"metadata:\nentries: []":                                                                  true,
		"metadata:\ncontext:\nentries: []":                                                        false,
	} {
		if err := e.check(text); (err == nil) != taken {
			t.Errorf("want taken: %t, but %v:\n%s", taken, err, text)
		}
	}
}

// A further kind is a further file, for editors too.
func TestJSONSchemaFurtherKind(t *testing.T) {
	s, err := schema.Load(os.DirFS("testdata"))
	if err != nil {
		t.Fatal(err)
	}
	e := newEditor(t, s)
	entry := func(attrs string) string {
		return "entries: [{model: authentik_stages_identification.identificationstage, identifiers: {name: a}, attrs: " + attrs + "}]"
	}
	for attrs, taken := range map[string]bool{
		"{user_fields: []}":                   true,
		"{user_fields: [email, upn]}":         true,
		"{user_fields: [emial]}":              false,
		"{user_fields: [!Context f]}":         true,
		"{user_fields: !Context mail_fields}": true,
		"{password_stage: !Find [authentik_stages_password.passwordstage, [name, x]]}": true,
		"{password_stage: !Find [authentik_flows.flow, [slug, x]]}":                    false,
		"{backends: []}": false,
	} {
		if err := e.check(entry(attrs)); (err == nil) != taken {
			t.Errorf("want taken: %t, but %v: %s", taken, err, attrs)
		}
	}
}

// partOf is what a JSON schema says of one model, with all that it refers to.
func partOf(t *testing.T, text []byte, model string) []byte {
	t.Helper()
	var root struct {
		Definitions map[string]json.RawMessage `json:"definitions"`
	}
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	part := map[string]any{}
	reference := regexp.MustCompile(`"#/definitions/([^"]+)"`)
	for names := []string{model}; len(names) > 0; names = names[1:] {
		if part[names[0]] != nil {
			continue
		}
		definition := root.Definitions[names[0]]
		if definition == nil {
			t.Fatalf("nothing defines %s", names[0])
		}
		part[names[0]] = definition
		for _, found := range reference.FindAllSubmatch(definition, -1) {
			names = append(names, string(found[1]))
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(part); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestJSONSchemaSize wants the schema of all kinds to be one that editors load.
func TestJSONSchemaSize(t *testing.T) {
	text, err := load(t).JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	if len(text) > 1<<20 {
		t.Errorf("it has %d bytes", len(text))
	}
	for _, kind := range load(t).Managed() {
		partOf(t, text, kind.Model)
	}
}

// TestJSONSchemaReferences wants each reference to take the models that it can mean,
// by their own names and those of their bases.
func TestJSONSchemaReferences(t *testing.T) {
	e := wholeEditor(t)
	for value, taken := range map[string]bool{
		"provider: 5": true,
		"provider: !Find [authentik_core.provider, [name, x]]":                          true,
		"provider: !Find [authentik_providers_oauth2.oauth2provider, [client_id, x]]":   true,
		"provider: !Find [authentik_providers_proxy.proxyprovider, [external_host, x]]": true,
		"provider: !Find [authentik_flows.flow, [slug, x]]":                             false,
		"provider: !Find [authentik_core.provider, [nam, x]]":                           false,
		"provider: null": true,
		"provider: true": false,
		"backchannel_providers: [!Find [authentik_providers_scim.scimprovider, [name, x]], 5]": true,
		"backchannel_providers: [!Find [authentik_core.group, [name, x]]]":                     false,
	} {
		text := "entries: [{model: authentik_core.application, identifiers: {slug: a}, attrs: {" + value + "}}]"
		if err := e.check(text); (err == nil) != taken {
			t.Errorf("want taken: %t, but %v: %s", taken, err, value)
		}
	}
}

// TestJSONSchemaGolden shows what the schema says of one kind.
func TestJSONSchemaGolden(t *testing.T) {
	s := load(t)
	got, err := s.JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	part := partOf(t, got, stageModel)
	path := filepath.Join("testdata", "passwordstage.schema.json")
	if *update {
		if err := os.WriteFile(path, part, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(part), "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	again, err := s.JSONSchema()
	if err != nil || !slices.Equal(got, again) {
		t.Errorf("it is another one the second time (%v)", err)
	}
}

// TestJSONSchemaDropped takes what authentik has dropped, which is a warning, and
// numbers for choices that are text.
func TestJSONSchemaDropped(t *testing.T) {
	e := wholeEditor(t)
	for entry, taken := range map[string]bool{
		"{model: authentik_stages_identification.identificationstage, identifiers: {name: a}, attrs: {template: x}}":      true,
		"{model: authentik_stages_identification.identificationstage, identifiers: {name: a}, attrs: {templates: x}}":     false,
		"{model: authentik_stages_authenticator_totp.authenticatortotpstage, identifiers: {name: a}, attrs: {digits: 6}}": true,
		"{model: authentik_stages_authenticator_totp.authenticatortotpstage, identifiers: {name: a}, attrs: {digits: 7}}": false,
	} {
		if err := e.check("entries: [" + entry + "]"); (err == nil) != taken {
			t.Errorf("want taken: %t, but %v: %s", taken, err, entry)
		}
	}
}
