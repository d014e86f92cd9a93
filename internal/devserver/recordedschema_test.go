package devserver_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"testing"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// unforeseen says which complaints of a server about a field the schema does not
// foresee, by patterns of what is said.
var unforeseen = []struct{ says, reason string }{
	{`does not exist|already exists|must be unique|not allowed\.|Only a single|Only one type-wide|cannot be changed|of itself`, "it depends on what there is"},
	{`Unable to load|Syntax Error|Regex|kubeconfig|validate|Invalid template|Max retries|No scheme|component too long`, "it depends on what the text means"},
	{`must be set|must set|may not be empty|cannot be empty|can't be used|maximum lifetime`, "it depends on other fields"},
	{`Enterprise|verify license`, "it depends on the licence"},
	{`IPv4 or IPv6`, "nobody declares a log's entries"},
}

// stricter are the exchanges in which a server took what the schema refuses.
var stricter = []struct{ names, reason string }{
	{`^trap/oauth2provider-7$`, "a field that is not known is an error"},
	{`^normalise/datetime-9$`, "a day without dashes"},
}

// What a real server took the schema takes; what one refused, field by field, it refuses
// too, but for what it can't know.
func TestSchemaAgreesWithServers(t *testing.T) {
	s := loadSchema(t)
	for _, version := range recordedVersions(t) {
		t.Run(version, func(t *testing.T) {
			c := schemaCheck{t: t, schema: s.At(versionOf(version)), version: versionOf(version)}
			c.paths = byPath(c.schema)
			for _, x := range recordedKinds(t, version) {
				c.exchange(x)
			}
			if c.taken == 0 || c.refused == 0 {
				t.Errorf("%d values were taken and %d refused", c.taken, c.refused)
			}
		})
	}
}

// schemaCheck compares the schema's judgement with a server's.
type schemaCheck struct {
	t              *testing.T
	schema         *schema.Schema
	version        string
	paths          kindsByPath
	taken, refused int
}

// exchange judges the fields of a request to create or to change an object.
func (c *schemaCheck) exchange(x exchange) {
	c.t.Helper()
	kind := c.paths.of(x.Request.Path)
	if kind != nil {
		kind = c.schema.Exact(kind)
	}
	body, isObject := bodyOf(x)
	status := x.Response.Status
	if kind == nil || !isObject || status != http.StatusOK && status != http.StatusCreated && status != http.StatusBadRequest {
		return
	}
	complaints, _ := x.Response.Body.(map[string]any)
	for name, value := range body {
		field := kind.Fields.Field(name)
		if field == nil {
			continue
		}
		problem := c.problem(field, value)
		switch complaint := complaints[name]; {
		case status != http.StatusBadRequest:
			c.took(x, name, value, problem)
		case complaint != nil:
			c.refusedIt(x, name, value, encoded(complaint), problem)
		}
	}
	if status == http.StatusCreated {
		c.required(x, kind, body)
	}
}

// bodyOf are the fields of a request's body.
func bodyOf(x exchange) (body map[string]any, isObject bool) {
	decoder := json.NewDecoder(bytes.NewReader(x.Request.Body))
	decoder.UseNumber()
	err := decoder.Decode(&body)
	return body, err == nil && x.Request.Method != http.MethodGet
}

// problem is what the schema says of a value, or nothing.
func (c *schemaCheck) problem(field *schema.Field, value any) string {
	normalized := field.Normalize(tree.FromJSON(tree.PlainJSON(value)))
	problems := append(field.Check(field.Name, normalized), field.CheckVariant(field.Name, normalized, c.version)...)
	switch {
	case len(problems) > 0:
		return problems[0].Message
	case field.Refuses(normalized.Plain()):
		return "no blueprint may ask for it"
	}
	return ""
}

func (c *schemaCheck) took(x exchange, name string, value any, problem string) {
	c.t.Helper()
	c.taken++
	known := slices.ContainsFunc(stricter, func(s struct{ names, reason string }) bool {
		return regexp.MustCompile(s.names).MatchString(x.Name)
	})
	if problem != "" && !known {
		c.t.Errorf("%s: the server took %s %.200s, and the schema says: %s", x.Name, name, encoded(value), problem)
	}
}

func (c *schemaCheck) refusedIt(x exchange, name string, value any, complaint, problem string) {
	c.t.Helper()
	c.refused++
	known := slices.ContainsFunc(unforeseen, func(u struct{ says, reason string }) bool {
		return regexp.MustCompile(u.says).MatchString(complaint)
	})
	if problem == "" && !known {
		c.t.Errorf("%s: the schema takes %s %.200s, of which the server says: %s", x.Name, name, encoded(value), complaint)
	}
}

// required holds the schema to what an object was created with.
func (c *schemaCheck) required(x exchange, kind *schema.Kind, body map[string]any) {
	c.t.Helper()
	for _, field := range kind.Fields.Fields {
		if _, given := body[field.Name]; field.Required && !given && x.Request.Path == "/api/v3/"+kind.Path+"/" {
			c.t.Errorf("%s: %s is required, and the server does without it", x.Name, field.Name)
		}
	}
}
