package export

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// permittedBy finds permissions by their object.
func permittedBy(all []sync.Permitted) map[identity][]sync.Permitted {
	by := map[identity][]sync.Permitted{}
	for _, one := range all {
		at := identity{one.Model, one.Object}
		by[at] = append(by[at], one)
	}
	return by
}

// permit adds what somebody is permitted to do with the object of an entry, sorted by
// who it is and not by his key. Names of permissions have their app in front, as all
// versions of authentik's own engine take them.
func (g *gathering) permit(e *entry) {
	for _, one := range g.permitted[e.identity] {
		who := slices.IndexFunc(g.schema.Permission.Fields, func(of *schema.Field) bool { return of.Refers == one.Holder.Model })
		if who < 0 {
			continue
		}
		of := g.schema.Permission.Fields[who]
		holder, err := g.reference(e, one.Holder.Model, one.Holder.ID)
		if err != nil {
			e.notes = append(e.notes, fmt.Sprintf("%s with the %s %q is left out: %s.", one.Codename, e.kind.Title, e.name, err))
			continue
		}
		e.permissions = append(e.permissions, []field{
			{name: "permission", value: e.kind.App() + "." + one.Codename},
			{name: of.Name, of: of, value: holder},
		})
	}
	slices.SortFunc(e.permissions, func(a, b []field) int {
		return cmp.Or(cmp.Compare(a[1].name, b[1].name), cmp.Compare(canonical(a[1].value), canonical(b[1].value)), cmp.Compare(canonical(a[0].value), canonical(b[0].value)))
	})
}

// withoutRefused takes away the permissions of those that no blueprint can make, such as
// the users that authentik makes for outposts: it gives them by itself.
func withoutRefused(entries []*entry, refused map[identity]bool) {
	for _, e := range entries {
		e.permissions = slices.DeleteFunc(e.permissions, func(permission []field) bool {
			return slices.ContainsFunc(permission, func(f field) bool {
				return slices.ContainsFunc(referred(f.value), func(to identity) bool { return refused[to] })
			})
		})
	}
}
