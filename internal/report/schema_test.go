package report_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/aksync/aksync/internal/report"
)

// readJSON decodes a file as the validator wants it.
func readJSON(t *testing.T, path string) any {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return doc
}

func compile(t *testing.T, doc any) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// closed forbids what the schema does not name, in every object that it has:
// nothing may be written that is not described.
func closed(doc any) any {
	switch node := doc.(type) {
	case map[string]any:
		for key, value := range node {
			if key != "if" && key != "then" {
				node[key] = closed(value)
			}
		}
		if node["type"] == "object" {
			node["additionalProperties"] = false
		}
	case []any:
		for i := range node {
			node[i] = closed(node[i])
		}
	}
	return doc
}

func TestPlanSchema(t *testing.T) {
	schema := compile(t, closed(readJSON(t, "plan.schema.json")))
	for _, name := range []string{"plan.json", "plan-all.json"} {
		if err := schema.Validate(readJSON(t, filepath.Join("testdata", name))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, edit := range map[string]func(doc, change map[string]any){
		"an unknown action":          func(_, change map[string]any) { change["action"] = "replace" },
		"a creation with a pk":       func(_, change map[string]any) { change["pk"] = "x" },
		"an update without a pk":     func(_, change map[string]any) { change["action"] = "update" },
		"a creation after itself":    func(_, change map[string]any) { change["after_creation"] = false },
		"no place":                   func(_, change map[string]any) { delete(change, "source") },
		"another version":            func(doc, _ map[string]any) { doc["format_version"] = "2.0" },
		"a summary without a number": func(doc, _ map[string]any) { delete(doc["summary"].(map[string]any), "no_op") },
	} {
		doc := readJSON(t, filepath.Join("testdata", "plan.json")).(map[string]any)
		edit(doc, doc["changes"].([]any)[0].(map[string]any))
		if schema.Validate(doc) == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// checkSchema tells whether a plan in JSON is of the form that is described.
func checkSchema(t *testing.T, doc []byte) {
	t.Helper()
	read, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	if err := compile(t, closed(readJSON(t, "plan.schema.json"))).Validate(read); err != nil {
		t.Errorf("%v:\n%s", err, doc)
	}
}

// The schema is the published one of SARIF 2.1.0.
func TestSARIFSchema(t *testing.T) {
	schema := compile(t, readJSON(t, filepath.Join("testdata", "schemas", "sarif-2.1.0-rtm.5.json")))
	if err := schema.Validate(readJSON(t, filepath.Join("testdata", "validate.sarif"))); err != nil {
		t.Error(err)
	}
	var empty strings.Builder
	if err := report.SARIF(&empty, clear(t), about); err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(empty.String()))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Errorf("without errors: %v", err)
	}
	if !strings.Contains(empty.String(), `"results": []`) {
		t.Error("without errors there is no empty list of results, by which alerts are closed")
	}
}
