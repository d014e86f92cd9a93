package schema_test

import (
	"math"
	"math/big"
	"strings"
	"sync"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/cuecontext"
	"pgregory.net/rapid"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// definitions are the CUE definitions that people use in blueprints, each app's
// compiled when it is asked for.
type definitions struct {
	context *cue.Context
	root    *build.Instance
	apps    map[string]cue.Value
}

var compiled = sync.OnceValues(func() (*definitions, error) {
	root, err := schema.Instance(func(*ast.File) {})
	return &definitions{cuecontext.New(), root, map[string]cue.Value{}}, err
})

func (d *definitions) app(t *rapid.T, name string) cue.Value {
	if v, made := d.apps[name]; made {
		return v
	}
	instance, err := schema.AppInstance(name, d.root, func(*ast.File) {})
	if err != nil {
		t.Fatal(err)
	}
	v := d.context.BuildInstance(instance)
	if err := v.Err(); err != nil {
		t.Fatal(err)
	}
	d.apps[name] = v
	return v
}

// takes reports whether the definition of a kind takes a value of a field.
func (d *definitions) takes(t *rapid.T, kind *schema.Kind, field string, plain any) bool {
	path := cue.MakePath(cue.Def(kind.Class), cue.Str("attrs").Optional(), cue.Str(field).Optional())
	is := d.app(t, schema.AppOf(kind.Model)).LookupPath(path)
	if !is.Exists() {
		t.Fatalf("the definition of %s has no %s", kind.Model, field)
	}
	return is.Unify(d.context.Encode(plain)).Validate(cue.Concrete(true)) == nil
}

// TestDefinitionsAgree holds the CUE definitions and the digest together: each takes
// the values, as the server stores them, that the other takes.
func TestDefinitionsAgree(t *testing.T) {
	d, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	kinds := load(t).Managed()
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(kinds).Draw(t, "kind")
		field := rapid.SampledFrom(kind.Fields.Fields).Draw(t, "field")
		for range 10 {
			value := field.Normalize(tree.FromJSON(valueFor(field, 2).Draw(t, "value")))
			digest := len(field.Check(field.Name, value)) == 0
			if taken := d.takes(t, kind, field.Name, value.Plain()); taken != digest {
				t.Fatalf("%s.%s: CUE takes %#v: %t, the digest: %t", kind.Model, field.Name, value.Plain(), taken, digest)
			}
		}
	})
}

// TestPasswordStageAgrees does the same for the definition in the root package.
func TestPasswordStageAgrees(t *testing.T) {
	d, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	root := d.context.BuildInstance(d.root)
	kind := load(t).Kind(stageModel)
	rapid.Check(t, func(t *rapid.T) {
		field := rapid.SampledFrom(kind.Fields.Fields).Draw(t, "field")
		value := field.Normalize(tree.FromJSON(valueFor(field, 2).Draw(t, "value")))
		entry := d.context.Encode(map[string]any{"attrs": map[string]any{field.Name: value.Plain()}})
		taken := root.LookupPath(cue.ParsePath("#PasswordStage")).Unify(entry).Validate(cue.Concrete(true)) == nil
		if digest := len(field.Check(field.Name, value)) == 0; taken != digest {
			t.Fatalf("%s: CUE takes %#v: %t, the digest: %t", field.Name, value.Plain(), taken, digest)
		}
	})
}

// valueFor draws values of the field's own type for the most part, within its bounds
// and just outside.
func valueFor(f *schema.Field, depth int) *rapid.Generator[any] {
	own := anything(0)
	switch f.Type {
	case schema.Text:
		own = textFor(f)
	case schema.Integer, schema.Number:
		own = numberFor(f)
	case schema.Pointer:
		own = rapid.SampledFrom([]any{"5688b68c-3db1-45e7-ada1-b4d62bbd2bcb", "5688B68C3DB145E7ADA1B4D62BBD2BCB", "5688b68c", ""})
	case schema.Time:
		own = rapid.SampledFrom([]any{"2026-01-31T12:00:00Z", "2026-01-31 12:00:00.5+02:00", "2026-01-31", "tomorrow", ""})
	case schema.List:
		element := f.Element
		if element == nil {
			element = &schema.Field{Data: schema.Data{Type: schema.JSON}}
		}
		own = asAny(rapid.SliceOfN(valueFor(element, depth-1), 0, 3))
	case schema.Struct:
		own = objectFor(f, depth)
	}
	return rapid.OneOf(own, own, own, anything(depth))
}

func asAny[T any](g *rapid.Generator[T]) *rapid.Generator[any] {
	return rapid.Map(g, func(v T) any { return v })
}

// anything draws a value of any type.
func anything(depth int) *rapid.Generator[any] {
	scalars := rapid.OneOf(
		rapid.SampledFrom([]any{nil, true, false, "", " ", "a", "a\x00b", "5", "yes", 1.5, 5.0}),
		asAny(rapid.Int64Range(-3, 3)), asAny(rapid.StringMatching(`[ -~]{0,8}`)),
	)
	if depth <= 0 {
		return scalars
	}
	return rapid.OneOf(scalars, asAny(rapid.SliceOfN(anything(depth-1), 0, 2)),
		asAny(rapid.MapOfN(rapid.StringMatching(`[a-z]{1,3}`), anything(depth-1), 0, 2)))
}

func textFor(f *schema.Field) *rapid.Generator[any] {
	texts := []any{"", " ", "\u00a0", "a", "a b", "a\x00", "hours=1", "hours=1;minutes=-30.5", "hours=", "Days=2", strings.Repeat("é", 50), strings.Repeat("x", 51)}
	for i, choice := range f.Values {
		if i < 3 {
			texts = append(texts, choice.Value, choice.Value+"x", strings.ToUpper(choice.Value))
		}
	}
	if f.Max != nil && f.Max.IsInt64() && f.Max.Int64() < math.MaxInt16 {
		most := int(f.Max.Int64())
		texts = append(texts, strings.Repeat("y", most), strings.Repeat("y", most+1), strings.Repeat("é", most))
	}
	return rapid.SampledFrom(texts)
}

func numberFor(f *schema.Field) *rapid.Generator[any] {
	numbers := []any{int64(0), int64(1), int64(-1), "7", "7.0", 2.0, 2.5, int64(math.MaxInt32), int64(math.MaxInt32) + 1, int64(math.MinInt32), int64(math.MinInt32) - 1}
	for _, bound := range []*big.Int{f.Min, f.Max} {
		if bound != nil && bound.IsInt64() {
			numbers = append(numbers, bound.Int64(), bound.Int64()-1, bound.Int64()+1)
		}
	}
	return rapid.SampledFrom(numbers)
}

// objectFor draws mappings that have most of the fields, and now and then another.
func objectFor(f *schema.Field, depth int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		m := map[string]any{}
		for _, field := range f.Fields.Fields {
			if rapid.IntRange(0, 5).Draw(t, "given") > 0 {
				m[field.Name] = valueFor(field, depth-1).Draw(t, field.Name)
			}
		}
		if rapid.IntRange(0, 5).Draw(t, "more") == 0 {
			m["other"] = "x"
		}
		return m
	})
}
