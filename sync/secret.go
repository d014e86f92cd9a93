package sync

import (
	"context"

	"github.com/aksync/aksync/internal/secret"
)

// secretly returns a context for requests about the object, in which whoever talks to
// the server finds what nobody may see: the server may repeat it. That is what is
// declared and what the object has, also as it was read just before.
func (t target) secretly(ctx context.Context, fresh map[string]any) context.Context {
	var values []any
	for _, name := range t.kind.Hidden() {
		for _, fields := range []map[string]any{t.declared, t.Live, fresh} {
			if value, has := fields[name]; has {
				values = append(values, value)
			}
		}
	}
	if len(values) == 0 {
		return ctx
	}
	return secret.With(ctx, values...)
}
