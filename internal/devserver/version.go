package devserver

import (
	"fmt"

	"github.com/aksync/aksync/schema"
)

// DefaultVersion is the authentik that the server behaves like if nothing else
// is said.
const DefaultVersion = "2025.10.4"

// oldest is the first version whose behaviour was recorded.
const oldest = "2024.12"

// behaviour is in what the versions differ beyond their kinds (see the exchanges
// of all).
type behaviour struct {
	// plainNotFound: a 404 does not name the kind (get-404).
	plainNotFound bool
	// autocomplete: lists have that key (list-default).
	autocomplete bool
	// searchesNUL: a search for NUL finds nothing, and is no error
	// (list-search-nul).
	searchesNUL bool
	// translates: the headers of an answer name its language (post-lang-de).
	translates bool
	// reputationTimeout: the configuration has the cache timeout of
	// reputations (root-config).
	reputationTimeout bool
	// fullNames: permissions for an object need the name of their app
	// (trap/assign-object-2-bare).
	fullNames bool
	// signedFiles: addresses of files bear a token (trap/flow-5-background-patch).
	signedFiles bool
	// takesUsers: the documents have it that the users of an object can be sent
	// along with it (post-flowset-*).
	takesUsers bool
	// pageSize is how many objects a page holds if nothing is asked for, and
	// mostOfPage how many it holds at most, if there is a bound.
	pageSize, mostOfPage int
	// numbersAll: permissions for all objects have numbers of their own, as those
	// for one have (trap/assign-object-6).
	numbersAll bool
	// curlyQuotes: messages of Django have them.
	curlyQuotes bool
}

// behaviourOf returns how a version behaves.
func behaviourOf(version string) (behaviour, error) {
	if !schema.Known(version) || !(schema.Span{Since: oldest}).Has(version) {
		return behaviour{}, fmt.Errorf("no authentik %s is known: want %s or a later version", version, oldest)
	}
	before := func(other string) bool { return schema.Span{Until: other}.Has(version) }
	b := behaviour{
		plainNotFound: before("2025.2"), searchesNUL: before("2025.2"), reputationTimeout: before("2025.2"),
		autocomplete: !before("2025.8"), translates: !before("2025.2"),
		fullNames: !before("2026.2"), signedFiles: !before("2025.12"), takesUsers: before("2025.12"), curlyQuotes: !before("2025.12"),
		numbersAll: !before("2025.12"), pageSize: 100,
	}
	if !before("2025.12") {
		b.pageSize, b.mostOfPage = 20, 100
	}
	return b, nil
}
