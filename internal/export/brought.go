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
// it is still as it came. VERSION-embedded.txt is the same of the embedded server, which
// has texts of its own; a test with -update writes that, and cmd/genbrought the other.
//
//go:embed brought/*.txt
var broughtFiles embed.FS

// brought is what authentik of a version brings.
type brought struct {
	// digests are those of objects by model and name.
	digests map[[2]string][]string
	// files is how many files have an object: all, but for what has a name of its own on
	// each server.
	files map[[2]string]int
	// like are the digests of all.
	like map[string]bool
}

// embeddedPart ends the name of the file of the embedded server.
const embeddedPart = "-embedded"

// Family is the part of a version that decides what authentik brings: year.month.
func Family(version string) string {
	parts := append(strings.SplitN(version, ".", 3), "", "")
	return parts[0] + "." + parts[1]
}

// families are the versions of which it is known what they bring, the oldest first.
func families() ([]string, error) {
	files, err := fs.Glob(broughtFiles, "brought/*.txt")
	if err != nil {
		return nil, err
	}
	var families []string
	for _, file := range files {
		family := strings.TrimSuffix(path.Base(file), ".txt")
		if schema.Known(family) && !strings.Contains(family, "-") {
			families = append(families, family)
		}
	}
	slices.SortFunc(families, func(a, b string) int {
		if schema.Before(a, b) {
			return -1
		}
		return 1
	})
	return families, nil
}

// broughtBy returns what authentik of the version brings, or nearly: where that is not
// known it is what the last known version before brought, and guessed is set.
func broughtBy(version string) (what *brought, guessed bool, err error) {
	known, err := families()
	if err != nil || len(known) == 0 {
		return nil, true, err
	}
	nearest := known[0]
	for _, family := range known {
		if !schema.Before(version, family) {
			nearest = family
		}
	}
	what = &brought{digests: map[[2]string][]string{}, files: map[[2]string]int{}, like: map[string]bool{}}
	for _, part := range []string{"", embeddedPart} {
		text, err := broughtFiles.ReadFile("brought/" + nearest + part + ".txt")
		if err == nil {
			err = what.read(text)
		}
		if err != nil {
			return nil, false, err
		}
	}
	return what, nearest != Family(version), nil
}

// read adds the lines of a file.
func (b *brought) read(text []byte) error {
	seen := map[[2]string]bool{}
	for line := range bytes.Lines(text) {
		words := strings.Split(strings.TrimSuffix(string(line), "\n"), "\t")
		if len(words) != 3 {
			return errors.New("a line of what authentik brings is not a model, a name and a digest")
		}
		name, err := strconv.Unquote(words[1])
		if err != nil {
			return fmt.Errorf("a name of what authentik brings: %w", err)
		}
		key := [2]string{words[0], name}
		b.digests[key] = append(b.digests[key], words[2])
		b.like[words[2]] = true
		if !seen[key] {
			seen[key] = true
			b.files[key]++
		}
	}
	return nil
}

// has reports whether an object is authentik's own: it is as it came; or authentik
// manages it, and it is none of those that every server has, which somebody can have
// changed. Nobody is permitted anything with one that is as it came.
func (b *brought) has(e *entry) bool {
	if len(e.permissions) > 0 {
		return false
	}
	if digests, known := b.digests[[2]string{e.kind.Model, e.name}]; known {
		return slices.Contains(digests, e.digest())
	}
	return e.managed
}

// knows reports whether authentik brings an object of the name.
func (b *brought) knows(e *entry) bool { return b.digests[[2]string{e.kind.Model, e.name}] != nil }

// missing names what authentik brings, under the same name to every server, and none of
// the entries is; of the models that are listed.
func (b *brought) missing(entries []*entry, listed map[string][]schema.Object) []string {
	live := map[[2]string]bool{}
	for _, e := range entries {
		live[[2]string{e.kind.Model, e.name}] = true
	}
	var names []string
	for key, files := range b.files {
		if _, is := listed[key[0]]; is && files > 1 && !live[key] {
			names = append(names, fmt.Sprintf("%s %q", key[0], key[1]))
		}
	}
	slices.Sort(names)
	return names
}

// Brought lists the objects, as the API lists them by model, as what a version brings:
// that of a server that nobody has touched. Those that leave names are left out.
func Brought(s *schema.Schema, objects map[string][]schema.Object, o Options, leave func(name string) bool) ([]string, error) {
	_, entries, err := gatherAll(s, objects, o, false)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, e := range entries {
		if !e.refused && !leave(e.name) {
			lines = append(lines, strings.Join([]string{e.kind.Model, strconv.Quote(e.name), e.digest()}, "\t")+"\n")
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines), nil
}
