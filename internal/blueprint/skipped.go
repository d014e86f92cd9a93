package blueprint

import (
	"slices"

	"github.com/aksync/aksync/internal/blueprint/tags"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// readSkipped fills in what an entry holds whose conditions are false. What is wrong with
// it is no problem: it is Broken.
func (d *document) readSkipped(e *entry, kind *schema.Kind, silent *tree.Entry) {
	evaluator := d.evaluatorFor(e)
	evaluator.Scope, evaluator.Warn, evaluator.Written = d.scopeOfSkipped(), nil, nil
	whole := &entry{path: e.path, fields: e.fields, made: silent}
	silent.State = whole.evaluateState(evaluator)
	if silent.State.Data == string(tree.Absent) {
		return
	}
	attrs := whole.evaluateMap(evaluator, kind, "attrs")
	silent.Attrs = kind.Normalize(tree.Entry{Attrs: attrs}).Attrs
	whole.evaluatePermissions(evaluator)
}

// scopeOfSkipped is the scope of the document in which !KeyOf may mean an entry whose
// conditions are false: it counts for nothing, as does the one that refers to it.
func (d *document) scopeOfSkipped() *tags.Scope {
	if d.skippedScope != nil {
		return d.skippedScope
	}
	scope := &tags.Scope{
		Schema: d.scope.Schema, Language: d.scope.Language, Looks: d.scope.Looks, Context: d.scope.Context,
		Named: slices.Clone(d.scope.Named), IDs: d.scope.IDs,
	}
	for i, named := range scope.Named {
		e := d.entries[named.Position]
		scope.Named[i].Referred = func() (*tree.Entry, error) {
			if e.skipped {
				return e.made, nil
			}
			return named.Referred()
		}
	}
	d.skippedScope = scope
	return scope
}
