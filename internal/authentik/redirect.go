package authentik

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// maxRedirects bounds the redirects that one GET follows.
const maxRedirects = 5

// checkRedirect follows only what stays in the same API: a GET, to the same
// scheme, host and port, below the same path. Everything else comes back as
// the answer it is: a write must not be repeated elsewhere, and the token must
// not leave the server it is for.
func (c *Client) checkRedirect(req *http.Request, via []*http.Request) error {
	if via[0].Method != http.MethodGet || !within(c.base, req.URL) || len(via) > maxRedirects {
		return http.ErrUseLastResponse
	}
	return nil
}

// within tells whether an address belongs to the API at base.
func within(base, u *url.URL) bool {
	return sameOrigin(base, u) && strings.HasPrefix(u.Path, base.Path)
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	default:
		return "80"
	}
}

// redirected says where an answer points and what to do about it. The query of
// the target is left out: a login page gets secrets in it.
func redirected(resp *http.Response) error {
	target, err := resp.Location()
	if err != nil {
		return errors.New("a redirect that leads nowhere: is --url (AUTHENTIK_URL) right?")
	}
	if !sameOrigin(target, resp.Request.URL) {
		return fmt.Errorf("redirected to %s://%s, where the token is not sent: set --url (AUTHENTIK_URL) to that address if authentik is there; if it is a login page, let the proxy in front pass /api/v3/",
			target.Scheme, target.Host)
	}
	return fmt.Errorf("redirected to %s on the same server; only reads are followed, below the API and at most %d times: is --url (AUTHENTIK_URL) right, is a proxy in front?",
		target.EscapedPath(), maxRedirects)
}
