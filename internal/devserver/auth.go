package devserver

import (
	"net/http"
	"strings"
)

// authenticate gives the refusal of a request that may not be made, by the
// rules of the exchanges auth-*.
func (s *Server) authenticate(route *route, r *http.Request) *response {
	token, refusal := bearer(r)
	if refusal != nil {
		return refusal
	}
	var answer response
	may, limited := s.config.Limited[token]
	switch {
	case token == "":
		answer = detail(http.StatusForbidden, route.refuses)
	case token == s.config.Admin:
		return nil
	case limited:
		return route.refuse(r.Method, may)
	case token == s.config.Nobody && (r.Method == http.MethodOptions || route.open):
		return nil // auth-weak-options, special/admin-version-nobody
	case token == s.config.Nobody:
		answer = detail(http.StatusForbidden, noPermission)
		if route.table != nil && len(route.table.about.Owned) > 0 && strings.Contains(route.pattern, "{key}") {
			answer = *s.notFound(route.table.kind) // trap/token-view-key-nobody
		}
	default:
		answer = detail(http.StatusForbidden, "Token invalid/expired")
	}
	return &answer
}

// bearer gives the token of a request, or nothing where there is none. What
// follows the first space is the token, whatever it is (auth-two-spaces-list,
// auth-trailing-space-word-list); a header without a space is none
// (auth-no-scheme-list).
func bearer(r *http.Request) (token string, refusal *response) {
	header := r.Header.Get("Authorization")
	for _, character := range []byte(header) {
		if character >= 0x80 {
			answer := unhandled(r.Method, http.StatusInternalServerError) // auth-nonascii-get
			return "", &answer
		}
	}
	scheme, token, _ := strings.Cut(header, " ")
	if token == "" {
		return "", nil
	}
	if !strings.EqualFold(scheme, "Bearer") {
		answer := detail(http.StatusForbidden, "Unsupported authentication type") // auth-basic-list
		return "", &answer
	}
	return token, nil
}
