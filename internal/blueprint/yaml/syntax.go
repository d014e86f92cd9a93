package yaml

import (
	"bytes"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/aksync/aksync/internal/blueprint/textfile"
	"github.com/aksync/aksync/internal/tree"
)

var yamlMessage = regexp.MustCompile(`^yaml: (?:line ([0-9]+): )?`)

// syntaxProblem says where the text stops being YAML. The parser tells no
// column, and the line only of where the construct began, so the line is
// found by parsing the text up to it: the first that brings the same error. In
// a large text that would take too long.
func syntaxProblem(path string, text []byte, err error) tree.Problem {
	message := yamlMessage.ReplaceAllString(err.Error(), "")
	lines := bytes.SplitAfter(text, []byte("\n"))
	line := 1
	if len(text) <= textfile.MostSearched {
		line += sort.Search(len(lines)-1, func(i int) bool {
			return sameError(bytes.Join(lines[:i+1], nil), err)
		})
	}
	if len(text) > textfile.MostSearched || strings.Contains(message, "unexpected end of stream") || strings.Contains(message, "unexpected document indicator") {
		// Where it began says more than where the file ends.
		if match := yamlMessage.FindStringSubmatch(err.Error()); match != nil && match[1] != "" {
			began, _ := strconv.Atoi(match[1])
			line = max(1, min(began, len(lines)))
		}
	}
	indent := lines[line-1][:len(lines[line-1])-len(bytes.TrimLeft(lines[line-1], " \t"))]
	return tree.Problem{
		Place:   tree.Place{File: path, Line: line, Column: utf8.RuneCount(indent) + 1},
		Message: "not YAML: " + yamlReason(message),
	}
}

func sameError(text []byte, err error) bool {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for range 2 { // as many documents as readYAML looks for
		var document yaml.Node
		if got := decodeYAML(decoder, &document); got != nil {
			return got.Error() == err.Error()
		}
	}
	return false
}

// yamlReason puts the parser's message in words that say what to do.
func yamlReason(message string) string {
	for _, known := range []struct{ part, reason string }{
		{"found character that cannot start any token", "a value can't begin like this: indent with spaces and not with tabs, and put text that begins with @, ` or % in quotes"},
		{"did not find expected key", "this line doesn't fit to the lines above it: look at the indentation"},
		{"did not find expected '-' indicator", "this line doesn't fit to the list above it: look at the indentation"},
		{"mapping values are not allowed", "a second colon in one line: put text that holds \": \" in quotes"},
		{"did not find expected ',' or ']'", "a list in brackets is not closed: want , or ]"},
		{"did not find expected ',' or '}'", "a mapping in braces is not closed: want , or }"},
		{"could not find expected ':'", "a key without a colon: want key: value"},
		{"found unknown directive", "a line that begins with % is for YAML itself: leave it out"},
		{"found incompatible YAML", "authentik takes YAML 1 only: leave the %YAML line out"},
		{"unknown anchor", "a value that begins with * refers to an anchor, and there is none of that name before it: put text that begins with * in quotes"},
		{"found unexpected end of stream", "a quoted text that begins here is not closed"},
	} {
		if strings.Contains(message, known.part) {
			return known.reason
		}
	}
	return message
}
