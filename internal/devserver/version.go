package devserver

// DefaultVersion is the authentik that the server behaves like if nothing else
// is said.
const DefaultVersion = "2025.10.4"

// behaviour is in what the versions differ (see the exchanges of both).
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
}

var behaviours = map[string]behaviour{
	"2024.12.5": {plainNotFound: true, searchesNUL: true, reputationTimeout: true},
	"2025.10.4": {autocomplete: true, translates: true},
}
