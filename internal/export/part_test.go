package export_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/export"
	"github.com/aksync/aksync/schema"
)

// exportPart is the blueprint of a part.
func exportPart(t *testing.T, s *schema.Schema, server *devserver.Server, o export.Options, part export.Part) *export.Folder {
	t.Helper()
	at, objects := listed(t, s, server, &o)
	folder, err := export.MakePart(at, objects, o, part)
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range folder.Problems {
		t.Error(problem)
	}
	if len(folder.Files) != 1 {
		t.Fatalf("%v is %d files", part, len(folder.Files))
	}
	return folder
}

// A part is the same as its file in the folder of a whole server; a plan of it has no
// changes; and of an untouched server, with what others have of it, it makes the same.
func TestPart(t *testing.T) {
	s := loaded(t, ownSchema)
	for _, version := range testedVersions {
		server := company(t, s, version)
		for _, format := range []string{export.YAML, export.CUE} {
			o := export.Options{Format: format}
			all := texts(exportAll(t, s, server, o))
			for _, part := range []export.Part{
				{Folder: "applications", Name: "wiki"}, {Folder: "applications", Name: "Chat"}, {Folder: "applications", Name: "tool"},
				{Folder: "flows", Name: "company-login"}, {Folder: "sources", Name: "plex"},
			} {
				t.Run(version+" "+part.Name+" "+format, func(t *testing.T) {
					folder, dir := exportPart(t, s, server, o, part), t.TempDir()
					file := folder.Files[0]
					if want := part.Folder + "/" + strings.ToLower(part.Name) + "." + format; file.Path != want {
						t.Errorf("the file is %s, want %s", file.Path, want)
					}
					if diff := cmp.Diff(all[file.Path], string(file.Text)); diff != "" {
						t.Errorf("(-in the folder +by itself):\n%s", diff)
					}
					if err := folder.Save(dir, false); err != nil {
						t.Fatal(err)
					}
					checkInSync(t, s, server, readFolder(t, s, dir), "")
				})
			}
		}
	}
}

// What authentik brought is there where it belongs to the part, with all that is bound to
// it; and every field with Full.
func TestPartAsShipped(t *testing.T) {
	s := loaded(t, ownSchema)
	server := fresh(t, s, "2026.2.2")
	part := export.Part{Folder: "flows", Name: "default-authentication-flow"}
	for _, full := range []bool{false, true} {
		folder, dir := exportPart(t, s, server, export.Options{Full: full}, part), t.TempDir()
		text := string(folder.Files[0].Text)
		for _, want := range []string{
			"model: authentik_flows.flow\n", "target: !KeyOf default-authentication-flow\n", "stage: !KeyOf default-authentication-password\n",
			"model: authentik_policies_expression.expressionpolicy\n", "stage: !Find [authentik_stages_user_login.userloginstage, [name, default-authentication-login]]",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("full %t: %q is not in\n%s", full, want, text)
			}
		}
		if strings.Contains(text, "failed_attempts_before_cancel: 5") != full {
			t.Errorf("full %t: defaults are there, or not:\n%s", full, text)
		}
		if err := folder.Save(dir, false); err != nil {
			t.Fatal(err)
		}
		checkInSync(t, s, server, readFolder(t, s, dir), "")
	}
}

// An object without a name is found by what people call it, which has no key of another
// object in it, whatever its kind.
func TestByLabel(t *testing.T) {
	s := loaded(t, ownSchema)
	server := company(t, s, "2025.10.4")
	for model, label := range map[string]string{
		"authentik_policies.policybinding":      "*wiki → wiki-only, order 1",
		"authentik_flows.flowstagebinding":      "company-login → company-asks, order 100",
		"authentik_core.applicationentitlement": "wiki, editors",
	} {
		t.Run(model, func(t *testing.T) {
			o := export.Options{Models: []string{model}, Names: []string{label}}
			at, objects := listed(t, s, server, &o)
			var text strings.Builder
			if err := export.Write(&text, at, "", objects, o); err != nil || strings.Count(text.String(), "model: ") != 1 {
				t.Errorf("%v\n%s", err, &text)
			}
		})
	}
	for _, kind := range s.Managed() {
		if kind.Path != "" && kind.Key == "" {
			checkLabelled(t, s, kind)
		}
	}
}

// checkLabelled wants all to be listed that it takes to say what people call the objects
// of a kind.
func checkLabelled(t *testing.T, s *schema.Schema, kind *schema.Kind) {
	t.Helper()
	needs, err := export.Needs(s, export.Options{Models: []string{kind.Model}})
	if err != nil || len(kind.Label) == 0 {
		t.Errorf("nothing says what people call a %s: %v", kind.Title, err)
	}
	for _, name := range kind.Label {
		of := kind.Fields.Field(name)
		if of == nil || of.Refers == "" {
			continue
		}
		if !slices.Contains(needs, of.Refers) && !slices.ContainsFunc(s.Members(of.Refers), func(member *schema.Kind) bool { return slices.Contains(needs, member.Model) }) {
			t.Errorf("%s of a %s is not listed", name, kind.Title)
		}
	}
}
