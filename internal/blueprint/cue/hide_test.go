package cue

import (
	"strings"
	"testing"

	"github.com/aksync/aksync/internal/blueprint/tags"
)

// What is written out for a sensitive field is in none of CUE's messages, wherever the
// mistake is; what is not, is.
func TestHide(t *testing.T) {
	for name, text := range map[string]string{
		"conflict with itself":        `entries: [{attrs: {client_secret: "hunter-2", client_secret: "hunter-3", name: "shown"}}]`,
		"a type":                      `entries: [{attrs: {client_secret: "hunter-2" & int}}]`,
		"a number":                    `entries: [{attrs: {client_secret: 7177001 & string}}]`,
		"a bound":                     `entries: [{attrs: {client_secret: =~"^hunter-x" & "hunter-2"}}]`,
		"a choice":                    `entries: [{attrs: {client_secret: "hunter-2" | "hunter-3"}}]`,
		"the entry as a whole":        `entries: [{attrs: client_secret: "hunter-2"} & "shown"]`,
		"the list as a whole":         `entries: [{attrs: {client_secret: "hunter-2"}}] & {}`,
		"a field that it is made of":  "_from: {pw: \"hunter-2\" & int}\nentries: [{attrs: client_secret: _from.pw}]",
		"and of which that is":        "_a: \"hunter-2\" & int\n_b: _a\nentries: [{attrs: client_secret: _b}]",
		"a part of it":                "_a: 5 & \"x\"\nentries: [{attrs: client_secret: \"hunter-2-\\(_a)\"}]",
		"text of several lines":       "entries: [{attrs: client_secret: \"\"\"\n\thunter-2\n\thunter-3\n\t\"\"\"} & 5]",
		"bytes":                       `entries: [{attrs: client_secret: 'hunter-2' & int}]`,
		"raw text":                    `entries: [{attrs: client_secret: #"hunter-2"# & int}]`,
		"a mapping":                   `entries: [{attrs: settings: {user: "hunter-2", list: [7177001]} & string}]`,
		"a tag":                       `entries: [{attrs: client_secret: {"!Format": ["hunter-2", 7177001]} & 3}]`,
		"a short one":                 `entries: [{attrs: client_secret: "h2"} & 5]`,
		"syntax, text after text":     `entries: [{attrs: {client_secret: "hunter-2" "hunter-3"}}]`,
		"syntax, a number after text": `entries: [{attrs: {client_secret: "hunter-2" 7177001}}]`,
		"syntax, not closed":          `entries: [{attrs: {client_secret: "hunter-2`,
		"a label that is in quotes":   `entries: [{attrs: "client_secret": "hunter-2" & 5}]`,
	} {
		result := (&cueEvaluator{language: tags.NewLanguage()}).evaluate(Job{
			Parts: []Part{{Name: "x.cue", Path: "x.cue", Text: []byte(text)}}, Hidden: []string{"client_secret", "settings"},
		})
		if len(result.Problems) == 0 {
			t.Errorf("%s: there is no problem", name)
		}
		for _, problem := range result.Problems {
			for _, hidden := range []string{"hunter", "7177001", `"h2"`} {
				if strings.Contains(problem.Error(), hidden) {
					t.Errorf("%s: %s", name, problem)
				}
			}
		}
	}
}

func TestHideNothingElse(t *testing.T) {
	result := (&cueEvaluator{language: tags.NewLanguage()}).evaluate(Job{
		Parts:  []Part{{Name: "x.cue", Path: "x.cue", Text: []byte(`entries: [{attrs: {client_secret: "hunter-2", name: "shown" & 5}}]`)}},
		Hidden: []string{"client_secret"},
	})
	if len(result.Problems) != 1 || !strings.Contains(result.Problems[0].Message, `"shown" and 5`) {
		t.Errorf("the problems are %v", result.Problems)
	}
}
