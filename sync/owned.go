package sync

import (
	"context"
	"fmt"

	"github.com/aksync/aksync/schema"
)

// keepOwned is the guard that takes out the creations of what the server would give to
// aksync's own user, whoever is declared: a token with its rights, which nobody has asked
// for (core/api/tokens.py). It asks only where the plan holds such a creation.
func (in *inheritance) keepOwned(ctx context.Context, api Reader, plan *Plan) (*Plan, error) {
	why := map[int]string{}
	for _, change := range plan.Changes {
		if change.Action != Create {
			continue
		}
		kind := in.schema.Kind(change.Model)
		if kind.Owned == nil || kind.Bears == nil {
			continue
		}
		owner, declared := change.Declared[kind.Bears.Field]
		if !declared {
			continue
		}
		me, err := in.whoAsks(ctx, api)
		if err != nil {
			return nil, fmt.Errorf("asking who aksync is to authentik: %w", err)
		}
		// Where nothing tells, the server says what is wrong.
		if me == nil || me.superuser || schema.IDText(owner) == me.holder.key {
			continue
		}
		why[change.ID] = fmt.Sprintf("the %s is not created: %s, and %s is none: it would be one of its own", change.what(), kind.Owned.Why, me.what())
	}
	return plan.without(why), nil
}
