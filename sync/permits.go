package sync

import (
	"context"
	"fmt"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// Holder is who can be permitted something, such as a role.
type Holder struct{ Model, ID string }

// PermitNeed asks what somebody is permitted with an object of a model.
type PermitNeed struct {
	Holder        Holder
	Model, Object string
}

// Permits are what was asked of permissions for single objects.
type Permits struct {
	// holders are all permissions for single objects of those that were met; asked are
	// the objects that were asked for, by the kind of the holder alone.
	holders map[Holder][]schema.Permit
	asked   map[PermitNeed]error
}

// of returns all permissions for single objects of somebody, and reports whether enough
// was asked to know those that are needed: who was met at any object has shown all of
// them, and who was not met at that one has none for it.
func (p Permits) of(need PermitNeed) (permits []schema.Permit, asked bool, err error) {
	if permits, met := p.holders[need.Holder]; met {
		return permits, true, nil
	}
	need.Holder.ID = ""
	err, asked = p.asked[need]
	return nil, asked, err
}

// fetchPermits asks for what somebody is permitted with objects: one request for each
// holder as a rule, since it shows all that he is permitted.
func (l *Live) fetchPermits(ctx context.Context, s *schema.Schema, api Reader, needs []PermitNeed) error {
	if l.Permits.asked == nil {
		l.Permits = Permits{map[Holder][]schema.Permit{}, map[PermitNeed]error{}}
	}
	for _, need := range needs {
		if _, asked, _ := l.Permits.of(need); asked {
			continue
		}
		err := l.Permits.ask(ctx, api, s.At(l.Version).Kind(need.Holder.Model), s.Kind(need.Model), need.Object)
		if ctx.Err() != nil {
			return err
		}
		need.Holder.ID = ""
		l.Permits.asked[need] = err
	}
	return nil
}

// ask asks who of a kind is permitted anything with an object.
func (p Permits) ask(ctx context.Context, api Reader, of, kind *schema.Kind, object string) error {
	path, query, err := of.Holds.ReadFrom(kind, object)
	if err != nil {
		return err
	}
	holders, err := api.List(ctx, path, of.Holds.ID, query, 0)
	if err != nil {
		return fmt.Errorf("asking which %s is permitted what with the %s %s: %w", of.Title, kind.Title, object, lacking(err, of.Rights(schema.ToView)))
	}
	for _, holder := range holders {
		id := schema.IDText(tree.PlainJSON(holder[of.Holds.ID]))
		p.holders[Holder{of.Model, id}] = of.Holds.Permits(holder)
	}
	return nil
}
