package sync

import (
	"fmt"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// WarnOfUnknown says in the plan that little can be said of a version: it is newer, or
// older, than all that are known.
func (p *Plan) WarnOfUnknown(s *schema.Schema, version string) {
	if words := s.WordsOfUnknown(version); words != "" {
		p.Warnings = append(p.Warnings, tree.Problem{Message: words})
	}
}

// isKnown reports whether the server's version is one that is known.
func (p *planner) isKnown() bool { return p.whole.WordsOfUnknown(p.plan.Version) == "" }

// understood returns the objects of a kind, or why they are not understood: a server of a
// version that is not known may have another type for what is declared, or for what finds
// them, and each would be taken for one that is not there.
func (p *planner) understood(kind *schema.Kind, listing Listing) Listing {
	if listing.Err != nil || p.isKnown() {
		return listing
	}
	finding, others := append([]string{kind.ID}, kind.KnownBy()...), []string(nil)
	for _, c := range p.byModel[kind.Model] {
		for _, member := range c.entry.Identifiers {
			finding = append(finding, member.Name())
		}
		for _, member := range c.entry.Attrs {
			others = append(others, member.Name())
		}
	}
	if why := kind.Misfit(listing.Objects, unique(finding), unique(others)); why != "" {
		return Listing{Err: fmt.Errorf("%s: this needs an aksync that knows authentik %s", why, p.plan.Version)}
	}
	return listing
}
