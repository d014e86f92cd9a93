package sync

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// askPowers asks for what tells whether somebody gets rights by the plan with which he
// can get further ones: what those may do whose rights he gets, one request for each
// that was not asked for. What can't be had is not warned of.
func (in *inheritance) askPowers(ctx context.Context, api Reader) error {
	in.knowUnread(ctx, api)
	for _, s := range in.shifts {
		if s.raised {
			in.nameMembers(ctx, api, s.holder)
		}
		for _, gain := range s.gains {
			// What is wrong shows as nothing that is known.
			_ = in.knowAbove(ctx, api, gain.to)
			for _, h := range in.newly(gain) {
				_ = in.knowGrants(ctx, api, h)
			}
			if slices.ContainsFunc(reach(gain.to, in.after), in.isSuperuser) {
				in.nameMembers(ctx, api, gain.from)
			}
		}
	}
	in.knowBefore(ctx, api)
	return ctx.Err()
}

// mostLifted is how many people are asked for what they could do before a plan.
const mostLifted = 50

// knowBefore asks what those could do already to whom the plan gives rights, where lists
// that were not read as a whole don't tell it. Of whom that can't be had it is said that
// he gets them.
func (in *inheritance) knowBefore(ctx context.Context, api Reader) {
	asked := map[holder]bool{}
	know := func(lifted ...holder) {
		for _, h := range lifted {
			if !asked[h] && len(asked) < mostLifted && in.isPartly(h) {
				asked[h] = true
				_ = in.knowAbove(ctx, api, h)
			}
		}
	}
	for _, s := range in.shifts {
		if s.raised {
			know(in.members(s.holder)...)
		}
		for _, gain := range s.gains {
			if slices.ContainsFunc(reach(gain.to, in.after), in.empowers) {
				know(gain.from)
				know(in.members(gain.from)...)
			}
		}
	}
}

// isPartly reports whether only some of what a holder may have its rights by was asked for.
func (in *inheritance) isPartly(h holder) bool {
	return slices.ContainsFunc(in.schema.Kind(h.model).Fields.Fields, func(f *schema.Field) bool {
		return f.Inherits && in.live.Kinds[f.Refers].some()
	})
}

// empowers reports whether somebody who has a holder's rights can do everything, or get
// further rights.
func (in *inheritance) empowers(h holder) bool {
	field := grantsField(in.schema.Kind(h.model))
	return in.isSuperuser(h) || field != nil && len(in.reasons(field, in.may(h))) > 0
}

// nameMembers asks for the names of those that have a holder's rights, where a list has
// only their keys. Without them they are called by those.
func (in *inheritance) nameMembers(ctx context.Context, api Reader, h holder) {
	kind := in.schema.Kind(h.model)
	nameless := func(member holder) bool { return in.name(member) == member.key }
	if kind.Lookup != kind.ID || in.isNew(h) || !slices.ContainsFunc(in.members(h), nameless) {
		return
	}
	// What is wrong shows as names that are not known.
	_ = in.once(question{h, "members"}, func() error {
		object, err := api.Retrieve(ctx, kind.Path, h.key)
		for _, field := range kind.Fields.Fields {
			if field.Details != "" {
				in.nameAll(field.Refers, field, object)
			}
		}
		return err
	})
}

// newly are what somebody has the rights of by a new bond, and had not before. There is
// none where he could do everything before, or can after.
func (in *inheritance) newly(gain bond) []holder {
	has := reach(gain.to, in.after)
	if in.alreadySuperuser(gain.from) || slices.ContainsFunc(has, in.isSuperuser) {
		return nil
	}
	return without(has, reach(gain.from, in.before))
}

// warnOfPowers is the guard that takes nothing out, and notes with each change who
// becomes a superuser by it, or able to get further rights.
func warnOfPowers(in *inheritance) guard {
	return func(p *Plan) *Plan {
		warnings := map[int][]string{}
		for _, s := range in.shifts {
			if s.gives() {
				warnings[s.change.ID] = slices.Concat(in.superusers(s), in.powers(s))
			}
		}
		for _, change := range p.Changes {
			if change.Permits != nil {
				warnings[change.ID] = in.permitPowers(change)
			}
		}
		if len(warnings) == 0 {
			return p
		}
		own := p.copied()
		for i, change := range own.Changes {
			if more := warnings[change.ID]; len(more) > 0 {
				warned := *change
				warned.Warnings = slices.Concat(change.Warnings, more)
				own.Changes[i] = &warned
			}
		}
		return own
	}
}

// permitPowers says by which of the permissions for a single object somebody can get
// further rights.
func (in *inheritance) permitPowers(change *Change) []string {
	field := grantsField(in.schema.Kind(change.Permits.Model))
	if field == nil {
		return nil
	}
	var warnings []string
	for _, power := range in.reasons(field, change.Permits.full(in.schema.Kind(change.Model))) {
		warnings = append(warnings, "with this object, "+power+".")
	}
	return warnings
}

// superusers says who becomes a superuser by a change: groups with their members, and
// people by themselves.
func (in *inheritance) superusers(s shift) []string {
	var groups, people []holder
	if s.raised {
		groups = append(groups, s.holder)
	}
	for _, gain := range s.gains {
		switch {
		case in.alreadySuperuser(gain.from) || !slices.ContainsFunc(reach(gain.to, in.after), in.isSuperuser):
		case in.schema.Kind(gain.from.model).Self == nil:
			groups = append(groups, gain.from)
		default:
			people = append(people, gain.from)
		}
	}
	var warnings []string
	for _, group := range groups {
		members := slices.DeleteFunc(in.members(group), in.alreadySuperuser)
		people = without(people, members)
		warning := fmt.Sprintf("whoever is a member of %s can do everything from now on", in.itself(s, group))
		if len(members) > 0 {
			warning += ": " + in.names(members)
		}
		warnings = append(warnings, warning+".")
	}
	switch {
	case len(people) > 1:
		warnings = append(warnings, in.names(people)+" become superusers by it.")
	case len(people) == 1 && people[0] == s.holder:
		warnings = append(warnings, "it becomes a superuser.")
	case len(people) == 1:
		warnings = append(warnings, "the "+in.what(people[0])+" becomes a superuser by it.")
	}
	return warnings
}

func (in *inheritance) alreadySuperuser(h holder) bool {
	return slices.ContainsFunc(reach(h, in.before), in.wasSuperuser)
}

// itself names a holder in what is said of a change.
func (in *inheritance) itself(s shift, h holder) string {
	if h == s.holder {
		return "it"
	}
	return "the " + in.what(h)
}

// powers says by which permissions somebody can get further rights that he gets by a
// change.
func (in *inheritance) powers(s shift) []string {
	var warnings []string
	if field := grantsField(s.kind); field != nil {
		for _, power := range in.reasons(field, s.granted) {
			warnings = append(warnings, power+".")
		}
	}
	who := map[holder][]holder{}
	for _, gain := range s.gains {
		for _, h := range in.newly(gain) {
			who[h] = append(who[h], gain.from)
		}
	}
	for _, h := range slices.SortedFunc(maps.Keys(who), func(a, b holder) int { return strings.Compare(in.what(a), in.what(b)) }) {
		field := grantsField(in.schema.Kind(h.model))
		if field == nil {
			continue
		}
		if powers := in.reasons(field, in.may(h)); len(powers) > 0 {
			warnings = append(warnings, fmt.Sprintf("%s given the %s: %s.", in.people(s, who[h]), in.what(h), strings.Join(powers, "; ")))
		}
	}
	return warnings
}

// may is what a holder may do after the plan, as far as that is known.
func (in *inheritance) may(h holder) []any {
	may := in.grants[h]
	if about := in.about[h]; about != nil {
		may = slices.Concat(without(may, about.revoked), without(about.granted, may))
	}
	return may
}

// reasons says of those permissions by which somebody can get further rights what they
// let him do, those that let him do the same together.
func (in *inheritance) reasons(field *schema.Field, permissions []any) []string {
	var order []string
	by := map[string][]string{}
	for _, permission := range permissions {
		name := asText(permission)
		why := in.schema.Power(field.Grants, name)
		if why == "" {
			continue
		}
		if by[why] == nil {
			order = append(order, why)
		}
		by[why] = append(by[why], name)
	}
	for i, why := range order {
		verb := "lets"
		if len(by[why]) > 1 {
			verb = "let"
		}
		order[i] = fmt.Sprintf("%s %s people %s", listed(by[why]), verb, why)
	}
	return order
}

// people says to whom a change gives rights.
func (in *inheritance) people(s shift, who []holder) string {
	parts := make([]string, len(who))
	alone := len(who) == 1
	for i, h := range who {
		parts[i] = in.itself(s, h)
		if in.schema.Kind(h.model).Self != nil {
			continue
		}
		alone = false
		if parts[i] = "the members of " + parts[i]; h == s.holder {
			parts[i] = "its members"
		}
	}
	if alone {
		return parts[0] + " is"
	}
	return listed(parts) + " are"
}

func (in *inheritance) names(holders []holder) string {
	names := make([]string, len(holders))
	for i, h := range holders {
		names[i] = in.name(h)
	}
	return listed(names)
}

// members are the people that have a holder's rights by themselves after the plan, as
// far as that is known.
func (in *inheritance) members(h holder) []holder {
	var members []holder
	for _, field := range in.schema.Kind(h.model).Fields.Fields {
		other := mirrored(in.schema, field)
		if other == nil || in.schema.Kind(field.Refers).Self == nil {
			continue
		}
		for _, key := range keyTexts(tree.PlainJSON(in.object(h)[field.Name])) {
			if b := (bond{holder{field.Refers, key}, other.Name, h}); !in.lost[b] {
				members = append(members, b.from)
			}
		}
	}
	for _, s := range in.shifts {
		for _, gain := range s.gains {
			if gain.to == h && in.schema.Kind(gain.from.model).Self != nil {
				members = append(members, gain.from)
			}
		}
	}
	return members
}
