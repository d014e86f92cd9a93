package authentik

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

// attempts makes single attempts, below the loop that repeats them: it waits
// for the limits, sets the headers, bounds the time, and reads the body to its
// end. The limits count attempts and not calls, and a half body is a failed
// attempt like any other.
type attempts struct {
	next      http.RoundTripper
	base      *url.URL
	token     func() (string, error)
	userAgent string
	timeout   time.Duration
	maxBody   int64
	limit     func(context.Context) error
	gate      *gate
	observe   func(Request)
	silence   *silence
}

func newAttempts(cfg Config, tune tuning, base *url.URL, next http.RoundTripper, silence *silence) *attempts {
	return &attempts{
		next:      next,
		base:      base,
		token:     cfg.Token,
		userAgent: cfg.UserAgent,
		timeout:   cfg.Timeout,
		maxBody:   tune.maxBody,
		limit:     newLimiter(cfg.RateLimit),
		gate:      newGate(cfg.Parallelism, cfg.Logger),
		observe:   cfg.Observe,
		silence:   silence,
	}
}

// attemptError is an attempt without a complete answer.
type attemptError struct {
	sent   bool // the request may have reached the server
	final  bool // another attempt would end the same way
	status int  // where the head of an answer came, but not its body
	err    error
}

func (e *attemptError) Error() string { return e.err.Error() }
func (e *attemptError) Unwrap() error { return e.err }

// RoundTrip makes one attempt. The answer's body is in memory; every error is
// an *attemptError.
func (a *attempts) RoundTrip(req *http.Request) (*http.Response, error) {
	x := exchangeOf(req.Context())
	x.giveBack()
	if req.Response == nil { // not the next leg of a redirect
		x.attempts++
	}
	tenure, err := a.admit(req)
	if err != nil {
		return nil, refuse(req, err)
	}
	var told answer
	defer func() { a.gate.leave(tenure, told) }()
	if !within(a.base, req.URL) {
		return nil, refuse(req, fmt.Errorf("%s is not below %s: the token is not sent there", req.URL.Host+req.URL.Path, a.base))
	}
	token, err := a.token()
	if err == nil {
		err = checkToken(token)
	}
	if err != nil {
		return nil, refuse(req, err)
	}
	x.token = token

	a.silence.ask(x)
	began := time.Now()
	var connected atomic.Pointer[time.Time]
	resp, err := a.send(req, x, token, &connected)
	if err == nil {
		a.silence.answered(x)
		told = answerOf(x, resp, connected.Load())
	}
	told.overload = overloaded(resp, err)
	a.report(x, resp, time.Since(began))
	return resp, err
}

// admit waits until the request may go out.
func (a *attempts) admit(req *http.Request) (tenure int, err error) {
	ctx := req.Context()
	if err := a.limit(ctx); err != nil {
		return 0, fmt.Errorf("waiting for --rate-limit: %w", err)
	}
	if tenure, err = a.gate.enter(ctx, req.Method != http.MethodGet); err != nil {
		return 0, fmt.Errorf("waiting for other requests: %w", err)
	}
	return tenure, nil
}

// refuse ends an attempt that nothing was sent for.
func refuse(req *http.Request, err error) error {
	if req.Body != nil {
		_ = req.Body.Close() // a RoundTripper closes it in any case
	}
	return &attemptError{final: true, err: err}
}

// send makes the attempt, and notes when it had its connection.
func (a *attempts) send(req *http.Request, x *exchange, token string, connected *atomic.Pointer[time.Time]) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), a.timeout)
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { now := time.Now(); connected.Store(&now) },
	})
	out := req.Clone(ctx)
	out.Header.Set("Authorization", "Bearer "+token)
	out.Header.Set("Accept", "application/json")
	out.Header.Set("Accept-Language", "en") // messages are translated by it (post-lang-de)
	out.Header.Set("User-Agent", a.userAgent)

	resp, err := a.next.RoundTrip(out)
	if err != nil {
		return nil, &attemptError{sent: connected.Load() != nil, final: req.Context().Err() != nil, err: a.explain(req, ctx, err)}
	}
	body, err := a.read(resp.Body, resp.ContentLength, x)
	if err != nil {
		final := req.Context().Err() != nil || errors.Is(err, errTooLarge)
		return nil, &attemptError{sent: true, final: final, status: resp.StatusCode, err: a.explain(req, ctx, err)}
	}
	resp.Body, resp.ContentLength = complete{bytes.NewReader(body), body}, int64(len(body))
	return resp, nil
}

var errTooLarge = errors.New("too large")

// read reads a body to its end, so that the connection can be used again.
func (a *attempts) read(body io.ReadCloser, length int64, x *exchange) ([]byte, error) {
	defer body.Close()
	var from io.Reader = body
	if x.budget != nil {
		from = counted{body, x}
	}
	var data bytes.Buffer
	if length > 0 { // not so where it is compressed; and what it says may not be so
		data.Grow(int(min(length, mostForetold)) + bytes.MinRead)
	}
	if _, err := data.ReadFrom(io.LimitReader(from, a.maxBody+1)); err != nil {
		return nil, err
	}
	if int64(data.Len()) > a.maxBody {
		return nil, fmt.Errorf("the answer is %w: more than %d bytes", errTooLarge, a.maxBody)
	}
	return data.Bytes(), nil
}

// mostForetold is how many bytes are set aside for an answer that says how long it is.
const mostForetold = 1 << 20

// complete is the body of an answer that was read.
type complete struct {
	*bytes.Reader
	data []byte
}

// Close does nothing: the answer's own body is closed.
func (complete) Close() error { return nil }

// explain tells the end of the call's context from that of the attempt's own
// time, which both surface as any error of the network. The latter is no
// context.DeadlineExceeded, as the caller's context has not ended.
func (a *attempts) explain(req *http.Request, ctx context.Context, err error) error {
	if cause := req.Context().Err(); cause != nil {
		return cause
	}
	if ctx.Err() != nil {
		return fmt.Errorf("no complete answer within %s (--timeout): %w", a.timeout, os.ErrDeadlineExceeded)
	}
	return err
}

func (a *attempts) report(x *exchange, resp *http.Response, took time.Duration) {
	if a.observe == nil {
		return
	}
	code := "error"
	if resp != nil {
		code = strconv.Itoa(resp.StatusCode)
	}
	a.observe(Request{Method: x.method, Endpoint: x.endpoint, Code: code, Duration: took})
}
