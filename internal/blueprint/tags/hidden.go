package tags

import (
	"fmt"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// target is what a value is evaluated for. A variable or a file that may hold a
// secret is read only for a field that nobody is shown: so no secret ever gets into
// a value that could carry it elsewhere. The zero target hides nothing.
type target struct {
	hidden bool
	// field is the name of a field that is not sensitive, and shows what would show
	// something of a value that is for a sensitive one.
	field, shows string
}

// why says why no secret may be read for the target.
func (t target) why() string {
	switch {
	case t.shows != "":
		return t.shows + " would show something of it"
	case t.field != "":
		return fmt.Sprintf("the field %s is shown in plans", tree.PathKey(t.field))
	default:
		return "what stands here is no sensitive field, which nobody is shown"
	}
}

// AtField is At for the value of a field, which is nil where the kind has none of
// that name: what may hold a secret is read for a sensitive one.
func (e *Evaluator) AtField(path, name string, field *schema.Field, n tree.Value) (tree.Value, error) {
	outer, outerLeaf := e.target, e.leaf
	defer func() { e.target, e.leaf = outer, outerLeaf }()
	e.target, e.leaf = target{field: name}, leaf{}
	if field != nil && field.Sensitive {
		e.target, e.leaf = target{hidden: true}, leaf{field: field}
	}
	return e.At(path, n)
}

// openly evaluates what would show something of a secret, though it stands in a
// sensitive field: a condition by what becomes of it, a key by its place in a path.
func (e *Evaluator) openly(what string, evaluate func(tree.Value) (tree.Value, error), n tree.Value) (tree.Value, error) {
	outer := e.target
	defer func() { e.target = outer }()
	if outer.hidden {
		e.target = target{shows: what}
	}
	return evaluate(n)
}
