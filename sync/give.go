package sync

import (
	"context"
	"fmt"
	"slices"

	"github.com/aksync/aksync/schema"
)

// Some fields of a blueprint are none of the object that the API takes: each is set
// by a request of its own (KINDS.md 4.3), after the object was written.

// gives reports whether any of them is declared to be changed.
func (t target) gives() bool {
	return t.setsAny(t.kind, func(field *schema.Field) bool { return field.Via != nil })
}

// giveAll sets those fields that change, and what goes along with them.
func (a *applier) giveAll(ctx context.Context, t target, answer schema.Answer) error {
	for _, field := range t.kind.Fields.Fields {
		value, declared := t.declared[field.Name]
		if !declared || field.Via == nil || !t.sets(field.Name) && !(t.Action == Update && field.GoesAlong()) {
			continue
		}
		if value == nil && field.WriteOnly {
			continue // nothing to set: what there is stays
		}
		if field.Via.Lists() {
			list, _ := value.([]any)
			if err := a.grant(ctx, t, answer, field, list, !field.Superset); err != nil {
				return err
			}
			continue
		}
		if err := a.act(ctx, field.Via.Give(t.kind, answer, value)); err != nil {
			return fmt.Errorf("setting %s: %w", field.Name, err)
		}
	}
	return nil
}

// mostGranted is how many elements one request grants: authentik saves them one by one,
// and a role with hundreds would take longer than a request may.
const mostGranted = 50

// grant makes a list of grants what it is to be. Only where exactly is set are others
// taken away.
func (a *applier) grant(ctx context.Context, t target, answer schema.Answer, field *schema.Field, wanted []any, exactly bool) error {
	has, err := readGrant(ctx, a.api, field.Via, schema.IDText(answer.ID))
	if err != nil {
		return fmt.Errorf("reading %s: %w", field.Name, err)
	}
	for some := range slices.Chunk(without(wanted, has), mostGranted) {
		if err := a.act(ctx, field.Via.Give(t.kind, answer, some)); err != nil {
			return fmt.Errorf("granting %s: %w", field.Name, err)
		}
	}
	if more := without(has, wanted); exactly && len(more) > 0 {
		if err := a.act(ctx, field.Via.Revoke(t.kind, answer, more)); err != nil {
			return fmt.Errorf("taking away %s: %w", field.Name, err)
		}
	}
	return nil
}

// without returns the elements of a list that are not in another one.
func without[E comparable](list, in []E) []E {
	among := make(map[E]bool, len(in))
	for _, element := range in {
		among[element] = true
	}
	var rest []E
	for _, element := range list {
		if !among[element] {
			rest = append(rest, element)
		}
	}
	return rest
}

// keep reads what a write of the object empties, where nobody declares it
// (KINDS.md 4.2: the permissions of roles and users until 2025.10).
func (a *applier) keep(ctx context.Context, t target) (map[*schema.Field][]any, error) {
	kept := map[*schema.Field][]any{}
	for _, field := range t.kind.Fields.Fields {
		if !field.Via.WipedBy(a.version) {
			continue
		}
		if value, declared := t.declared[field.Name]; declared {
			kept[field], _ = value.([]any)
			continue
		}
		granted, err := readGrant(ctx, a.api, field.Via, t.PK)
		if err != nil {
			return nil, fmt.Errorf("reading %s, which the write would empty: %w", field.Name, err)
		}
		kept[field] = granted
	}
	return kept, nil
}

// giveBack grants again what the write has emptied.
func (a *applier) giveBack(ctx context.Context, t target, answer schema.Answer, kept map[*schema.Field][]any) error {
	for field, granted := range kept {
		if err := a.grant(ctx, t, answer, field, granted, false); err != nil {
			return fmt.Errorf("%w: the write has emptied it, and it was %v", err, granted)
		}
	}
	return nil
}

// act makes one of those requests. All of them may be sent twice, so that one whose
// outcome is in the dark is.
func (a *applier) act(ctx context.Context, r schema.Request) error {
	var err error
	for range writes {
		if err = a.api.Act(ctx, r.Method, r.Path, r.Key, r.Action, r.Body); err == nil || !is(err, Failure.MayHaveHappened) {
			return lacking(err, r.Rights)
		}
	}
	return err
}
