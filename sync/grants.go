package sync

import (
	"context"
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// ReadGrants adds what is granted to each of the objects that were listed, such as the
// permissions of roles: a request for each, side by side, since no list shows those of
// all. What only authentik itself makes is left out.
func (l *Live) ReadGrants(ctx context.Context, s *schema.Schema, api Reader) error {
	var grants []Grant
	for _, kind := range s.At(l.Version).Managed() {
		for _, field := range kind.Fields.Fields {
			if !field.Via.Lists() {
				continue
			}
			for _, object := range l.Kinds[kind.Model].Objects {
				if id, has := kind.IDOf(object); has && !isServers(kind, object) {
					grants = append(grants, Grant{Model: kind.Model, ID: schema.IDText(id), Field: field.Name})
				}
			}
		}
	}
	return l.fetchGrants(ctx, s, api, grants)
}

// isServers reports whether an object has what only authentik gives.
func isServers(kind *schema.Kind, object schema.Object) bool {
	return slices.ContainsFunc(kind.Fields.Fields, func(field *schema.Field) bool {
		return field.IsServers(tree.PlainJSON(object[field.Name]))
	})
}

// ReadListed asks for the server's version and all objects of the models. A model that
// can't be listed has its error in its Listing.
func ReadListed(ctx context.Context, s *schema.Schema, api Reader, models []string) (*Live, error) {
	live := &Live{}
	return live, live.fetch(ctx, s, api, whole(models))
}
