package blueprint_test

import (
	"crypto/md5"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/tree"
)

// madeUp answers references as tags/record.py does: the name of an object says
// what its key is. Objects of which late says so are yet to be created.
type madeUp struct {
	late    func(name string) bool
	changes []string // the names of those that were met, at the numbers of their changes
}

var errNothing = errors.New("finds nothing")

func keyOf(name string) any {
	switch {
	case strings.HasPrefix(name, "number"):
		return int64(len(name))
	case strings.HasPrefix(name, "word"):
		return "key of " + name
	default:
		return uuid.UUID(md5.Sum([]byte(name))).String()
	}
}

func (m *madeUp) lookup(r tree.Reference) (tree.Value, error) {
	name := "first"
	if r.Tag != tree.TagKeyOf {
		plain := r.Where[0].Value.Plain()
		if !tree.Known(plain) {
			return tree.Value{}, errors.New("the name is known after apply, and not taken here: want one that is known")
		}
		if name = fmt.Sprint(plain); name == "" {
			return tree.Value{}, errNothing
		}
	}
	if r.Tag == tree.TagFindObject {
		return madeUpObject(name), nil
	}
	if m.late == nil || !m.late(name) {
		return tree.Value{Data: tree.ID{Known: keyOf(name)}}, nil
	}
	change := slices.Index(m.changes, name)
	if change < 0 {
		change = len(m.changes)
		m.changes = append(m.changes, name)
	}
	return tree.Value{Data: tree.ID{Change: change}}, nil
}

// created puts the keys of the objects that were created into plain data.
func (m *madeUp) created(plain any) any {
	switch plain := plain.(type) {
	case tree.ID:
		return keyOf(m.changes[plain.Change])
	case tree.Text:
		text := ""
		for _, part := range plain {
			text += fmt.Sprint(m.created(part))
		}
		return text
	case []any:
		elements := make([]any, len(plain))
		for i, element := range plain {
			elements[i] = m.created(element)
		}
		return elements
	case map[string]any:
		members := map[string]any{}
		for name, value := range plain {
			members[name] = m.created(value)
		}
		return members
	default:
		return plain
	}
}

func madeUpObject(name string) tree.Value {
	object := tree.Map{}
	for _, field := range []struct {
		name string
		data any
	}{
		{"pk", fmt.Sprint(keyOf(name))}, {"name", name}, {"attributes", uuid.UUID(md5.Sum([]byte("other"))).String()},
		{"number", int64(3)}, {"flag", false}, {"empty", ""}, {"none", nil}, {"list", tree.List{{Data: "p"}, {Data: "q'"}, {Data: 2.5}}},
		{"nested", tree.Map{tree.Member(tree.Place{}, "k", tree.Value{Data: "v"}), tree.Member(tree.Place{}, "l", tree.Value{Data: tree.List{{Data: int64(1)}, {Data: int64(2)}}})}},
		{"text", "é\n" + name},
	} {
		object = append(object, tree.Member(tree.Place{}, field.name, tree.Value{Data: field.data}))
	}
	return tree.Value{Data: object}
}

// free reads expressions as a group's attributes, which may be anything.
type free struct {
	reader  *blueprint.Reader
	context string
}

func newFree(t *testing.T) *free {
	t.Helper()
	f := &free{}
	for _, name := range []string{"context.yaml", "references.yaml"} {
		part, err := os.ReadFile(filepath.Join(testdata, "tags", name))
		if err != nil {
			t.Fatal(err)
		}
		f.context = strings.TrimSuffix(f.context, "entries: []\n") + string(part)
	}
	inFolder(t, nil)
	f.reader = newReader(t, blueprint.Options{Schema: loaded(t, freeSchema), LookupEnv: environment(map[string]string{"SET": "value"})})
	return f
}

// offline gives an expression as far as it is evaluated without a server.
func (f *free) offline(t testing.TB, expression string) (tree.Value, tree.Problems) {
	t.Helper()
	write(t, "x.yaml", f.context+"entries:\n- {model: authentik_flows.flow, id: first, identifiers: {slug: first}}\n"+
		"- model: authentik_core.group\n  identifiers: {name: x}\n  attrs:\n    attributes: "+expression+"\n")
	file := read(t, f.reader, ".").Files[0]
	if len(file.Problems) > 0 {
		return tree.Value{}, file.Problems
	}
	return attributes(file), nil
}

// TestReferences compares with what authentik 2025.10.4 made of expressions with
// references (tags/record.py), and wants the same once the objects exist that a
// pass creates first.
func TestReferences(t *testing.T) {
	var recorded []struct {
		Expression string
		Value      any
		Refused    string
	}
	decode(t, filepath.Join(testdata, "tags", "references.json"), &recorded)
	expressions := newFree(t)
	for _, e := range recorded {
		t.Run(e.Expression, func(t *testing.T) {
			value, problems := expressions.offline(t, e.Expression)
			if len(problems) > 0 {
				if e.Refused == "" {
					t.Fatalf("authentik gives %v, aksync says %v", e.Value, messages(problems))
				}
				return
			}
			known := &madeUp{}
			resolved, err := value.Resolve(known.lookup)
			switch {
			case e.Refused != "" && err == nil:
				t.Errorf("authentik refuses it (%s), aksync gives %v", e.Refused, resolved.Plain())
			case e.Refused == "" && err != nil:
				t.Errorf("authentik gives %v, aksync says %v", e.Value, err)
			case err == nil:
				if diff := cmp.Diff(e.Value, asJSON(t, resolved.Plain())); diff != "" {
					t.Errorf("-authentik +aksync:\n%s", diff)
				}
				checkResolved(t, resolved)
			}
			for _, late := range []func(string) bool{
				func(name string) bool { return name == "first" },
				func(name string) bool { return !strings.HasPrefix(name, "word") }, // aksync creates nothing that has text for a key
			} {
				checkLate(t, value, &madeUp{late: late}, e.Value, e.Refused == "")
			}
		})
	}
}

// checkLate wants a value of which some keys are not known yet to become what it
// is once they are, or to be an error that says so.
func checkLate(t *testing.T, value tree.Value, objects *madeUp, want any, taken bool) {
	t.Helper()
	resolved, err := value.Resolve(objects.lookup)
	switch {
	case err != nil && taken && !strings.Contains(err.Error(), "known after apply"):
		t.Errorf("late: authentik gives %v, aksync says %v", want, err)
	case err == nil && !taken:
		t.Errorf("late: authentik refuses it, aksync gives %v", resolved.Plain())
	case err == nil:
		checkResolved(t, resolved)
		if diff := cmp.Diff(want, asJSON(t, objects.created(resolved.Plain()))); diff != "" {
			t.Errorf("late: -authentik +aksync:\n%s", diff)
		}
	}
}

// checkResolved wants nothing to be left for later but keys.
func checkResolved(t interface{ Errorf(string, ...any) }, value tree.Value) {
	switch data := value.Data.(type) {
	case tree.List:
		for _, element := range data {
			checkResolved(t, element)
		}
	case tree.Map:
		for _, p := range data {
			if !tree.IsKey(p.Key.Data) {
				t.Errorf("a key of type %T", p.Key.Data)
			}
			checkResolved(t, p.Value)
		}
	case tree.ID:
	case tree.Text:
		if tree.Known(data) {
			t.Errorf("text that is known: %v", data)
		}
	case string:
		for _, dumped := range []string{"0x", "&{", "{{", "tree.", "blueprint."} {
			if strings.Contains(data, dumped) {
				t.Errorf("a dump of Go's: %q", data)
			}
		}
	default:
		if _, isScalar := tree.Scalar(data); !isScalar {
			t.Errorf("want a literal, got %T", data)
		}
	}
}
