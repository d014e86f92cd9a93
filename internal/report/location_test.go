package report_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/sync"
)

func failing(problems ...tree.Problem) *sync.Pass {
	return &sync.Pass{Blueprints: &sync.Blueprints{Files: []sync.Blueprint{{Path: "x", State: tree.Invalid, Problems: problems}}}}
}

// result is what is read of a SARIF result.
type result struct {
	RuleID    string
	Message   struct{ Text string }
	Locations []struct {
		PhysicalLocation struct {
			ArtifactLocation struct{ URI, URIBaseID string }
			Region           *struct{ StartLine, StartColumn int }
		}
	}
	PartialFingerprints map[string]string
}

func sarifOf(t *testing.T, pass *sync.Pass, about report.About) []result {
	t.Helper()
	var b bytes.Buffer
	if err := report.SARIF(&b, pass, about); err != nil {
		t.Fatal(err)
	}
	var log struct{ Runs []struct{ Results []result } }
	if err := json.Unmarshal(b.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	return log.Runs[0].Results
}

// Files are named from the top of the repository, where they lie below it.
func TestFilesAreNamedFromTheRoot(t *testing.T) {
	root := t.TempDir()
	below := filepath.Join(root, "deploy")
	tests := []struct {
		name, file    string
		about         report.About
		uri, annotate string
		based         bool
	}{
		{"as it is", "login.yaml", report.About{}, "login.yaml", "login.yaml", true},
		{"not tidy", "./a//login.yaml", report.About{}, "a/login.yaml", "a/login.yaml", true},
		{"from a folder below", "login.yaml", report.About{Root: root, Dir: below}, "deploy/login.yaml", "deploy/login.yaml", true},
		{"from a folder below and up", "../login.yaml", report.About{Root: root, Dir: below}, "login.yaml", "login.yaml", true},
		{"absolute, below", filepath.Join(below, "login.yaml"), report.About{Root: root, Dir: root}, "deploy/login.yaml", "deploy/login.yaml", true},
		{"absolute, elsewhere", "/etc/login.yaml", report.About{Root: root, Dir: root}, "file:///etc/login.yaml", "/etc/login.yaml", false},
		{"blanks and signs", "a b%/ü:#?,.yaml", report.About{}, "a%20b%25/%C3%BC:%23%3F,.yaml", "a b%25/ü%3A#?%2C.yaml", true},
		{"no scheme", "a:b.yaml", report.About{}, "./a:b.yaml", "a%3Ab.yaml", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			pass := failing(tree.Problem{Place: tree.Place{File: test.file, Line: 7, Column: 9}, Message: "wrong"})
			location := sarifOf(t, pass, test.about)[0].Locations[0].PhysicalLocation
			if location.ArtifactLocation.URI != test.uri || (location.ArtifactLocation.URIBaseID == "%SRCROOT%") != test.based {
				t.Errorf("the URI is %+v, and not %s", location.ArtifactLocation, test.uri)
			}
			if location.Region == nil || location.Region.StartLine != 7 || location.Region.StartColumn != 9 {
				t.Errorf("the region is %+v", location.Region)
			}
			if diff := cmp.Diff("::error file="+test.annotate+",line=7,col=9::wrong\n", annotationsOf(t, pass, test.about)); diff != "" {
				t.Errorf("annotation -want +got:\n%s", diff)
			}
		})
	}
}

func annotationsOf(t *testing.T, pass *sync.Pass, about report.About) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Annotations(&b, pass, about); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// No message ends its command, or begins another one.
func TestAnnotationsAreEscaped(t *testing.T) {
	pass := failing(
		tree.Problem{Message: "100%: a, b::c"},
		tree.Problem{Place: tree.Place{File: "a,\nb.yaml"}, Path: "entries[0]", Message: "one\r\n::set-env name=x::y"},
	)
	want := "::error::100%25: a, b::c\n" +
		"::error file=a%2C%0Ab.yaml::entries[0]: one\\r\\n::set-env name=x::y\n"
	if diff := cmp.Diff(want, annotationsOf(t, pass, report.About{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if lines := strings.Count(annotationsOf(t, pass, report.About{}), "\n"); lines != 2 {
		t.Errorf("there are %d lines", lines)
	}
}

// An error without a value is another rule; a fingerprint does not change when
// the error moves, and differs where the error does.
func TestSARIFResults(t *testing.T) {
	at := func(line int, path, message string) tree.Problem {
		return tree.Problem{Place: tree.Place{File: "a.yaml", Line: line, Column: 1}, Path: path, Message: message}
	}
	results := sarifOf(t, failing(at(1, "", "no YAML"), at(2, "entries[0]", "wrong"), at(3, "entries[0]", "wrong"), tree.Problem{Message: "no file"}), report.About{})
	rules := []string{}
	for _, r := range results {
		rules = append(rules, r.RuleID+": "+r.Message.Text)
	}
	want := []string{"invalid-blueprint: no file", "invalid-blueprint: no YAML", "invalid-value: entries[0]: wrong", "invalid-value: entries[0]: wrong"}
	if diff := cmp.Diff(want, rules); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(results[0].Locations) != 0 {
		t.Error("an error without a file has a location")
	}
	if diff := cmp.Diff(results[2].PartialFingerprints, results[3].PartialFingerprints); diff != "" {
		t.Errorf("the same error has another fingerprint on another line:\n%s", diff)
	}
	if cmp.Equal(results[1].PartialFingerprints, results[2].PartialFingerprints) {
		t.Error("two errors share a fingerprint")
	}
}
