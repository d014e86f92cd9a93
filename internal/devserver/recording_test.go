package devserver_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aksync/aksync/schema"
)

// recordedVersions are those of which there is a recording of every kind, as the names
// of the files have them: with a plus and words behind, where there are several.
func recordedVersions(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/kinds-*.jsonl.gz")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no recordings: %v", err)
	}
	versions := make([]string, len(files))
	for i, file := range files {
		versions[i] = strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "kinds-"), ".jsonl.gz")
	}
	return versions
}

// versionOf is the version of a recording.
func versionOf(recording string) string {
	version, _, _ := strings.Cut(recording, "+")
	return version
}

// recordedKinds is what a real authentik of a version answered about every kind
// (testdata/kinds-*.jsonl.gz).
func recordedKinds(t *testing.T, version string) []exchange {
	t.Helper()
	packed, err := os.Open("testdata/kinds-" + version + ".jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	text, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(text)
	decoder.UseNumber()
	var list []exchange
	for decoder.More() {
		var x exchange
		if err := decoder.Decode(&x); err != nil {
			t.Fatal(err)
		}
		if before, query, found := strings.Cut(x.Request.Path, "?"); found {
			x.Request.Path, x.Request.Query = before, json.RawMessage(encoded(query))
		}
		list = append(list, x)
	}
	return list
}

// parts are the exchanges of each of the servers that were asked one after the
// other.
func parts(all []exchange) [][]exchange {
	second := slices.IndexFunc(all, func(x exchange) bool { return strings.HasPrefix(x.Name, "setup-b/") })
	if second < 0 {
		return [][]exchange{all}
	}
	return [][]exchange{all[:second], all[second:]}
}

// walk calls f with each object in a body.
func walk(body any, f func(map[string]any)) {
	switch body := body.(type) {
	case map[string]any:
		f(body)
		for _, element := range body {
			walk(element, f)
		}
	case []any:
		for _, element := range body {
			walk(element, f)
		}
	}
}

func encoded(value any) string {
	// What was decoded can be encoded.
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// shownObject is an object in an answer.
type shownObject struct {
	kind   *schema.Kind
	pk     string
	fields map[string]any
}

func (o shownObject) key() string { return o.kind.Model + " " + o.pk }

// kinds are a schema's kinds by the path of their lists.
type kindsByPath map[string]*schema.Kind

func byPath(s *schema.Schema) kindsByPath {
	paths := kindsByPath{}
	for _, kind := range s.Kinds() {
		if kind.Path != "" {
			paths["/api/v3/"+kind.Path+"/"] = kind
		}
	}
	return paths
}

// of is the kind whose list or object a path names, or nil.
func (k kindsByPath) of(requested string) *schema.Kind {
	if kind := k[requested]; kind != nil {
		return kind
	}
	return k[path.Dir(strings.TrimSuffix(requested, "/"))+"/"]
}

// shown are the objects that an answer is about. A base shows too little of those of
// its special cases.
func (k kindsByPath) shown(x exchange) []shownObject {
	kind := k.of(x.Request.Path)
	body, isObject := x.Response.Body.(map[string]any)
	if kind == nil || !isObject || x.Response.Status > 201 {
		return nil
	}
	objects := []any{body}
	if results, isList := body["results"].([]any); isList {
		if k[x.Request.Path] == nil {
			return nil // a list of something else
		}
		objects = results
	}
	var shown []shownObject
	for _, object := range objects {
		fields, _ := object.(map[string]any)
		if model := fields["meta_model_name"]; model != nil && model != kind.Model && len(kind.Members) > 0 {
			continue
		}
		if id, has := kind.IDOf(fields); has {
			shown = append(shown, shownObject{kind, schema.IDText(id), fields})
		}
	}
	return shown
}

// within are objects that answers show within others: who administers, flows and
// groups.
func within(s *schema.Schema, x exchange) []shownObject {
	var objects []shownObject
	walk(x.Response.Body, func(o map[string]any) {
		model := ""
		switch _, isNamed := o["name"].(string); {
		case !isNamed || o["pk"] == nil:
		case o["username"] == "akadmin" && o["groups"] != nil:
			model = "authentik_core.user"
		case o["slug"] != nil && o["designation"] != nil:
			model = flowModel
		case o["num_pk"] != nil:
			model = "authentik_core.group"
		}
		if model != "" {
			objects = append(objects, shownObject{s.Kind(model), fmt.Sprint(o["pk"]), o})
		}
	})
	return objects
}
