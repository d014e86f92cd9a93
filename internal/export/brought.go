package export

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/aksync/aksync/schema"
)

// brought/VERSION.txt lists what authentik of a version brings: for each object its
// model, its name, and a digest of what it declares, since all that is asked is whether
// it is still as it came. There is more than one line for an object that the embedded
// server has with texts of its own. cmd/genbrought writes them.
//
//go:embed brought/*.txt
var broughtFiles embed.FS

// brought are the digests of what authentik brings, by model and name.
type brought map[[2]string][]string

// broughtBy returns what authentik of the version brings. Where that is not known it
// is what the last version before brought, and guessed is set.
func broughtBy(version string) (what brought, guessed bool, err error) {
	names, err := fs.Glob(broughtFiles, "brought/*.txt")
	if err != nil {
		return nil, false, err
	}
	of := func(name string) string { return strings.TrimSuffix(path.Base(name), ".txt") }
	slices.SortFunc(names, func(a, b string) int {
		if schema.Before(of(a), of(b)) {
			return -1
		}
		return 1
	})
	last := names[0]
	for _, name := range names {
		if !schema.Before(version, of(name)) {
			last = name
		}
	}
	text, err := broughtFiles.ReadFile(last)
	if err != nil {
		return nil, false, err
	}
	what, err = readBrought(text)
	isLast := !schema.Before(of(last), version) && !schema.Before(version, of(last))
	return what, !schema.Known(version) || !isLast, err
}

func readBrought(text []byte) (brought, error) {
	b := brought{}
	for line := range bytes.Lines(text) {
		words := strings.Split(strings.TrimSuffix(string(line), "\n"), "\t")
		if len(words) != 3 {
			return nil, errors.New("a line of what authentik brings is not a model, a name and a digest")
		}
		name, err := strconv.Unquote(words[1])
		if err != nil {
			return nil, fmt.Errorf("a name of what authentik brings: %w", err)
		}
		key := [2]string{words[0], name}
		b[key] = append(b[key], words[2])
	}
	return b, nil
}

// has reports whether an object is authentik's own: it is as it came, or has a value
// that nobody else can give it; or authentik manages it, and it is none of those that
// every server has, which somebody can have changed.
func (b brought) has(e *entry) bool {
	digests, known := b[[2]string{e.kind.Model, e.name}]
	return e.refused || slices.Contains(digests, e.digest()) || e.managed && !known
}

// Brought lists the objects, as the API lists them by model, as what a version brings:
// that of a server that nobody has touched.
func Brought(s *schema.Schema, objects map[string][]schema.Object) ([]string, error) {
	_, entries, err := gatherAll(s, objects, Options{})
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, e := range entries {
		if !e.refused {
			lines = append(lines, strings.Join([]string{e.kind.Model, strconv.Quote(e.name), e.digest()}, "\t"))
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines), nil
}
