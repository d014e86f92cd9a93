package sync

import (
	"context"
	"fmt"
	"slices"

	"github.com/aksync/aksync/schema"
)

// know asks for the live fields of a holder that are not known yet. Of what inherits
// nothing and has no more than what is granted to it nothing has to be known.
func (in *inheritance) know(ctx context.Context, api Reader, h holder) error {
	matters := func(f *schema.Field) bool { return f.Inherits || f.Superuser }
	if in.object(h) != nil || in.isNew(h) || !slices.ContainsFunc(in.schema.Kind(h.model).Fields.Fields, matters) {
		return nil
	}
	return in.ask(ctx, api, h)
}

// ask asks for the live fields of a holder.
func (in *inheritance) ask(ctx context.Context, api Reader, h holder) error {
	kind := in.schema.Kind(h.model)
	if kind.Path == "" || kind.Lookup != kind.ID {
		return nil
	}
	return in.once(question{h, "object"}, func() error {
		object, err := api.Retrieve(ctx, kind.Path, h.key)
		if err != nil {
			return fmt.Errorf("asking for the %s %s: %w", kind.Title, in.name(h), lacking(err, kind.Rights(schema.ToView)))
		}
		in.asked[h] = object
		return nil
	})
}

// isNew reports whether a holder is yet to be created.
func (in *inheritance) isNew(h holder) bool { return in.about[h] != nil && in.about[h].change.PK == "" }

// knowAbove does so for all that somebody has the rights of, or will have.
func (in *inheritance) knowAbove(ctx context.Context, api Reader, start ...holder) error {
	seen := map[holder]bool{}
	for len(start) > 0 {
		h := start[0]
		start = start[1:]
		if seen[h] {
			continue
		}
		seen[h] = true
		if err := in.know(ctx, api, h); err != nil {
			return err
		}
		for _, b := range append(in.before(h), in.gained[h]...) {
			start = append(start, b.to)
		}
	}
	return nil
}

// knowGrants asks, where that is not known yet, what a live holder may do.
func (in *inheritance) knowGrants(ctx context.Context, api Reader, h holder) error {
	kind := in.schema.Kind(h.model)
	field := grantsField(kind)
	if field == nil || !field.Via.Lists() || in.grants[h] != nil || in.isNew(h) {
		return nil
	}
	grant := Grant{Model: h.model, ID: h.key, Field: field.Name}
	return in.once(question{h, "grants"}, func() error {
		granted, asked := in.live.Grants[grant]
		if !asked {
			granted.Values, granted.Err = readGrant(ctx, api, field.Via, h.key)
		}
		if granted.Err != nil {
			return fmt.Errorf("asking what the %s %s may do: %w", kind.Title, in.name(h), granted.Err)
		}
		in.grants[h] = append([]any{}, granted.Values...)
		return nil
	})
}

// question is what can be asked of a holder.
type question struct {
	holder holder
	what   string
}

// once asks a question, and gives the same error again where that failed.
func (in *inheritance) once(q question, ask func() error) error {
	err, asked := in.failed[q]
	if !asked {
		if err = ask(); err != nil {
			in.failed[q] = err
		}
	}
	return err
}

// knowUnread finds out what was not asked for when the plan was made: a saved plan is
// no more than what was looked at.
func (in *inheritance) knowUnread(ctx context.Context, api Reader) {
	for i := range in.shifts {
		s := &in.shifts[i]
		if s.unread == nil {
			continue
		}
		if s.unknown = in.knowGrants(ctx, api, s.holder); s.unknown != nil {
			continue
		}
		for _, changed := range s.change.Fields {
			if changed.Name == s.unread.Name {
				s.grant(s.unread, in.grants[s.holder], asList(changed.After))
			}
		}
	}
}
