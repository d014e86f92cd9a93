package blueprint

import (
	"regexp"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// quotedText is text in a message of CUE's, which may be cut off.
var quotedText = regexp.MustCompile(`"(?:[^"\\]|\\.)*(?:"|\\?$)`)

// showsValues is what messages of CUE's begin with that show the values they are about.
var showsValues = regexp.MustCompile(`^(?:conflicting values|invalid |mismatched types|is not one value|cannot use|non-concrete|incompatible)`)

// isSensitive reports whether the entry has a value for a sensitive field.
func (e *entry) isSensitive(s *schema.Schema) bool {
	kind := s.Kind(e.model)
	for _, part := range []string{"identifiers", "attrs"} {
		written, _ := e.fields.Get(part)
		members, _ := written.Data.(tree.Map)
		if slices.ContainsFunc(members, func(p tree.Pair) bool {
			field := fieldOf(kind, p.Name())
			return field != nil && field.Sensitive
		}) {
			return true
		}
	}
	return false
}

// hide takes out of the problems of reading the text what they may show of a value
// that is in a sensitive field: CUE's own messages hold the values that don't fit, and
// text that begins with ! and is not in quotes reads as a tag.
func (d *document) hide(problems tree.Problems, cue bool) {
	if len(problems) == 0 {
		return
	}
	entries, secrets := make(map[string]*entry, len(d.entries)), false
	for _, e := range d.entries {
		entries[e.path] = e
		secrets = secrets || e.isSensitive(d.scope.Schema)
	}
	for i := range problems {
		problem := &problems[i]
		elsewhere := !strings.HasPrefix(problem.Path, "entries") || strings.Contains(problem.Path, "._") || strings.Contains(problem.Path, ".#")
		field := d.fieldAt(entries, problem.Path)
		switch unknown := strings.HasPrefix(problem.Message, "unknown tag"); {
		case field == nil && cue && secrets && elsewhere && showsValues.MatchString(problem.Message):
			problem.Message = quotedText.ReplaceAllString(problem.Message, `"…"`) // of a field that a secret is made of
		case field == nil || !field.Sensitive:
		case unknown && !strings.Contains(problem.Message, "did you mean"):
			problem.Message = "unknown tag that is not shown, since it may be a secret: want text in quotes"
		case cue && !unknown && !strings.HasPrefix(problem.Message, "!"):
			problem.Message = "is not one value that all that is said of it agrees to, or none at all, and is not shown: give it a value"
		}
	}
}

// fieldAt returns the field that a path leads into, or nil.
func (d *document) fieldAt(entries map[string]*entry, path string) *schema.Field {
	for at := range len(path) {
		e := entries[path[:at]]
		if e == nil {
			continue
		}
		within, name, _ := strings.Cut(strings.TrimPrefix(path[at:], "."), ".")
		if end := strings.IndexAny(name, ".["); end >= 0 {
			name = name[:end]
		}
		if within == "attrs" || within == "identifiers" {
			return fieldOf(d.scope.Schema.Kind(e.model), name)
		}
	}
	return nil
}
