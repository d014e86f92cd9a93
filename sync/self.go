package sync

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// self is who aksync is to authentik, or why that can't be said.
type self struct {
	holder holder
	name   string
	// superuser is set where it can do everything.
	superuser bool
	// above are what it has the rights of, as the server lists it, and lists the
	// models of which all are among them.
	above map[holder]bool
	lists map[string]bool
	// err is why its rights can't be told.
	err error
}

// askSelf asks who aksync is, where the plan could lessen what it may do; and, where
// that is about something that it may have its rights by, what those are. It returns
// nil where there is nothing to ask.
func (in *inheritance) askSelf(ctx context.Context, api Reader) (*self, error) {
	in.knowUnread(ctx, api)
	if !slices.ContainsFunc(in.shifts, shift.loses) {
		return nil, ctx.Err()
	}
	me, err := in.whoAsks(ctx, api)
	if me == nil {
		return nil, nil
	}
	if err == nil && slices.ContainsFunc(in.shifts, me.mayLose) {
		err = in.knowSelf(ctx, api, me)
	}
	me.err = err
	return me, ctx.Err()
}

// whoAsks asks, once, who aksync is to authentik. It returns nil where nothing tells, and
// beside an error what is known all the same.
func (in *inheritance) whoAsks(ctx context.Context, api Reader) (*self, error) {
	if in.me != nil {
		return in.me, nil
	}
	kind := selfKind(in.schema)
	if kind == nil {
		return nil, nil
	}
	me := &self{above: map[holder]bool{}, lists: map[string]bool{}}
	answer, err := api.Get(ctx, kind.Self.Path)
	if err == nil {
		err = me.read(kind, answer)
	}
	if err == nil {
		in.me = me
	}
	return me, err
}

// selfKind is the kind whose objects those are that ask, or nil.
func selfKind(s *schema.Schema) *schema.Kind {
	for _, kind := range s.Managed() {
		if kind.Self != nil {
			return kind
		}
	}
	return nil
}

// knowSelf asks for what tells what aksync has its rights by: what is above what is
// listed, and only where that does not show that a change is about somebody else's, what
// it has by itself.
func (in *inheritance) knowSelf(ctx context.Context, api Reader, me *self) error {
	listed := slices.Collect(maps.Keys(me.above))
	if err := in.knowAbove(ctx, api, listed...); err != nil {
		return err
	}
	for _, h := range listed {
		for _, above := range reach(h, in.before) {
			me.above[above] = true
		}
	}
	for _, model := range slices.Collect(maps.Keys(me.lists)) {
		for _, field := range in.schema.Kind(model).Fields.Fields {
			if field.Inherits {
				me.lists[field.Refers] = true
			}
		}
	}
	if !slices.ContainsFunc(in.shifts, me.mayLose) {
		return nil
	}
	if err := in.knowAbove(ctx, api, me.holder); err != nil {
		return err
	}
	for _, h := range reach(me.holder, in.before) {
		if in.object(h) == nil {
			_ = in.ask(ctx, api, h) // for its name alone
		}
	}
	for _, s := range in.shifts {
		if s.wiped != nil && me.mayLose(s) {
			if err := in.knowGrants(ctx, api, s.holder); err != nil {
				return err
			}
		}
	}
	return nil
}

// read reads what the server says of who asks.
func (me *self) read(kind *schema.Kind, answer any) error {
	whole, _ := answer.(map[string]any)
	object, _ := whole[kind.Self.Field].(map[string]any)
	id, _ := kind.IDOf(object)
	me.holder, me.name = holder{kind.Model, schema.IDText(id)}, asText(object[kind.Key])
	me.superuser = object[kind.Self.Superuser] == true
	if me.holder.key == "" {
		return fmt.Errorf("the answer of %s names no %s", kind.Self.Path, kind.Title)
	}
	for _, field := range kind.Fields.Fields {
		listed, isList := object[field.Name].([]any)
		if !field.Inherits || !isList {
			continue
		}
		me.lists[field.Refers] = true
		for _, element := range listed {
			above, _ := element.(map[string]any)
			if key := schema.IDText(tree.PlainJSON(above[schema.PK])); key != "" {
				me.above[holder{field.Refers, key}] = true
			}
		}
	}
	return nil
}

// mayHave reports whether aksync may have the rights of a holder.
func (me *self) mayHave(h holder) bool {
	return h == me.holder || h.model != me.holder.model && (me.above[h] || !me.lists[h.model])
}

// mayLose reports whether a change may take rights from aksync that it has by others
// or that are listed with it.
func (me *self) mayLose(s shift) bool {
	if slices.ContainsFunc(s.losses, func(b bond) bool { return me.mayHave(b.from) }) {
		return true
	}
	return s.kind.Bears == nil && s.lessens() && me.mayHave(s.holder)
}

// keepSelf is the guard that takes out the changes after which aksync could not do any
// more what it does: the plan could not be put right by another one.
func keepSelf(in *inheritance, me *self) guard {
	return func(p *Plan) *Plan {
		if me == nil {
			return p
		}
		why := map[int]string{}
		for _, s := range in.shifts {
			reason := in.reason(me, s)
			if reason != "" {
				why[s.change.ID] = fmt.Sprintf("the %s is left as it is: %s; if it is meant, allow it with --allow-self", s.change.what(), reason)
			}
		}
		return p.without(why)
	}
}

// reason says what aksync would lose by a change, or nothing.
func (in *inheritance) reason(me *self, s shift) string {
	switch {
	case !s.loses():
		return ""
	case me.holder.key == "":
		return fmt.Sprintf("whether aksync's own access goes with it can't be said: %v", me.err)
	case s.kind.Bears != nil && me.bears(s):
		return fmt.Sprintf("it is a %s of %s, perhaps the one in use, and %s", s.kind.Title, me.what(), s.ending())
	case s.holder == me.holder && s.ending() != "":
		return "it is the user of aksync's own token, and " + s.ending()
	case !me.mayLose(s):
		return ""
	case me.err != nil:
		return fmt.Sprintf("whether %s has its rights by it can't be said: %v", me.what(), me.err)
	default:
		return in.loss(me, s)
	}
}

func (me *self) what() string { return "aksync's own user " + quote(me.name) }

// bears reports whether the object of a change is one by which aksync acts, as far as
// anybody can tell who does not know which of them it has.
func (me *self) bears(s shift) bool {
	for name, value := range s.kind.Bears.Only {
		if !reflect.DeepEqual(s.change.Live[name], value) {
			return false
		}
	}
	return schema.IDText(s.change.Live[s.kind.Bears.Field]) == me.holder.key
}

// ending says how a change ends that anybody can act as its object, or by it; or
// nothing.
func (s shift) ending() string {
	self, bears := s.kind.Self, s.kind.Bears
	switch {
	case self == nil && bears == nil:
		return ""
	case s.change.Action == Delete:
		return "would be deleted"
	case s.change.Action != Update:
		return ""
	}
	for _, changed := range s.change.Fields {
		switch {
		case bears != nil && (changed.Name == bears.Field || changed.Name == bears.Secret):
			return "would have another " + changed.Name
		case self != nil && leaves(changed, self.While), bears != nil && (leaves(changed, bears.Only) || leaves(changed, bears.While)):
			return fmt.Sprintf("its %s would not be %s any more", changed.Name, tree.Describe(changed.Before))
		}
	}
	return ""
}

// leaves reports whether a field has one of the values, and loses it.
func leaves(changed FieldChange, values map[string]any) bool {
	value, bound := values[changed.Name]
	return bound && reflect.DeepEqual(changed.Before, value)
}

// loss says what aksync would lose of what it may do. Whoever can do everything all the
// same loses nothing.
func (in *inheritance) loss(me *self, s shift) string {
	stays := reach(me.holder, in.kept)
	if slices.ContainsFunc(stays, in.staysSuperuser) {
		return ""
	}
	has := reach(me.holder, in.before)
	for _, from := range in.hit(s, has) {
		for _, h := range reach(from, in.before) {
			switch {
			case in.wasSuperuser(h):
				return me.what() + " would be no superuser any more"
			case grantsField(in.schema.Kind(h.model)) != nil && h != me.holder && !slices.Contains(stays, h):
				return fmt.Sprintf("%s would lose what the %s may do", me.what(), in.what(h))
			}
		}
	}
	if slices.Contains(has, s.holder) {
		return in.ungranted(me, s)
	}
	return ""
}

// ungranted says what aksync would lose of what is granted to an object whose rights it
// has.
func (in *inheritance) ungranted(me *self, s shift) string {
	switch {
	case s.unknown != nil:
		return fmt.Sprintf("what %s would lose by it can't be said: %v", me.what(), s.unknown)
	case s.wiped != nil && len(in.grants[s.holder]) > 0:
		return fmt.Sprintf("authentik empties its %s when it is written, and %s could not give them back", s.wiped.Name, me.what())
	case len(s.revoked) > 0:
		names := make([]string, len(s.revoked))
		for i, name := range s.revoked {
			names[i] = asText(name)
		}
		return fmt.Sprintf("%s would lose %s", me.what(), listed(names))
	default:
		return ""
	}
}

// hit are those of what aksync has the rights of that a change takes from it.
func (in *inheritance) hit(s shift, has []holder) []holder {
	var from []holder
	for _, b := range s.losses {
		if slices.Contains(has, b.from) {
			from = append(from, b.to)
		}
	}
	if (s.lowered || s.change.Action == Delete) && slices.Contains(has, s.holder) {
		from = append(from, s.holder)
	}
	return from
}
