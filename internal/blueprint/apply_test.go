package blueprint_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/tree"
)

// applying is a blueprint that wants others to be applied before it; each of them is
// what follows attrs.
func applying(name string, others ...string) string {
	text := "metadata: {name: " + name + "}\nentries:\n- {model: " + stageModel + ", identifiers: {name: " + name + "}}\n"
	for _, other := range others {
		text += "- model: authentik_blueprints.metaapplyblueprint\n  " + other + "\n"
	}
	return text
}

// TestOrdered wants files after those that they want to be applied before them,
// in the order of their names else, and to be told of what is in no file.
func TestOrdered(t *testing.T) {
	byName := func(name string) string { return "attrs: {identifiers: {name: " + name + "}}" }
	for _, test := range []struct {
		name     string
		files    map[string]string
		want     string
		missing  []string
		warnings []string
	}{
		{"none", map[string]string{"a.yaml": applying("A"), "b.yaml": applying("B")}, "a.yaml b.yaml", nil, nil},
		{"by name", map[string]string{"a.yaml": applying("A", byName("C")), "b.yaml": applying("B"), "c.yaml": applying("C")}, "c.yaml a.yaml b.yaml", nil, nil},
		{"a chain", map[string]string{"a.yaml": applying("A", byName("B")), "b.yaml": applying("B", byName("C")), "c.yaml": applying("C")}, "c.yaml b.yaml a.yaml", nil, nil},
		{"what comes first anyway", map[string]string{"a.yaml": applying("A"), "b.yaml": applying("B", byName("A"))}, "a.yaml b.yaml", nil, nil},
		{"by path", map[string]string{"a.yaml": applying("A", "attrs: {identifiers: {path: /deep/c.yaml}}"), "deep/c.yaml": applying("C"), "xdeep/c.yaml": applying("X")}, "deep/c.yaml a.yaml xdeep/c.yaml", nil, nil},
		{"by both", map[string]string{"a.yaml": applying("A", "attrs: {identifiers: {path: c.yaml, name: D}, required: no}"), "c.yaml": applying("C")}, "a.yaml c.yaml", nil, nil},
		{"two of one name", map[string]string{"a.yaml": applying("A", byName("C")), "c.yaml": applying("C"), "d.yaml": applying("C")}, "c.yaml d.yaml a.yaml", nil, nil},
		{"in CUE", map[string]string{
			"a.cue":  `entries: [{model: "authentik_blueprints.metaapplyblueprint", attrs: identifiers: {"!Format": ["%s", "B"]}}]`,
			"a2.cue": `entries: [{model: "authentik_blueprints.metaapplyblueprint", attrs: identifiers: name: {"!Format": ["%s", "B"]}}]`,
			"b.yaml": applying("B")}, "a.cue b.yaml a2.cue", nil, nil},
		{"missing", map[string]string{"a.yaml": applying("A", byName("Nowhere"), "attrs: {identifiers: {name: Optional}, required: false}", "attrs: {identifiers: {pk: 7, enabled: true}, required: \"yes\"}")}, "a.yaml",
			[]string{"a.yaml:4:3 entries[1] name=Nowhere", "a.yaml:8:3 entries[3] pk=7 enabled=true"}, nil},
		{"conditions and states", map[string]string{
			"a.yaml": applying("A", "conditions: [false]\n  "+byName("C"), "state: absent\n  "+byName("C"), "conditions: [!Find [authentik_flows.flow, [slug, x]]]\n  "+byName("Nowhere")),
			"b.yaml": applying("B", "conditions: [!Find [authentik_flows.flow, [slug, x]]]\n  "+byName("C")), "c.yaml": applying("C")}, "a.yaml c.yaml b.yaml", nil, nil},
		{"a circle", map[string]string{"a.yaml": applying("A", byName("B")), "b.yaml": applying("B", byName("C")), "c.yaml": applying("C", byName("A"), byName("D")), "d.yaml": applying("D")}, "d.yaml a.yaml b.yaml c.yaml", nil,
			[]string{"a.yaml:4:3: entries[1]: these files want to be applied before each other, and come in the order of their names: a.yaml, b.yaml, c.yaml"}},
		{"itself", map[string]string{"a.yaml": applying("A", byName("A"))}, "a.yaml", nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			inFolder(t, test.files)
			files, missing, warnings := read(t, newReader(t, blueprint.Options{}), ".").Ordered()
			var order, lacking []string
			for _, file := range files {
				order = append(order, file.Path)
			}
			for _, m := range missing {
				text := m.Place.String() + " " + m.Path
				for _, c := range m.By {
					text += fmt.Sprintf(" %s=%v", c.Field, c.Value.Data)
				}
				lacking = append(lacking, text)
			}
			if got := strings.Join(order, " "); got != test.want {
				t.Errorf("got the order %s, want %s", got, test.want)
			}
			if diff := cmp.Diff(test.missing, lacking); diff != "" {
				t.Errorf("missing (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(append([]string{}, test.warnings...), messages(warnings)); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

// TestOrderedFollowsEdits wants the order to be that of the files as they are now.
func TestOrderedFollowsEdits(t *testing.T) {
	inFolder(t, map[string]string{"a.yaml": applying("A"), "b.yaml": applying("B")})
	reader := newReader(t, blueprint.Options{})
	first := func() string {
		files, _, _ := read(t, reader, ".").Ordered()
		return files[0].Path
	}
	before := first()
	write(t, "a.yaml", applying("A", "attrs: {identifiers: {name: B}}"))
	if after := first(); before != "a.yaml" || after != "b.yaml" {
		t.Errorf("first comes %s, and %s after the edit", before, after)
	}
}

// TestWarnings wants what authentik takes and what does no harm to be warnings, and
// the file to be valid.
func TestWarnings(t *testing.T) {
	inFolder(t, map[string]string{
		"a.yaml": `context: {quoted: &quoted "!Env HOST", plain: "${HOST}"}
entries:
- model: ` + stageModel + `
  identifiers: {name: !Context quoted}
  attrs:
    allow_show_password: true
    failed_attempts_before_cancel: !If [true, 5, 6]
    allow_show_password: true
    backends: [authentik.core.auth.InbuiltBackend]
- model: authentik_core.group
  identifiers: {name: "!Finder is a name", name: "!Finder is a name"}
  attrs:
    attributes: {a: "!Find [x, [y, z]]", b: '!Env{X}', c: "!Env", d: "${VAR}", e: *quoted, f: *quoted, g: "hello !Env X"}
- model: authentik_stages_identification.identificationstage
  identifiers: {name: who}
  attrs: {template: x, user_fields: [username]}
`,
		"b.cue":    `entries: [{model: "authentik_core.group", identifiers: name: "b", attrs: attributes: x: "!Env X"}]`,
		"off.yaml": "metadata: {name: x, labels: {blueprints.goauthentik.io/instantiate: 'false'}}\nentries:\n- {model: authentik_core.group, identifiers: {name: '!Env X'}}\n",
	})
	set := read(t, newReader(t, blueprint.Options{}), ".")
	if len(set.Problems()) > 0 {
		t.Fatal(describe(set))
	}
	var got []string
	for _, file := range set.Files {
		got = append(got, messages(file.Warnings)...)
	}
	want := []string{
		`a.yaml:1:19: entries[0].identifiers.name: this is text and not the tag !Env: leave the quotes out if the tag is meant`,
		`a.yaml:8:5: entries[0].attrs.allow_show_password: the key "allow_show_password" is given twice with the same value: it stands at line 6 already`,
		`a.yaml:11:44: entries[1].identifiers.name: the key "name" is given twice with the same value: it stands at line 11 already`,
		`a.yaml:13:21: entries[1].attrs.attributes.a: this is text and not the tag !Find: leave the quotes out if the tag is meant`,
		`a.yaml:13:45: entries[1].attrs.attributes.b: this is text and not the tag !Env: leave the quotes out if the tag is meant`,
		`a.yaml:13:59: entries[1].attrs.attributes.c: this is text and not the tag !Env: leave the quotes out if the tag is meant`,
		`a.yaml:16:11: entries[2].attrs.template: authentik takes no notice of template any more: ` + loaded(t, ownSchema).Kind("authentik_stages_identification.identificationstage").Formerly["template"],
		`b.cue:1:89: entries[0].attrs.attributes.x: this is text and not the tag !Env: want {"!Env": …} if the tag is meant`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	stage := set.Files[0].Entries[2]
	if _, given := stage.Attrs.Get("template"); given || len(stage.Attrs) != 1 {
		t.Errorf("the entry keeps %v", tree.Value{Data: stage.Attrs}.Plain())
	}
}
