package authentik

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/rs/zerolog"
	"golang.org/x/time/rate"
)

// Config says where authentik is and how it is talked to.
type Config struct {
	// URL is authentik's address, http or https, with the sub-path it is
	// served under if there is one. A trailing slash and a trailing /api/v3
	// are taken as well as left out. User name, password, query and fragment
	// are refused: the address is shown in logs and errors.
	URL string
	// Token is asked before each request, so that a token that was replaced
	// is taken up. See [StaticToken] and [TokenFile]. Required.
	Token func() (string, error)

	// CAFile is a PEM file of authorities trusted beside the system's own. It
	// and the next two are looked at before each request, so that files that
	// were replaced are taken up; while they are of no use, what they held
	// before is.
	CAFile string
	// ClientCert and ClientKey are the PEM files of a client certificate: both
	// or none.
	ClientCert, ClientKey string
	// Insecure switches the check of the server's certificate off.
	Insecure bool

	// Timeout bounds one attempt of one request, from the connection to the
	// last byte of the body. A call that has lasted twice as long is not
	// repeated any more. 0 is 30 seconds.
	Timeout time.Duration
	// Parallelism bounds the requests in flight, over everything this client
	// is used for. There are fewer while the server is no faster with more of
	// them. 0 is 8.
	Parallelism int
	// RateLimit bounds the requests a second; 0 is no limit.
	RateLimit float64
	// RetryWait is the wait before the first retry; it doubles for each further
	// one. 0 is half a second.
	RetryWait time.Duration
	// UserAgent is sent with each request.
	UserAgent string

	// Observe, where set, is called once for every attempt that was made. It
	// may be called from several goroutines at once.
	Observe func(Request)
	// Logger is told about attempts that are repeated and about certificates
	// that have changed. The zero value says
	// nothing.
	Logger zerolog.Logger
}

// Request is what there is to measure about one attempt of one request.
type Request struct {
	// Method is the HTTP method.
	Method string
	// Endpoint is the path below /api/v3 with {pk} in place of a key, such as
	// /stages/password/{pk}/.
	Endpoint string
	// Code is the HTTP status, or "error" where no complete answer arrived.
	Code string
	// Duration runs from the connection to the last byte of the body; waiting
	// for the rate limit or for other requests is not part of it.
	Duration time.Duration
}

// tuning holds what users cannot set and tests have to.
type tuning struct {
	retries       int           // attempts after the first
	retryMin      time.Duration // first wait; doubled for each further one
	retryMax      time.Duration // longest wait of our own
	retryAfterMax time.Duration // longest wait a server can ask for
	maxBody       int64         // bytes of an answer, decompressed
	maxList       int64         // bytes of a list, over all its pages together
	now           func() time.Time
	jitter        func(time.Duration) time.Duration
}

func defaultTuning() tuning {
	return tuning{
		retries:       4,
		retryMin:      500 * time.Millisecond,
		retryMax:      30 * time.Second,
		retryAfterMax: time.Minute,
		maxBody:       64 << 20,
		maxList:       128 << 20,
		now:           time.Now,
		jitter:        jitter,
	}
}

// New returns a client for the authentik at cfg.URL. It makes no request: a
// wrong address or token shows at the first call. An error names the setting
// that is wrong.
func New(cfg Config) (*Client, error) {
	tune := defaultTuning()
	if cfg.RetryWait > 0 {
		tune.retryMin, tune.retryMax = cfg.RetryWait, 16*cfg.RetryWait
	}
	return newClient(cfg, tune)
}

func newClient(cfg Config, tune tuning) (*Client, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	base, err := apiBase(cfg.URL)
	if err != nil {
		return nil, err
	}
	conns, err := newRotating(cfg)
	if err != nil {
		return nil, err
	}
	c := &Client{
		base: base, parallelism: cfg.Parallelism, conns: conns, tune: tune, log: cfg.Logger,
		patience: 2 * cfg.Timeout, silence: &silence{now: tune.now},
	}
	c.http = &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport:     newAttempts(cfg, tune, base, conns, c.silence),
			CheckRedirect: c.checkRedirect,
		},
		RetryWaitMin: tune.retryMin,
		RetryWaitMax: tune.retryMax,
		RetryMax:     tune.retries,
		CheckRetry:   c.checkRetry,
		Backoff:      c.backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	return c, nil
}

// complete fills in the defaults and refuses what makes no sense.
func (cfg *Config) complete() error {
	if cfg.Token == nil {
		return errNoToken()
	}
	if cfg.Timeout < 0 {
		return fmt.Errorf("--timeout: %s is negative", cfg.Timeout)
	}
	if cfg.Parallelism < 0 {
		return fmt.Errorf("--parallelism: %d is negative", cfg.Parallelism)
	}
	if !(cfg.RateLimit >= 0) { // not a number is refused too
		return fmt.Errorf("--rate-limit: %g is not a rate", cfg.RateLimit)
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 30 * time.Second
	}
	if cfg.Parallelism == 0 {
		cfg.Parallelism = 8
	}
	return nil
}

// apiBase turns the address a user gives into the API's, with a trailing
// slash. Its errors never repeat the address: it may hold a password.
func apiBase(address string) (*url.URL, error) {
	const example = "such as https://auth.example.com"
	switch {
	case address == "":
		return nil, errors.New("--url (AUTHENTIK_URL): not set: it is authentik's address, " + example)
	case strings.ContainsAny(address, "@?#"):
		// Looked for before parsing: url.Parse quotes what it cannot parse.
		return nil, errors.New("--url (AUTHENTIK_URL): no user name, password, query or fragment can stand in it: only the address, " + example)
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("--url (AUTHENTIK_URL): not an address, %s: %w", example, errors.Unwrap(err))
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("--url (AUTHENTIK_URL): %s does not begin with http:// or https://", address)
	}
	if u.Hostname() == "" {
		return nil, fmt.Errorf("--url (AUTHENTIK_URL): %s names no host: %s", address, example)
	}
	path := strings.TrimRight(u.EscapedPath(), "/")
	path = strings.TrimRight(strings.TrimSuffix(path, "/api/v3"), "/")
	return u.Parse(path + "/api/v3/")
}

func newLimiter(perSecond float64) func(context.Context) error {
	if perSecond == 0 {
		return func(context.Context) error { return nil }
	}
	return rate.NewLimiter(rate.Limit(perSecond), 1).Wait
}
