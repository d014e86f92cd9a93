package sync

import (
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// shift is what one change does to who has which rights.
type shift struct {
	change *Change
	kind   *schema.Kind
	holder holder
	gains  []bond
	losses []bond
	// raised and lowered say that whoever has the holder's rights may do everything
	// from now on, or not any more.
	raised, lowered bool
	// granted and revoked are what the holder, and whoever has its rights, may do
	// from now on and not any more. unread is the field of which that can't be told
	// yet, since what it holds was not asked for, and unknown why it can't be asked for.
	granted, revoked []any
	unread           *schema.Field
	unknown          error
	// wiped is the field of what it may do where the server empties that with the
	// change, before aksync gives it back.
	wiped *schema.Field
}

// loses reports whether anybody may have less rights by it, or can't act any more.
func (s shift) loses() bool { return s.lessens() || len(s.losses) > 0 || s.ending() != "" }

// lessens reports whether its holder may have less rights by it.
func (s shift) lessens() bool {
	return s.change.Action == Delete || s.lowered || len(s.revoked) > 0 || s.unknown != nil || s.wiped != nil
}

// gives reports whether anybody has more.
func (s shift) gives() bool { return s.raised || len(s.gains) > 0 || len(s.granted) > 0 }

// passes reports whether objects of a kind have rights, or let somebody act.
func passes(s *schema.Schema, kind *schema.Kind) bool {
	if kind == nil {
		return false
	}
	return kind.Self != nil || kind.Bears != nil || slices.ContainsFunc(kind.Fields.Fields, func(f *schema.Field) bool {
		return f.Inherits || f.Superuser || f.Grants != "" || mirrored(s, f) != nil
	})
}

// mirrored returns the field that inherits of which a field is the other end, or nil.
func mirrored(s *schema.Schema, field *schema.Field) *schema.Field {
	model, name, mirrors := field.Mirror()
	if !mirrors || s.Kind(model) == nil {
		return nil
	}
	if other := s.Kind(model).Fields.Field(name); other != nil && other.Inherits {
		return other
	}
	return nil
}

// shiftOf says what a change does.
func (in *inheritance) shiftOf(change *Change, kind *schema.Kind) shift {
	s := shift{change: change, kind: kind, holder: holderOf(change), wiped: wipes(change, kind, in.live.Version)}
	for _, changed := range change.Fields {
		field := kind.Fields.Field(changed.Name)
		if field == nil {
			continue
		}
		switch other := mirrored(in.schema, field); {
		case field.Inherits:
			s.move(changed, func(key string) bond { return bond{s.holder, field.Name, holder{field.Refers, key}} })
		case other != nil:
			s.move(changed, func(key string) bond { return bond{holder{field.Refers, key}, other.Name, s.holder} })
			s.losses = append(s.losses, in.replaced(s.gains, other)...)
		case field.Superuser:
			s.raised, s.lowered = changed.After == true && changed.Before != true, changed.Before == true && changed.After != true
		case field.Grants != "" && change.Action == Update && changed.Before == nil:
			s.unread = field
		case field.Grants != "":
			s.grant(field, asList(changed.Before), asList(changed.After))
		}
	}
	return s
}

// wipes returns the field of what an object may do that a change empties since it
// writes the object (KINDS.md 4.2), or nil.
func wipes(change *Change, kind *schema.Kind, version string) *schema.Field {
	field := grantsField(kind)
	if field == nil || change.Action != Update || !field.Via.WipedBy(version) {
		return nil
	}
	if change.writes(kind) {
		return field
	}
	return nil
}

// move notes what becomes of the bonds that a field holds.
func (s *shift) move(changed FieldChange, with func(key string) bond) {
	before, after := keyTexts(changed.Before), keyTexts(changed.After)
	s.gains = append(s.gains, bonds(without(after, before), with)...)
	s.losses = append(s.losses, bonds(without(before, after), with)...)
}

// grant notes what becomes of a list of what may be done.
func (s *shift) grant(field *schema.Field, before, after []any) {
	s.granted = without(after, before)
	if !field.Superset { // else nothing is taken away
		s.revoked = without(before, after)
	}
}

func asList(plain any) []any {
	list, _ := plain.([]any)
	return list
}

// replaced are the bonds that end since a field that holds only one is to hold another.
func (in *inheritance) replaced(gains []bond, field *schema.Field) []bond {
	var replaced []bond
	for _, gain := range gains {
		if field.Type == schema.List || gain.field != field.Name {
			continue
		}
		for _, b := range in.before(gain.from) {
			if b.field == field.Name && b.to != gain.to {
				replaced = append(replaced, b)
			}
		}
	}
	return replaced
}

// bonds are those with each of some keys.
func bonds(keys []string, with func(key string) bond) []bond {
	list := make([]bond, len(keys))
	for i, key := range keys {
		list[i] = with(key)
	}
	return list
}

// keyTexts are the keys that a field holds.
func keyTexts(plain any) []string {
	var texts []string
	for _, element := range elements(plain) {
		if text := keyText(element); text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

// holderOf is the object of a change.
func holderOf(c *Change) holder {
	switch {
	case c.PK != "":
		return holder{c.Model, c.PK}
	case c.Of != nil:
		return holder{c.Model, keyText(tree.ID{Change: *c.Of})}
	default:
		return holder{c.Model, keyText(tree.ID{Change: c.ID})}
	}
}
