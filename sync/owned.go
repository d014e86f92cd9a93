package sync

import (
	"context"
	"fmt"

	"github.com/aksync/aksync/schema"
)

// keepOwned is the guard that takes out the creations of what the server would give to
// aksync's own user, whoever is declared: a token with its rights, which nobody has asked
// for (core/api/tokens.py). It asks only where the plan holds such a creation.
func keepOwned(ctx context.Context, s *schema.Schema, api Reader, plan *Plan) (*Plan, error) {
	why := map[int]string{}
	me := &self{}
	for _, change := range plan.Changes {
		kind := s.Kind(change.Model)
		if change.Action != Create || kind.Owned == nil || kind.Bears == nil {
			continue
		}
		owner, declared := change.Declared[kind.Bears.Field]
		if !declared {
			continue
		}
		if me.holder.key == "" {
			if err := me.ask(ctx, s, api); err != nil {
				return nil, err
			}
		}
		if me.superuser || schema.IDText(owner) == me.holder.key {
			continue
		}
		why[change.ID] = fmt.Sprintf("the %s is not created: %s, and %s is none: it would be one of its own", change.what(), kind.Owned.Why, me.what())
	}
	return plan.without(why), nil
}

// ask asks who aksync is to authentik.
func (me *self) ask(ctx context.Context, s *schema.Schema, api Reader) error {
	kind := selfKind(s)
	if kind == nil {
		me.superuser = true // and the server says what is wrong
		return nil
	}
	answer, err := api.Get(ctx, kind.Self.Path)
	if err == nil {
		err = me.read(kind, answer)
	}
	if err != nil {
		return fmt.Errorf("asking who aksync is to authentik: %w", err)
	}
	return nil
}
