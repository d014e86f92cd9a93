package blueprint_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/aksync/aksync/internal/tree"
)

// known is what the references that chance writes find, as the context has it.
const known = `    word: key of word
    number: 6
    thing: {pk: key of word, name: word, number: 3, flag: false, empty: "", none: null, list: [p, "q'", 2.5], nested: {k: v, l: [1, 2]}}
`

// chance makes expressions, over all tags that need no file. What it writes for a
// reference is replaced by the tag, or by what the reference finds.
type chance struct{ t *rapid.T }

func (c chance) of(choices ...string) string { return rapid.SampledFrom(choices).Draw(c.t, "") }

func (c chance) many(least, most, depth int) string {
	values := make([]string, rapid.IntRange(least, most).Draw(c.t, "many"))
	for i := range values {
		values[i] = c.value(depth)
	}
	return strings.Join(values, ", ")
}

func (c chance) leaf() string {
	return c.of("REFERENCE word", "REFERENCE number", "REFERENCE thing", "REFERENCE thing",
		"x", `"it's"`, "5", "0", "-1", "1.5", "true", "null", `""`, "[]", "{}", "[a, 1]", "{k: v, n: 2}", `"%s"`,
		"!Context foo", "!Context seq", "!Context map", "!Context list_of_maps", "!Context [none, x]", "!Env SET", "!Env [UNSET, x]",
		`!ParseJSON '{"k": [1, "x"]}'`, "!Value 0", "!Index 0", "!Value 1")
}

func (c chance) value(depth int) string {
	if depth == 0 {
		return c.leaf()
	}
	inner := depth - 1
	switch c.of("leaf", "leaf", "field", "list", "map", "format", "condition", "if", "if", "seq", "seq", "map of", "at", "at") {
	case "field":
		return "!AtIndex [REFERENCE thing, " + c.of("name", "number", "flag", "list", "nested", "none", "gone") + c.of("", ", x") + "]"
	case "list":
		return "[" + c.many(0, 3, inner) + "]"
	case "map":
		return "{k: " + c.value(inner) + ", " + c.of("l", "2", "n") + ": " + c.value(inner) + "}"
	case "format":
		return "!Format [\"" + c.of("%s", "<%s>", "%r", "%a", "%5s", "%.3s", "%d", "%05d") + "\", " + c.value(inner) + "]"
	case "condition":
		return "!Condition [" + c.of("AND", "NAND", "OR", "NOR", "XOR", "XNOR") + ", " + c.many(1, 3, inner) + "]"
	case "if":
		return "!If [" + c.value(inner) + ", " + c.value(inner) + ", " + c.value(inner) + "]"
	case "seq":
		return "!Enumerate [" + c.value(inner) + ", SEQ, " + c.value(inner) + "]"
	case "map of":
		body := c.of("[!Index 0, %s]", "{k: %s}", "{k: [%s]}", "{k: {l: %s}}", "%s")
		return "!Enumerate [" + c.value(inner) + ", MAP, " + strings.Replace(body, "%s", c.value(inner), 1) + "]"
	case "at":
		return "!AtIndex [" + c.value(inner) + ", " + c.of("0", "1", "-1", "k", c.value(inner)) + c.of("", ", x") + "]"
	default:
		return c.leaf()
	}
}

// withTags writes the references of an expression as tags, and withLiterals as
// what they find.
func withTags(expression string) string {
	return strings.NewReplacer(
		"REFERENCE word", "!Find [authentik_flows.flow, [name, word]]",
		"REFERENCE number", "!Find [authentik_flows.flow, [name, number]]",
		"REFERENCE thing", "!FindObject [authentik_core.group, [name, word]]",
	).Replace(expression)
}

func withLiterals(expression string) string {
	return strings.ReplaceAll(expression, "REFERENCE", "!Context")
}

// TestTagsByChance wants an expression with references to become what it is where
// those stand for what they find, which is evaluated offline as a whole; resolved
// twice to be the same; and nothing of Go's or of authentik's to be left in it.
func TestTagsByChance(t *testing.T) {
	expressions := newFree(t)
	expressions.context += known
	rapid.Check(t, func(r *rapid.T) {
		expression := chance{r}.value(rapid.IntRange(1, 4).Draw(r, "depth"))
		want, refused := expressions.offline(t, withLiterals(expression))
		value, problems := expressions.offline(t, withTags(expression))
		var err error
		if len(problems) > 0 {
			err = problems[0]
		} else {
			value, err = resolvedTwice(r, value)
		}
		switch {
		case err != nil && strings.Contains(err.Error(), "in a form of its own"):
		case (err != nil) != (len(refused) > 0):
			r.Fatalf("%s\nliterals: %v %v\nreferences: %v %v", withTags(expression), want.Plain(), messages(refused), value.Plain(), err)
		case err == nil:
			checkResolved(r, value)
			if diff := cmp.Diff(want.Plain(), value.Plain()); diff != "" {
				r.Fatalf("%s\n-literals +references:\n%s", withTags(expression), diff)
			}
		}
	})
}

// resolvedTwice resolves a value twice and wants the same of it.
func resolvedTwice(t *rapid.T, value tree.Value) (tree.Value, error) {
	answers := func(r tree.Reference) (tree.Value, error) {
		answer, err := (&madeUp{}).lookup(r)
		if fields, isMap := answer.Data.(tree.Map); isMap {
			kept := tree.Map{}
			for _, p := range fields {
				if name := p.Name(); name != "attributes" && name != "text" {
					kept = append(kept, p)
				}
			}
			answer.Data = kept
		}
		return answer, err
	}
	first, err := value.Resolve(answers)
	second, again := value.Resolve(answers)
	if fmt.Sprint(err) != fmt.Sprint(again) {
		t.Fatalf("first %v, then %v", err, again)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Fatalf("-first +second:\n%s", diff)
	}
	return first, err
}
