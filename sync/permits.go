package sync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

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

// Permitted is a permission for a single object, and who has it.
type Permitted struct {
	Holder Holder
	schema.Permit
}

// ReadPermits returns all permissions for single objects that there are, by the kind of
// their holders and then by the object. What could be read of them is returned with an
// error, too.
func (l *Live) ReadPermits(ctx context.Context, s *schema.Schema, api Reader) ([]Permitted, error) {
	s = s.At(l.Version)
	var all []Permitted
	var problems []error
	for _, kind := range s.Managed() {
		if kind.Holds == nil {
			continue
		}
		permits, err := readPermits(ctx, s, api, kind)
		if err != nil {
			problems = append(problems, err)
		}
		all = append(all, permits...)
	}
	return all, errors.Join(problems...)
}

// readPermits returns the permissions of the holders of a kind: a list tells of which
// objects there are any, and then one request for each holder which are his.
func readPermits(ctx context.Context, s *schema.Schema, api Reader, of *schema.Kind) ([]Permitted, error) {
	path, query, err := of.Holds.ReadAllFrom()
	if err != nil {
		return nil, err
	}
	rows, err := api.List(ctx, path, "id", query, 0)
	if err != nil {
		return nil, fmt.Errorf("listing what each %s is permitted with single objects: %w", of.Title, err)
	}
	type object struct{ model, id string }
	known, asked := map[string]bool{}, map[object]bool{}
	permits := Permits{holders: map[Holder][]schema.Permit{}}
	for _, row := range rows {
		permit := schema.ReadPermit(row)
		kind, at := s.Kind(permit.Model), object{permit.Model, permit.Object}
		if kind == nil || known[permit.ID] || asked[at] {
			continue
		}
		asked[at] = true
		if err := permits.ask(ctx, api, of, kind, permit.Object); err != nil {
			return nil, err
		}
		for _, his := range permits.holders {
			for _, one := range his {
				known[one.ID] = true
			}
		}
	}
	return permits.sorted(), nil
}

// sorted are the permissions of all holders.
func (p Permits) sorted() []Permitted {
	var all []Permitted
	for holder, permits := range p.holders {
		for _, permit := range permits {
			all = append(all, Permitted{holder, permit})
		}
	}
	slices.SortFunc(all, func(a, b Permitted) int {
		return cmp.Or(cmp.Compare(a.Model, b.Model), cmp.Compare(a.Object, b.Object),
			cmp.Compare(a.Holder.ID, b.Holder.ID), cmp.Compare(a.Codename, b.Codename))
	})
	return all
}
