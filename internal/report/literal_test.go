package report_test

import (
	"bytes"
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/sync"
)

func TestLiteral(t *testing.T) {
	unknown := tree.ID{Change: 3}
	large, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	tests := []struct {
		name  string
		value any
		want  string
	}{
		{"null", nil, `null`},
		{"text", "a \"b\"\n", `"a \"b\"\n"`},
		{"numbers", []any{int64(1), 2, 1.5, 1e300, large, json.Number("7"), math.Inf(-1)}, `[1,2,1.5,1e+300,123456789012345678901234567890,7,-Inf]`},
		{"a mapping", map[string]any{"b": true, "a": nil, "é": "<&>\x1b\u2028"}, `{"a":null,"b":true,"é":"<&>\u001b\u2028"}`},
		{"a key", tree.ID{Known: "7a0c"}, `"7a0c"`},
		{"a number for a key", tree.ID{Known: int64(7)}, `7`},
		{"a key that is known after apply", unknown, `(known after apply)`},
		{"text with one", tree.Text{"https://x/", unknown, "/y"}, `"https://x/"(known after apply)"/y"`},
		{"a list with one", []any{unknown, "x"}, `[(known after apply),"x"]`},
		{"a mapping with some", map[string]any{"a": []any{map[string]any{"b": unknown}}, "c": tree.Text{unknown}}, `{"a":[{"b":(known after apply)}],"c":(known after apply)}`},
		{"text that only says so", []any{"(known after apply)"}, `["(known after apply)"]`},
		{"what no field can have", []any{struct{ Token string }{"secret"}}, `[(a value of another type)]`},
		{"what no field can have by a pointer", &struct{ Token string }{"secret"}, `(a value of another type)`},
		{"a value with its place", tree.Value{Data: "secret"}, `(a value of another type)`},
		{"a function", func() {}, `(a value of another type)`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, report.Literal(test.value, 200)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A literal of what JSON has is JSON.
func TestLiteralIsJSON(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		want := map[string]any{
			rapid.String().Draw(rt, "key"): rapid.String().Draw(rt, "text"), "n": rapid.Float64().Draw(rt, "number"),
			"l": []any{rapid.Bool().Draw(rt, "bool"), nil},
		}
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(want); err != nil {
			rt.Fatal(err)
		}
		// What does not print is escaped once more, for a terminal.
		got := report.Literal(want, math.MaxInt)
		if strings.IndexFunc(text.String()[:text.Len()-1], notPrinted) < 0 && got != strings.TrimSpace(text.String()) {
			rt.Fatalf("%q is written as %s", text.String(), got)
		}
	})
}

// What is not known yet is shown where it stands, and the rest as it is.
func TestKnownAfterApply(t *testing.T) {
	unknown := tree.ID{Change: 1}
	fields := []sync.FieldChange{
		{Name: "backends", Before: list("a b"), After: []any{"a", unknown}},
		{Name: "flow", Before: "a", After: unknown},
		{Name: "title", Before: "a", After: tree.Text{"to ", unknown}},
		{Name: "whole", Before: "a", After: unknown},
		{Name: "known", Before: "a", After: tree.ID{Known: "b"}},
	}
	want := `  ~ backends:
      "a"
    - "b"
    + (known after apply)
  ~ flow: "a" -> (known after apply)
  ~ title: "a" -> "to "(known after apply)
  ~ whole: "a" -> (known after apply)
  ~ known: "a" -> "b"
`
	pass := passOf(t, updateOf("x", fields...))
	if text := textOf(t, pass); !strings.Contains(text, want) {
		t.Errorf("it is\n%s", text)
	}
	var doc bytes.Buffer
	if err := report.JSON(&doc, pass, about, false); err != nil {
		t.Fatal(err)
	}
	checkSchema(t, doc.Bytes())
	var got struct {
		Changes []struct {
			Fields []struct {
				After any  `json:"after"`
				Later bool `json:"known_after_apply"`
			} `json:"fields"`
		} `json:"changes"`
	}
	if err := json.Unmarshal(doc.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for i, field := range got.Changes[0].Fields {
		if later := i < 4; field.Later != later || later && field.After != nil || !later && field.After != "b" {
			t.Errorf("%s is %v (%v) in JSON", fields[i].Name, field.After, field.Later)
		}
	}
	create := updateOf("x", fields...)
	create.Action, create.PK = sync.Create, ""
	if text := textOf(t, passOf(t, create)); strings.Count(text, "(known after apply)") != 4 || strings.Contains(text, "Change") || strings.Contains(text, "{") {
		t.Errorf("a creation is\n%s", text)
	}
}

// A value that no field can have is not written out as Go has it, nor in JSON.
func TestValuesOfOtherTypes(t *testing.T) {
	odd := struct{ Token string }{"secret"}
	change := updateOf("x", sync.FieldChange{Name: "backends", Before: []any{odd, "a"}, After: []any{}, Choices: true}, sync.FieldChange{Name: "title", Before: "a", After: map[string]any{"k": odd}})
	change.Users = users([]string{"login"}, []string{"login"})
	pass := passOf(t, change)
	var doc bytes.Buffer
	if err := report.JSON(&doc, pass, about, false); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"text": textOf(t, pass), "Markdown": markdownOf(t, pass, about), "JSON": doc.String()} {
		if strings.Contains(text, "secret") {
			t.Errorf("%s has it:\n%s", name, text)
		}
	}
}

// Of a long value only what is shown costs anything.
func TestHugeValues(t *testing.T) {
	const size = 4 << 20
	huge := strings.Repeat("x", size)
	pass := passOf(t, updateOf(huge,
		sync.FieldChange{Name: "title", Before: huge + "a", After: huge + "b"},
		sync.FieldChange{Name: "struct", Before: map[string]any{"k": huge}, After: "a"},
		sync.FieldChange{Name: "list", Before: []any{huge}, After: []any{huge, huge + "é"}},
	))
	for name, write := range map[string]func() string{
		"text":     func() string { return textOf(t, pass) },
		"Markdown": func() string { return markdownOf(t, pass, about) },
	} {
		text := ""
		if n := testing.AllocsPerRun(1, func() { text = write() }); n > 5000 {
			t.Errorf("%s takes %.0f allocations", name, n)
		}
		if len(text) > 4000 {
			t.Errorf("%s has %d bytes", name, len(text))
		}
	}
	if text := textOf(t, pass); !strings.Contains(text, `xxxxxxxxb" (4,194,305 characters)`) {
		t.Errorf("it is\n%s", text)
	}
}
