package yaml

import (
	"bytes"

	"github.com/aksync/aksync/internal/tree"
)

// withoutDirectives returns the text with the directives before its document as
// comments. PyYAML takes any %YAML 1 and passes over those that it does not know;
// the parser here takes %YAML 1.1 and no other. A %TAG is a problem: each tag that
// uses one would hold the whole prefix that it stands for.
func withoutDirectives(path string, text []byte) ([]byte, *tree.Problem) {
	var directives []int // where they begin
	line, offset := 0, 0
	for l := range bytes.Lines(text) {
		line++
		switch trimmed := bytes.TrimSpace(bytes.TrimPrefix(l, []byte("\ufeff"))); {
		case bytes.HasPrefix(l, []byte("%TAG")):
			return nil, &tree.Problem{
				Place:   tree.Place{File: path, Line: line, Column: 1},
				Message: "%TAG gives tags other names: leave the line out, and write the tags as authentik does, such as !Find",
			}
		case bytes.HasPrefix(l, []byte("%")) && !newerYAML(l):
			directives = append(directives, offset)
		case len(trimmed) == 0 || trimmed[0] == '#':
		case len(directives) > 0 && bytes.HasPrefix(l, []byte("---")):
			text = bytes.Clone(text)
			for _, at := range directives {
				text[at] = '#'
			}
			return text, nil
		default:
			return text, nil
		}
		offset += len(l)
	}
	return text, nil
}

// newerYAML reports whether a line asks for another YAML than 1, which PyYAML
// refuses too.
func newerYAML(line []byte) bool {
	return bytes.HasPrefix(line, []byte("%YAML")) && !bytes.HasPrefix(bytes.TrimLeft(line[len("%YAML"):], " "), []byte("1."))
}
