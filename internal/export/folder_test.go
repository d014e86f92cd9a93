package export_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/export"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// testedVersions are one of each family that it is known of what it brings.
var testedVersions = []string{"2024.12.5", "2025.10.4", "2025.12.4", "2026.2.2"}

// fresh is a server of a version as it comes.
func fresh(t rapid.TB, s *schema.Schema, version string) *devserver.Server {
	t.Helper()
	server, err := devserver.NewSeeded(devserver.Config{Schema: s, Version: version})
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// company is a server that somebody has set up.
func company(t *testing.T, s *schema.Schema, version string) *devserver.Server {
	t.Helper()
	server := fresh(t, s, version)
	settle(t, s, server, readFolder(t, s, filepath.Join("testdata", "company.yaml")))
	return server
}

// settle applies blueprints, which has to go well.
func settle(t *testing.T, s *schema.Schema, server *devserver.Server, desired sync.Desired) {
	t.Helper()
	pass := reconciler(t, s, server, desired).Apply(context.Background(), sync.TriggerRequest)
	for _, result := range pass.Report.Results {
		if result.Err != nil {
			t.Errorf("%s %s %q: %v", result.Change.Action, result.Change.Model, result.Change.Name, result.Err)
		}
	}
	if pass.Verdict() != sync.Success {
		t.Fatalf("applying: %s: %v %v", pass.Verdict(), pass.Err, pass.Problems())
	}
}

// readFolder reads all blueprints of a folder, or one.
func readFolder(t *testing.T, s *schema.Schema, path string) sync.Desired {
	t.Helper()
	set, err := blueprint.NewReader(blueprint.Options{Schema: s, LookupEnv: func(name string) (string, bool) { return "value-of-" + name, true }}).
		Read(context.Background(), []string{path})
	if err != nil {
		t.Fatal(err)
	}
	if problems := set.Problems(); len(problems) > 0 {
		t.Fatalf("what was exported is wrong: %v", problems)
	}
	ordered, _, _ := set.Ordered()
	var desired sync.Desired
	for _, file := range ordered {
		desired.Entries = append(desired.Entries, file.Entries...)
	}
	return desired
}

// listed is all that a server holds, with the schema of its version; what is granted is
// in the options.
func listed(t *testing.T, s *schema.Schema, server *devserver.Server, o *export.Options) (*schema.Schema, map[string][]schema.Object) {
	t.Helper()
	api := client(t, server)
	version, err := api.Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o.Server = version
	s = s.At(version)
	needs, err := export.NeedsAll(s)
	if len(o.Models) > 0 {
		needs, err = export.Needs(s, *o)
	}
	if err != nil {
		t.Fatal(err)
	}
	live, err := sync.ReadLive(t.Context(), s, api, needs)
	if err != nil {
		t.Fatal(err)
	}
	if err := live.ReadGrants(t.Context(), s, api); err != nil {
		t.Fatal(err)
	}
	o.Granted = live.Grants
	if o.Permitted, err = live.ReadPermits(t.Context(), s, api); err != nil {
		t.Fatal(err)
	}
	return s, live.Objects()
}

// exportAll is a whole server as a folder.
func exportAll(t *testing.T, s *schema.Schema, server *devserver.Server, o export.Options) *export.Folder {
	t.Helper()
	at, objects := listed(t, s, server, &o)
	folder, err := export.MakeFolder(at, objects, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range folder.Problems {
		t.Error(problem)
	}
	return folder
}

// texts are the files of a folder by path.
func texts(folder *export.Folder) map[string]string {
	all := map[string]string{}
	for _, file := range folder.Files {
		all[file.Path] = string(file.Text)
	}
	return all
}

// A plan of a whole server as a folder has no changes; a second export gives the same
// bytes; and on a server that nobody has touched it makes the same.
func TestFolder(t *testing.T) {
	s := loaded(t, ownSchema)
	for _, version := range testedVersions {
		for _, format := range []string{export.YAML, export.CUE} {
			t.Run(version+" "+format, func(t *testing.T) {
				server, o := company(t, s, version), export.Options{Format: format}
				folder, dir := exportAll(t, s, server, o), t.TempDir()
				if err := folder.Save(dir, false); err != nil {
					t.Fatal(err)
				}
				desired := readFolder(t, s, dir)
				checkInSync(t, s, server, desired, "")
				if again := exportAll(t, s, server, o); !slices.EqualFunc(folder.Files, again.Files, func(a, b export.File) bool { return a.Path == b.Path && slices.Equal(a.Text, b.Text) }) {
					t.Error("a second export is not the same")
				}
				for path, text := range texts(folder) {
					if strings.Contains(text, "never-shown") {
						t.Errorf("%s shows a secret", path)
					}
				}
				anew := fresh(t, s, version)
				giveSecrets(t, dir)
				settle(t, s, anew, readFolder(t, s, dir))
				checkInSync(t, s, anew, desired, "")
				if diff := cmp.Diff(texts(folder), texts(exportAll(t, s, anew, o))); diff != "" {
					t.Errorf("what it makes of an untouched server (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// giveSecrets takes in the lines for secrets without which objects can't be made.
func giveSecrets(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"sources/plex.yaml", "sources/plex.cue"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			continue
		}
		given := strings.NewReplacer("# plex_token", "plex_token", "// plex_token", "plex_token").Replace(string(text))
		if given == string(text) {
			t.Fatalf("%s has no line for the token:\n%s", name, text)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(given), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFolderLayout wants each object in the file where a person would look for it.
func TestFolderLayout(t *testing.T) {
	s := loaded(t, ownSchema)
	folder := exportAll(t, s, company(t, s, "2025.10.4"), export.Options{})
	all := texts(folder)
	got := slices.Sorted(maps.Keys(all))
	want := []string{
		"applications/chat.yaml", "applications/tool.yaml", "applications/wiki.yaml", "brands.yaml", "flows/company-login.yaml", "flows/default-authentication-flow.yaml", "flows/default-invalidation-flow.yaml",
		"groups.yaml", "outposts.yaml", "policies/expression-policies.yaml", "property-mappings/scope-mappings.yaml", "roles.yaml",
		"secrets.env.example", "sources/plex.yaml", "stages/authenticator-totp-stages.yaml", "users.yaml",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, name := range []string{"applications/wiki.yaml", "flows/company-login.yaml", "flows/default-authentication-flow.yaml", "sources/plex.yaml", "secrets.env.example"} {
		golden(t, filepath.Join("testdata", "folder", strings.ReplaceAll(name, "/", "-")), all[name])
	}
	if folder.LeftOut == 0 || folder.Guessed {
		t.Errorf("%d objects were left out, by a guess: %t", folder.LeftOut, folder.Guessed)
	}
}

// TestUntouched wants nothing of a server that nobody has touched, but all of it with
// Full, which is in sync too.
func TestUntouched(t *testing.T) {
	s := loaded(t, ownSchema)
	for _, version := range testedVersions {
		t.Run(version, func(t *testing.T) {
			server := fresh(t, s, version)
			if folder := exportAll(t, s, server, export.Options{}); folder.Entries > 0 {
				t.Errorf("%d objects are taken for changed: go test ./internal/export -update, if authentik's own or the schema changed: %v", folder.Entries, texts(folder))
			}
			full, dir := exportAll(t, s, server, export.Options{Full: true}), t.TempDir()
			if full.Entries == 0 || full.LeftOut != 2 { // a user and its token that nobody else can make
				t.Errorf("%d objects are there, and %d left out", full.Entries, full.LeftOut)
			}
			if err := full.Save(dir, false); err != nil {
				t.Fatal(err)
			}
			checkInSync(t, s, server, readFolder(t, s, dir), "")
		})
	}
}

// TestBrought holds what is known of the embedded server to what it brings.
func TestBrought(t *testing.T) {
	s := loaded(t, ownSchema)
	for _, version := range testedVersions {
		var o export.Options
		at, objects := listed(t, s, fresh(t, s, version), &o)
		lines, err := export.Brought(at, objects, o, func(string) bool { return false })
		if err != nil {
			t.Fatal(err)
		}
		golden(t, filepath.Join("brought", export.Family(version)+"-embedded.txt"), strings.Join(lines, ""))
	}
}

// TestHostileNames wants names to stay in the folder, each in a file of its own on every
// file system.
func TestHostileNames(t *testing.T) {
	s := loaded(t, ownSchema).At("2025.10.4")
	var applications []schema.Object
	hostile := []string{"../x", "..", ".", "a/b", `a\b`, "CON", "nul", "com1", "Wiki", "wiki", "WIKI", "wi ki", "密码", "🔑", "é", "x:y", "-rf", strings.Repeat("long", 100), "a\nb", "secrets.env.example"}
	for i, name := range hostile {
		applications = append(applications, schema.Object{"pk": key(i + 1), "slug": name, "name": "x", "meta_icon": nil})
	}
	names, refused := map[string]string{}, 0
	for _, reversed := range []bool{false, true} {
		if reversed {
			slices.Reverse(applications)
		}
		folder, err := export.MakeFolder(s, map[string][]schema.Object{"authentik_core.application": applications}, export.Options{Server: "2025.10.4"})
		if err != nil {
			t.Fatal(err)
		}
		refused = len(folder.Problems)
		for _, file := range folder.Files {
			folded := strings.ToLower(file.Path)
			if !filepath.IsLocal(file.Path) || filepath.Dir(file.Path) != "applications" || len(filepath.Base(file.Path)) > 110 {
				t.Errorf("the file %q", file.Path)
			}
			if text, is := names[folded]; is && text != string(file.Text) {
				t.Errorf("%s is two files, or another one when the order is", file.Path)
			}
			names[folded] = string(file.Text)
		}
	}
	if refused != len(hostile)-len(names) || len(names) != 8 {
		t.Errorf("%d names are none that authentik has, and the files are %v", refused, slices.Sorted(maps.Keys(names)))
	}
}

// Names never leave their folder, and different ones are never one file.
func TestAnyNames(t *testing.T) {
	s := loaded(t, ownSchema).At("2025.10.4")
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[-A-Za-z0-9_]{1,4}|(CON|Nul|com)[1-9]?`), 1, 8, rapid.ID).Draw(t, "names")
		var flows []schema.Object
		for i, name := range names {
			flows = append(flows, schema.Object{"pk": key(i + 1), "slug": name, "name": "x", "title": "x", "designation": "authentication"})
		}
		folder, err := export.MakeFolder(s, map[string][]schema.Object{flowModel: flows}, export.Options{Server: "2025.10.4"})
		if err != nil {
			t.Fatal(err)
		}
		folded := map[string]bool{}
		for _, file := range folder.Files {
			folded[strings.ToLower(file.Path)] = true
		}
		if len(folder.Files) != len(names) || len(folded) != len(names) {
			t.Fatalf("%d names are %d files: %v", len(names), len(folder.Files), slices.Sorted(maps.Keys(folded)))
		}
	})
}

// TestSave wants nothing to be overwritten unasked.
func TestSave(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	folder := &export.Folder{Files: []export.File{{Path: "a.yaml", Text: []byte("a")}, {Path: "b/c.yaml", Text: []byte("c")}}}
	for range 2 { // what is there already is no harm
		if err := folder.Save(dir, false); err != nil {
			t.Fatal(err)
		}
	}
	folder.Files[0].Text, folder.Files[1].Text = []byte("new"), []byte("new")
	if err := os.WriteFile(filepath.Join(dir, "left.yaml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := folder.Save(dir, false)
	if err == nil || !strings.Contains(err.Error(), "a.yaml, b/c.yaml") {
		t.Errorf("the error is %v", err)
	}
	check := func(want string) {
		for _, file := range folder.Files {
			if text, err := os.ReadFile(filepath.Join(dir, file.Path)); err != nil || string(text) != want && want != "" {
				t.Errorf("%s is %q, %v", file.Path, text, err)
			}
		}
	}
	if text, _ := os.ReadFile(filepath.Join(dir, "a.yaml")); string(text) != "a" {
		t.Errorf("a.yaml was written: %q", text)
	}
	if err := folder.Save(dir, true); err != nil {
		t.Fatal(err)
	}
	check("new")
	if left, err := folder.Leftovers(dir); err != nil || fmt.Sprint(left) != "[left.yaml]" {
		t.Errorf("left over are %v, %v", left, err)
	}
	if err := os.Symlink(t.TempDir(), filepath.Join(dir, "out")); err != nil {
		t.Skip(err)
	}
	folder.Files = []export.File{{Path: "out/a.yaml"}}
	if err := folder.Save(dir, true); err == nil {
		t.Error("a file was written through a link that leads out of the folder")
	}
}

// TestSaveFails wants a folder that can't be written as a whole to be as it was, with
// nothing beside, and to be made only where something is written into it.
func TestSaveFails(t *testing.T) {
	tree := func(dir string) (all []string) {
		_ = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			all = append(all, path)
			return err
		})
		return all
	}
	for name, there := range map[string]map[string]string{
		"a file is where a folder has to be": {"a.yaml": "old", "x": ""},
		"a folder is where a file has to be": {"x/z.yaml/inside": ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range there {
				if err := errors.Join(os.MkdirAll(filepath.Join(dir, filepath.Dir(file)), 0o700), os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			before := tree(dir)
			folder := &export.Folder{Files: []export.File{{Path: "a.yaml", Text: []byte("a")}, {Path: "b/c/d.yaml"}, {Path: "b/e.yaml"}, {Path: "x/z.yaml"}}}
			err := folder.Save(dir, true)
			if err == nil || !strings.HasSuffix(err.Error(), ": nothing was written") {
				t.Errorf("the error is %v", err)
			}
			if diff := cmp.Diff(before, tree(dir)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if text, err := os.ReadFile(filepath.Join(dir, "a.yaml")); err == nil && string(text) != "old" {
				t.Errorf("a.yaml is %q", text)
			}
		})
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	before := tree(dir)
	if export.CanSave(filepath.Join(dir, "file", "in")) == nil || export.CanSave(filepath.Join(dir, "file")) == nil {
		t.Error("a file is a folder")
	}
	if err := export.CanSave(filepath.Join(dir, "new", "folder")); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(before, tree(dir)); diff != "" {
		t.Errorf("what is only tried leaves (-want +got):\n%s", diff)
	}
}

// What authentik makes for itself is not in a folder, nor is a list with it in it, which
// would take it away.
func TestReserved(t *testing.T) {
	s := loaded(t, ownSchema)
	server := fresh(t, s, "2026.2.2")
	own := put(t, server, "authentik_rbac.role", map[string]any{"name": "ak-managed-role--user-7"})
	readers := put(t, server, "authentik_rbac.role", map[string]any{"name": "readers"})
	put(t, server, "authentik_core.user", map[string]any{"username": "ada", "name": "Ada", "roles": []any{own, readers}})
	put(t, server, "authentik_core.user", map[string]any{"username": "bob", "name": "Bob", "roles": []any{readers}})
	folder, dir := exportAll(t, s, server, export.Options{Full: true}), t.TempDir()
	for path, text := range texts(folder) {
		if strings.Contains(text, "ak-managed") {
			t.Errorf("%s has it:\n%s", path, text)
		}
	}
	if users := texts(folder)["users.yaml"]; strings.Count(users, "roles:") != 1 {
		t.Errorf("the users are\n%s", users)
	}
	if len(folder.Notes) != 1 || !strings.Contains(folder.Notes[0], `roles of the user "ada" is left out`) {
		t.Errorf("the notes are %q", folder.Notes)
	}
	if err := folder.Save(dir, false); err != nil {
		t.Fatal(err)
	}
	checkInSync(t, s, server, readFolder(t, s, dir), "")
}
