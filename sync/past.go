package sync

import (
	"errors"
	"fmt"
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// past finds the live objects that entries were about which are not there any more.
// What they refer to are live objects, too: what this pass makes of them does not
// change what was meant.
type past struct {
	p     *planner
	exact map[*tree.Entry]bool
	// aliases are the entries by a pk in them that may stand for their object.
	aliases map[aliasKey]*tree.Entry
	found   map[*tree.Entry]pastObject
}

type pastObject struct {
	object schema.Object
	err    error
}

func newPast(p *planner, removed []Removed) *past {
	past := &past{p: p, exact: map[*tree.Entry]bool{}, aliases: map[aliasKey]*tree.Entry{}, found: map[*tree.Entry]pastObject{}}
	for _, r := range removed {
		past.exact[r.Entry] = r.Exact
		if pk, has := r.Entry.Identifiers.Get(schema.PK); has && !pk.HasPending() {
			past.aliases[aliasKey{r.Entry.Place.File, schema.IDText(pk.Plain())}] = r.Entry
		}
	}
	return past
}

// find returns the live object that the entry was about; nil where it counted for
// nothing. The error is a notFoundError where there is no such object.
func (h *past) find(entry *tree.Entry) (schema.Object, error) {
	if found, known := h.found[entry]; known {
		return found.object, found.err
	}
	h.found[entry] = pastObject{err: errCircle}
	object, err := h.look(entry)
	h.found[entry] = pastObject{object, err}
	return object, err
}

func (h *past) look(entry *tree.Entry) (schema.Object, error) {
	kind := h.p.schema.Kind(entry.Model)
	if kind == nil {
		return nil, notFound("%s", h.p.noModel(entry.Model))
	}
	t := h.p.table(kind)
	if t.Err != nil {
		return nil, t.Err
	}
	counts, err := h.counted(entry)
	if err != nil || !counts {
		return nil, err
	}
	own := *entry
	own.Conditions = nil
	own.Identifiers = slices.Clone(entry.Identifiers)
	for i, member := range own.Identifiers {
		if own.Identifiers[i].Value, err = member.Value.Resolve(h.lookup); err != nil {
			return nil, err
		}
	}
	return h.match(t, kind.Normalize(own), h.exact[entry])
}

// counted reports whether the conditions of an entry are met.
func (h *past) counted(entry *tree.Entry) (bool, error) {
	for _, condition := range entry.Conditions {
		met, err := condition.Resolve(h.lookup)
		if err != nil && !errors.As(err, new(*notFoundError)) {
			return false, err
		}
		if err != nil || !met.Truthy() {
			return false, nil
		}
	}
	return true, nil
}

// match finds the one object that the identifiers mean, as planner.match does.
func (h *past) match(t *table, entry tree.Entry, exact bool) (schema.Object, error) {
	kind := t.kind
	c := &candidate{kind: kind, entry: &entry}
	where, err := wants(kind, conditions(h.dealiased(kind, entry)))
	if err != nil {
		return nil, err
	}
	if pk, has := entry.Identifiers.Get(schema.PK); has {
		if object := t.get(schema.IDText(pk.Plain())); object != nil {
			if slices.ContainsFunc(where, func(w want) bool { return w.field != kind.ID && !w.met(object[w.field]) }) {
				return nil, fmt.Errorf("the %s with the pk %s is another one now", kind.Title, t.id(object))
			}
			return object, nil
		}
		if exact {
			return nil, notFound("no %s has the pk %s", kind.Title, schema.IDText(pk.Plain()))
		}
		where = slices.DeleteFunc(where, func(w want) bool { return w.field == kind.ID })
		if len(where) == 0 {
			where = h.p.naturalKey(c)
		}
	}
	if len(where) == 0 {
		return nil, notFound("no %s is meant", kind.Title)
	}
	found := h.p.narrow(c, t.having(where))
	switch len(found) {
	case 0:
		return nil, notFound("no %s has %s", kind.Title, describe(where))
	case 1:
		return found[0], nil
	default:
		return nil, fmt.Errorf("%d objects are a %s with %s (%s)", len(found), kind.Title, describe(where), h.p.names(kind, found))
	}
}

// dealiased returns the identifiers with the aliases in them replaced by the keys of
// the objects that they stood for.
func (h *past) dealiased(kind *schema.Kind, entry tree.Entry) tree.Map {
	identifiers := slices.Clone(entry.Identifiers)
	for i, member := range identifiers {
		field := kind.Fields.Field(member.Name())
		if field == nil || field.Refers == "" {
			continue
		}
		target := h.aliases[aliasKey{entry.Place.File, schema.IDText(member.Value.Data)}]
		if target == nil {
			continue
		}
		if object, err := h.find(target); err == nil && object != nil {
			identifiers[i].Value = tree.Value{Place: member.Value.Place, Data: h.idOf(target.Model, object)}
		}
	}
	return identifiers
}

func (h *past) idOf(model string, object schema.Object) tree.ID {
	id, _ := h.p.schema.Kind(model).IDOf(object)
	return tree.ID{Known: id}
}

// lookup answers a reference with what is live.
func (h *past) lookup(ref tree.Reference) (tree.Value, error) {
	switch ref.Tag {
	case tree.TagContext:
		return h.p.answerContext(ref.Context)
	case tree.TagKeyOf:
		object, err := h.find(ref.Target)
		if err != nil {
			return tree.Value{}, err
		}
		if object == nil {
			return tree.Value{}, notFound("the entry %s does not count", quote(ref.Target.ID))
		}
		return tree.Value{Place: ref.Place, Data: h.idOf(ref.Target.Model, object)}, nil
	}
	kind := h.p.schema.Kind(ref.Model)
	if kind == nil {
		return tree.Value{}, h.p.noModel(ref.Model)
	}
	object, err := h.one(kind, ref.Where)
	if err != nil {
		return tree.Value{}, err
	}
	if ref.Tag == tree.TagFindObject {
		fields, _ := tree.FromJSON(map[string]any(object)).Data.(tree.Map)
		return tree.Value{Place: ref.Place, Data: fields}, nil
	}
	return tree.Value{Place: ref.Place, Data: h.idOf(kind.Model, object)}, nil
}

// one returns the only live object that meets the conditions.
func (h *past) one(kind *schema.Kind, conditions []tree.Condition) (schema.Object, error) {
	where, err := wants(kind, conditions)
	if err != nil {
		return nil, err
	}
	t := h.p.table(kind)
	if t.Err != nil {
		return nil, t.Err
	}
	found := t.having(where)
	if len(found) == 1 && len(where) > 0 {
		return found[0], nil
	}
	if len(found) == 0 {
		return nil, notFound("no %s has %s", kind.Title, describe(where))
	}
	return nil, fmt.Errorf("%d objects are a %s with %s (%s)", len(found), kind.Title, describe(where), h.p.names(kind, found))
}
