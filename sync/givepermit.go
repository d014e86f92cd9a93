package sync

import (
	"context"
	"fmt"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// permit permits somebody something with the object of a change.
func (a *applier) permit(ctx context.Context, t target) error {
	who := t.Permits
	kind := a.schema.Kind(who.Model)
	if kind == nil || kind.Holds == nil {
		return fmt.Errorf("authentik %s has no request for it", a.version)
	}
	holder := schema.IDText(tree.Replace(who.ID, a.idOf))
	if holder == "" {
		return fmt.Errorf("the %s is not there, which is to be permitted it", kind.Title)
	}
	give := kind.Holds.Request(kind, holder, t.kind, t.PK, kind.Holds.Names(t.kind, who.Codenames, a.version))
	if !kind.Holds.IsFull(a.version) {
		return a.act(ctx, give)
	}
	return a.permitSafely(ctx, t, kind, holder, give)
}

// permitSafely permits something where the server would take it for a permission for
// all objects if the object were gone (KINDS.md 4.4): it looks before and after, and
// takes back what was given so.
func (a *applier) permitSafely(ctx context.Context, t target, kind *schema.Kind, holder string, give schema.Request) error {
	var before []any
	all := grantsField(kind)
	if all != nil {
		var err error
		if before, err = readGrant(ctx, a.api, all.Via, holder); err != nil {
			return fmt.Errorf("reading %s: %w", all.Name, err)
		}
	}
	if _, err := a.retrieve(ctx, t); err != nil {
		return t.gone(err)
	}
	if err := a.act(ctx, give); err != nil {
		return err
	}
	_, err := a.retrieve(ctx, t)
	if !is(err, Failure.NotFound) || all == nil {
		return nil
	}
	names, _ := give.Body["permissions"].([]any)
	if given := without(names, before); len(given) > 0 {
		if err := a.act(ctx, all.Via.Revoke(kind, schema.Answer{ID: holder}, given)); err != nil {
			return fmt.Errorf("somebody else has deleted the %s meanwhile, so that the %s is permitted %v with all of them, and taking that away failed: %w", t.what(), kind.Title, given, err)
		}
	}
	return t.gone(err)
}
