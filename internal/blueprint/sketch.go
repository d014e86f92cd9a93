package blueprint

import (
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// sketch takes an entry with what finds its object: conditions, state, identifiers,
// and those of its attrs that objects of its kind are known by.
func (d *document) sketch(e *entry) {
	evaluator := d.evaluatorFor(e)
	e.readModel(evaluator)
	kind := d.scope.Schema.Kind(e.model)
	if kind == nil || kind.Path == "" {
		d.findings.Add(evaluator.Problems...)
		return
	}
	if !e.evaluateIdentity(evaluator, kind) {
		return
	}
	e.failed = e.malformed || len(evaluator.Problems) > 0 || partial(*e.made)
	d.findings.Add(evaluator.Problems...)
	if e.failed {
		return
	}
	e.made.Attrs = d.knownBy(e, kind)
	*e.made = kind.Normalize(*e.made)
	if kind.Managed {
		d.file.Entries = append(d.file.Entries, e.made)
	}
}

// knownBy returns the attrs that objects of the kind are known by, without those that
// no reader of this file alone can tell.
func (d *document) knownBy(e *entry, kind *schema.Kind) tree.Map {
	names := append(kind.KnownBy(), kind.Key)
	written, _ := e.fields.Get("attrs")
	pairs, _ := written.Data.(tree.Map)
	pairs = slices.DeleteFunc(slices.Clone(pairs), func(p tree.Pair) bool {
		field := kind.Fields.Field(p.Name())
		return field == nil || field.Sensitive || !slices.Contains(names, p.Name())
	})
	attrs := e.evaluatePairs(d.evaluatorFor(e), schema.Join(e.path, "attrs"), pairs, kind)
	return slices.DeleteFunc(readableMap(attrs), func(p tree.Pair) bool { return p.Value.HasPending() })
}
