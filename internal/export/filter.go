package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// check says what is wrong with the options by themselves.
func (o Options) check() error {
	formats := []string{YAML, CUE}
	if o.Format != "" && !slices.Contains(formats, o.Format) {
		return fmt.Errorf("%q is no format of a blueprint: %s", o.Format, schema.Suggest(o.Format, formats))
	}
	for _, glob := range o.Names {
		if _, err := path.Match(glob, ""); err != nil {
			return fmt.Errorf("the name %q is no glob: %w", glob, err)
		}
	}
	return nil
}

// nameFilter picks objects by name and remembers what it saw.
type nameFilter struct {
	globs   []string
	matched map[string]bool
	seen    []string
}

func newNameFilter(globs []string) nameFilter {
	return nameFilter{globs: globs, matched: map[string]bool{}}
}

func (f *nameFilter) wants(name string) bool {
	f.seen = append(f.seen, name)
	wanted := len(f.globs) == 0
	for _, glob := range f.globs {
		if match, err := path.Match(glob, name); err == nil && match || glob == name {
			f.matched[glob] = true
			wanted = true
		}
	}
	return wanted
}

// problems names the globs that match nothing: most likely they are misspelt.
func (f *nameFilter) problems() []error {
	var problems []error
	for _, glob := range f.globs {
		if f.matched[glob] {
			continue
		}
		hint := ""
		if near := schema.Nearest(glob, f.seen); near != "" {
			hint = fmt.Sprintf(": did you mean %q?", near)
		}
		problems = append(problems, fmt.Errorf("no object that can be exported has a name that matches %q%s", glob, hint))
	}
	return problems
}

// wants tells whether the options ask for an object. It is an error where its
// answer does not tell its name.
func (g *gathering) wants(kind *schema.Kind, object schema.Object, name string) (bool, error) {
	if id, _ := kind.IDOf(object); g.options.Want != nil && !g.options.Want(kind.Model, schema.IDText(id)) {
		return false, nil
	}
	if len(g.options.Names) > 0 {
		if kind.Key != "" && name == "" {
			return false, fmt.Errorf("the server's answer is not as aksync knows it: %s is no text", kind.Key)
		}
		if !g.names.wants(name) {
			return false, nil
		}
	}
	return true, nil
}

// checkDeclarable refuses a value that can be live and not declared: a number
// that no file can hold, or one of which the server would make another, such as
// a name with white space around it that got past its API.
func checkDeclarable(of *schema.Field, value any) error {
	if _, err := json.Marshal(value); err != nil {
		return fmt.Errorf("%s can't be written in a blueprint: %w", of.Name, err)
	}
	if stored := of.Normalize(tree.FromJSON(value)).Plain(); !sameJSON(stored, value) {
		return fmt.Errorf("%s is %s, which can't be declared: the server would make %s of it", of.Name, tree.Describe(value), tree.Describe(stored))
	}
	return nil
}

// sameJSON tells whether two plain values are the same to a server.
func sameJSON(a, b any) bool {
	inA, errA := json.Marshal(a)
	inB, errB := json.Marshal(b)
	return errA == nil && errB == nil && bytes.Equal(inA, inB)
}
