package blueprint_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/blueprint/tags"
	"github.com/aksync/aksync/internal/tree"
)

func stage(attrs string) string {
	return "version: 1\nentries:\n- model: " + stageModel + "\n  identifiers: {name: a}\n  attrs: {" + attrs + "}\n"
}

// TestUnchanged wants the same *File for what did not change, and another one
// when the file, a variable or a file that it looks at did.
func TestUnchanged(t *testing.T) {
	inFolder(t, map[string]string{
		"b/env.yaml":   stage("failed_attempts_before_cancel: !Env TRIES"),
		"b/file.yaml":  stage("failed_attempts_before_cancel: !File b/tries.txt"),
		"b/plain.yaml": stage("failed_attempts_before_cancel: 3"),
		"b/plain.cue":  "entries: [{model: \"" + stageModel + "\", identifiers: name: \"b\"}]",
		"b/tries.txt":  " 4\n",
	})
	variables := map[string]string{"TRIES": "5"}
	reader := newReader(t, blueprint.Options{LookupEnv: environment(variables)})
	now := func() map[string]*blueprint.File {
		files := map[string]*blueprint.File{}
		for _, file := range read(t, reader, "b").Files {
			if file.Status != tree.Valid {
				t.Fatalf("%s: %q", file.Path, messages(file.Problems))
			}
			files[file.Path] = file
		}
		return files
	}
	before := now()
	for _, step := range []struct {
		what    string
		change  func()
		changed []string
	}{
		{"nothing", func() {}, nil},
		{"a file written with what it held", func() { write(t, "b/plain.yaml", stage("failed_attempts_before_cancel: 3")) }, nil},
		{"a file", func() { write(t, "b/plain.yaml", stage("failed_attempts_before_cancel: 4")) }, []string{"b/plain.yaml"}},
		{"CUE", func() { write(t, "b/plain.cue", "entries: []") }, []string{"b/plain.cue"}},
		{"a variable", func() { variables["TRIES"] = "6" }, []string{"b/env.yaml"}},
		{"another variable", func() { variables["OTHER"] = "6" }, nil},
		{"an input", func() { write(t, "b/tries.txt", "7") }, []string{"b/file.yaml"}},
		{"white space in an input", func() { write(t, "b/tries.txt", "7\n") }, nil},
	} {
		t.Run(step.what, func(t *testing.T) {
			step.change()
			after := now()
			var changed []string
			for _, path := range []string{"b/env.yaml", "b/file.yaml", "b/plain.cue", "b/plain.yaml"} {
				if before[path] != after[path] {
					changed = append(changed, path)
				}
			}
			before = after
			if diff := cmp.Diff(step.changed, changed); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestInputs(t *testing.T) {
	inFolder(t, map[string]string{
		"x.yaml": stage("failed_attempts_before_cancel: !Env [TRIES, 3], allow_show_password: !File [show.txt, true]"),
		"y.yaml": stage("allow_show_password: !File [show.txt, true]"),
	})
	set := read(t, newReader(t, blueprint.Options{}), ".")
	want := tags.Inputs{Env: []string{"TRIES"}, Files: []string{"show.txt"}}
	if diff := cmp.Diff(want, set.Inputs()); diff != "" {
		t.Error(diff)
	}
}

func TestCancelled(t *testing.T) {
	inFolder(t, map[string]string{"x.yaml": nothing})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newReader(t, blueprint.Options{}).Read(ctx, []string{"."}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestCounts wants what is not planned to be counted.
func TestCounts(t *testing.T) {
	file := readOne(t, blueprint.Options{}, "x.yaml", `version: 1
entries:
  first:
  - {model: authentik_events.Event, identifiers: {name: !Context nowhere}}
  - {model: authentik_events.event, attrs: {x: !Env [nothing, !KeyOf nobody]}}
  - {model: authentik_flows.flow, id: flow, identifiers: {slug: x}}
  second:
  - {model: `+stageModel+`, conditions: [true, !Condition [AND, ""]], identifiers: {name: !Context nowhere}}
  - model: authentik_stages_password.PasswordStage
    identifiers: {name: a}
    attrs: {configure_flow: !KeyOf flow}
    permissions: [{permission: view_passwordstage, role: 71c5f8a2-11a1-4e51-b04d-6b6d1c7b4c6f}, {permission: authentik_stages_password.change_passwordstage, user: 5}]
`)
	if diff := cmp.Diff(map[string]int{"authentik_events.event": 2}, file.Unmanaged); diff != "" {
		t.Error(diff)
	}
	if len(file.Silent) != 1 || len(file.Entries) != 2 {
		t.Fatalf("silent %d, entries %d", len(file.Silent), len(file.Entries))
	}
	entry := file.Entries[1]
	if len(entry.Permissions) != 2 || entry.Permissions[1].Path != "entries.second[1].permissions[1]" {
		t.Errorf("got the permissions %v", entry.Permissions)
	}
	if entry.Model != stageModel || entry.Path != "entries.second[1]" || entry.Place != (tree.Place{File: "x.yaml", Line: 9, Column: 5}) {
		t.Errorf("got %s %s %s", entry.Model, entry.Path, entry.Place)
	}
}

// TestSilent wants to be told what entries speak of that ask for nothing now,
// and no problems of them.
func TestSilent(t *testing.T) {
	for _, head := range []string{
		"metadata: {name: x, labels: {blueprints.goauthentik.io/instantiate: 'false'}}\nentries:\n- {model: " + stageModel + ", identifiers: {name: ' a '}, attrs: {bogus: 1}}\n",
		"entries:\n- {model: " + stageModel + ", conditions: [false], identifiers: {name: ' a '}}\n",
	} {
		inFolder(t, map[string]string{"x.yaml": head + "- {model: authentik_events.event, identifiers: {name: b}}\n"})
		file := read(t, newReader(t, blueprint.Options{}), ".").Files[0]
		if len(file.Problems) > 0 || len(file.Entries) > 0 || len(file.Silent) != 1 {
			t.Fatalf("problems %v, entries %v, silent %v", file.Problems, file.Entries, file.Silent)
		}
		if name, _ := file.Silent[0].Identifiers.Get("name"); name.Data != "a" {
			t.Errorf("the silent entry speaks of %v", name.Data)
		}
	}
}

func TestStrictModels(t *testing.T) {
	inFolder(t, map[string]string{"x.yaml": "entries: [{model: authentik_events.event}]\n"})
	set := read(t, newReader(t, blueprint.Options{StrictModels: true}), ".")
	want := []string{"x.yaml:1:19: entries[0].model: authentik_events.event is left alone by aksync (" + loaded(t, ownSchema).Kind("authentik_events.event").Why + "): take the entry out, or do without --strict-models"}
	if diff := cmp.Diff(want, messages(set.Problems())); diff != "" {
		t.Error(diff)
	}
}

// TestInvalidKeepsIdentities wants the objects that an invalid file speaks of,
// so that they can be left as they are.
func TestInvalidKeepsIdentities(t *testing.T) {
	inFolder(t, map[string]string{
		"x.yaml": "entries:\n- {model: " + stageModel + ", identifiers: {name: a}, attrs: {backends: 5, failed_attempts_before_cancel: !Env UNSET}}\n- {model: " + stageModel + ", identifiers: {name: b}}\n",
		"y.cue":  "entries: [{model: \"" + stageModel + "\", identifiers: name: \"c\", attrs: allow_show_password: true & false}, {model: \"" + stageModel + "\", identifiers: name: \"d\"}]",
	})
	var names []any
	for _, file := range read(t, newReader(t, blueprint.Options{}), ".").Files {
		if file.Status != tree.Invalid {
			t.Errorf("%s is %s", file.Path, file.Status)
		}
		for _, entry := range file.Entries {
			name, _ := entry.Identifiers.Get("name")
			names = append(names, name.Data)
			if entry.Attrs != nil {
				for _, member := range entry.Attrs {
					if member.Value.HasPending() {
						t.Errorf("%s keeps a value that could not be read", member.Key)
					}
				}
			}
		}
	}
	if diff := cmp.Diff([]any{"a", "b", "c", "d"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestEnvPolicy(t *testing.T) {
	all := environment(map[string]string{"TRIES": "1", "MY_SECRET": "2", "AKSYNC_X": "3", "AUTHENTIK_TOKEN": "4", "Aksync_Token": "5", "SSH_AUTH_SOCK": "6", "db_passwd": "7"})
	for _, test := range []struct {
		name    string
		allow   []string
		allowed bool
	}{
		{"TRIES", nil, true},
		{"MY_SECRET", nil, false},
		{"AKSYNC_X", nil, false},
		{"SSH_AUTH_SOCK", nil, false},
		{"db_passwd", nil, false},
		{"AUTHENTIK_TOKEN", []string{"*"}, false},
		{"Aksync_Token", []string{"*", "Aksync_Token"}, false},
		{"MY_SECRET", []string{"OTHER", "MY_*"}, true},
		{"TRIES", []string{"MY_*"}, false},
		{"TRIES", []string{"[", "TRIES"}, true},
	} {
		inFolder(t, map[string]string{"x.yaml": stage("failed_attempts_before_cancel: !Env [" + test.name + ", 9]")})
		set := read(t, newReader(t, blueprint.Options{LookupEnv: all, EnvAllow: test.allow}), ".")
		if allowed := len(set.Problems()) == 0; allowed != test.allowed {
			t.Errorf("%s with %q: allowed is %t, problems %q", test.name, test.allow, allowed, messages(set.Problems()))
		}
	}
}

func TestFilePolicy(t *testing.T) {
	inFolder(t, map[string]string{
		"b/in.txt": " text\r\nmore \n", "secret/token": "secret", "b/latin1.txt": "\xdf", "b/large.txt": string(make([]byte, 2<<20)), "other/in.txt": "other",
	})
	symlink(t, "../secret/token", "b/escape.txt")
	symlink(t, "in.txt", "b/link.txt")
	if err := os.Link("secret/token", "b/hard.txt"); err != nil {
		t.Fatal(err)
	}
	const outside = " may not be read: it lies outside of the blueprints' folders; allow its folder with --file-root "
	for _, test := range []struct{ name, path, roots, want string }{
		{"inside", "b/in.txt", "", "text\nmore"},
		{"a link inside", "b/link.txt", "", "text\nmore"},
		{"a link out", "b/escape.txt", "", "!File b/escape.txt" + outside + "b"},
		{"outside", "other/in.txt", "", "!File other/in.txt" + outside + "other"},
		{"dots", "b/../other/in.txt", "", "!File b/../other/in.txt" + outside + "other"},
		{"another root", "other/in.txt", "other", "other"},
		{"only that root", "b/in.txt", "other", "!File b/in.txt" + outside + "b"},
		{"forbidden by another name", "b/hard.txt", "", "!File b/hard.txt may never be read: it holds the token, or a key of aksync's own"},
		{"forbidden within a root", "secret/token", "secret", "!File secret/token may never be read: it holds the token, or a key of aksync's own"},
		{"not UTF-8", "b/latin1.txt", "", "!File b/latin1.txt is not text in UTF-8"},
		{"large", "b/large.txt", "", "!File b/large.txt is larger than 1048576 bytes"},
		{"a folder", "b", "", "default"},
		{"missing", "b/missing.txt", "", "default"},
	} {
		t.Run(test.name, func(t *testing.T) {
			options := blueprint.Options{ForbiddenFiles: []string{"secret/token", "secret/none"}}
			if test.roots != "" {
				options.FileRoots = []string{test.roots}
			}
			write(t, "b/x.yaml", "entries: [{model: "+stageModel+", identifiers: {name: !File ["+test.path+", default]}}]\n")
			set := read(t, newReader(t, options), "b")
			got := ""
			if problems := set.Problems(); len(problems) > 0 {
				got = problems[0].Message
			} else {
				name, _ := set.Files[0].Entries[0].Identifiers.Get("name")
				got, _ = name.Data.(string)
			}
			if got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}
