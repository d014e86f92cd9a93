package sync

import (
	"strconv"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// Live is what the server held when it was asked.
type Live struct {
	// Version is the server's.
	Version string
	// Objects are the objects by model, as the server answered them. A model
	// that is not there was not asked for.
	Objects map[string][]schema.Object
}

// index finds the live objects of one kind.
type index struct {
	all   []schema.Object
	byKey map[string]schema.Object
	byPK  map[string]schema.Object
}

func indexLive(s *schema.Schema, live Live) map[string]*index {
	indexes := make(map[string]*index, len(live.Objects))
	for model, objects := range live.Objects {
		kind := s.Kind(model)
		ix := &index{
			all:   objects,
			byKey: make(map[string]schema.Object, len(objects)),
			byPK:  make(map[string]schema.Object, len(objects)),
		}
		for _, object := range objects {
			if key, isText := object[kind.Key].(string); isText {
				ix.byKey[key] = object
			}
			if pk, isText := object[schema.PK].(string); isText {
				ix.byPK[pk] = object
			}
		}
		indexes[kind.Model] = ix
	}
	return indexes
}

// candidates are the objects that can meet the conditions: where they give the
// key, which is unique, the one that has it.
func (ix *index) candidates(kind *schema.Kind, where []tree.Condition) []schema.Object {
	for _, condition := range where {
		key, isText := condition.Value.Data.(string)
		if condition.Field != kind.Key || !isText {
			continue
		}
		if object, found := ix.byKey[key]; found {
			return []schema.Object{object}
		}
		return nil
	}
	return ix.all
}

// index gives the live objects of a kind. Where they were not asked for it
// notes that the plan needs them and gives none.
func (p *planner) index(kind *schema.Kind) *index {
	if ix := p.live[kind.Model]; ix != nil {
		return ix
	}
	p.plan.Needs = append(p.plan.Needs, kind.Model)
	p.live[kind.Model] = &index{}
	return p.live[kind.Model]
}

// match finds the live object that the entry's identifiers mean.
func (p *planner) match(c *candidate) *tree.Problem {
	ix := p.index(c.kind)
	key, hasKey := c.entry.Identifiers.Get(c.kind.Key)
	pk, hasPK := c.entry.Identifiers.Get(schema.PK)
	keyText, _ := key.Data.(string)
	pkText, _ := pk.Data.(string)
	complain := func(v tree.Value, field, message string) *tree.Problem {
		return &tree.Problem{Place: v.Place, Path: c.entry.Path + ".identifiers." + field, Message: message}
	}
	if !hasPK {
		c.object = ix.byKey[keyText]
		return nil
	}
	c.object = ix.byPK[pkText]
	if c.object == nil && state(c.entry) != tree.Absent {
		return complain(pk, schema.PK, "no "+c.kind.Title+" has the pk "+pkText+": an object can't be created with a given pk, find it by "+c.kind.Key)
	}
	if !hasKey {
		return nil
	}
	// Both name the same object, or neither names any.
	if other := ix.byKey[keyText]; other != nil && other[schema.PK] != pkText {
		return complain(key, c.kind.Key, quote(keyText)+" is the "+c.kind.Title+" with the pk "+asText(other[schema.PK])+", not "+pkText+": want identifiers that find one object")
	}
	if c.object != nil && c.object[c.kind.Key] != keyText {
		return complain(key, c.kind.Key, "the "+c.kind.Title+" with the pk "+pkText+" is called "+quote(asText(c.object[c.kind.Key]))+", not "+quote(keyText)+": to rename it put the name into attrs")
	}
	return nil
}

func quote(text string) string { return strconv.Quote(text) }

func asText(data any) string {
	text, _ := data.(string)
	return text
}
