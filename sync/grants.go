package sync

import (
	"context"

	"github.com/aksync/aksync/schema"
)

// ReadGrants adds what is granted to each of the objects that were listed, such as the
// permissions of roles: a request for each, side by side.
func (l *Live) ReadGrants(ctx context.Context, s *schema.Schema, api Reader) error {
	var grants []Grant
	for _, kind := range s.At(l.Version).Managed() {
		for _, field := range kind.Fields.Fields {
			if !field.Via.Lists() {
				continue
			}
			for _, object := range l.Kinds[kind.Model].Objects {
				if id, has := kind.IDOf(object); has {
					grants = append(grants, Grant{Model: kind.Model, ID: schema.IDText(id), Field: field.Name})
				}
			}
		}
	}
	return l.fetchGrants(ctx, s, api, grants)
}

// ReadListed asks for the server's version and all objects of the models. A model that
// can't be listed has its error in its Listing.
func ReadListed(ctx context.Context, s *schema.Schema, api Reader, models []string) (*Live, error) {
	live := &Live{}
	return live, live.fetch(ctx, s, api, whole(models))
}
