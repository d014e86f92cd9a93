package authentik

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/aksync/aksync/internal/secret"
)

// exchange is one call with all its attempts. It travels in the context of
// the call's requests; only the goroutine of the call touches it.
type exchange struct {
	method   string
	endpoint string // with {pk} for a key
	path     string // as it is sent, for errors
	accept   func(answer any) error
	budget   *budget        // of the list that it gets a page of, or nil
	secrets  *secret.Values // what of the body nobody may see

	began    time.Time // when the first attempt went out
	asking   bool      // an attempt went out, and no complete answer has come since
	attempts int
	taken    int64  // from the budget, by the latest attempt
	token    string // of the latest attempt, to keep it out of errors
	failure  *Error // of the latest attempt
}

type exchangeKey struct{}

func withExchange(ctx context.Context, x *exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, x)
}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// call makes the request of an operation, repeats it where that is safe, and
// hands the decoded answer of a 2xx to accept, whose error makes the answer
// one of the wrong shape.
func (c *Client) call(ctx context.Context, op operation, accept func(answer any) error) error {
	x := &exchange{method: op.method, endpoint: op.endpoint(), path: c.base.Path + op.path + "/", accept: accept, budget: op.budget, secrets: secret.Of(ctx)}
	req, err := c.request(withExchange(ctx, x), op)
	if err != nil {
		return x.failed(&attemptError{final: true, err: err})
	}
	x.path = req.URL.EscapedPath()
	req.SetResponseHandler(func(resp *http.Response) error {
		// A nil *Error must not become an error that is not nil.
		if failure := x.judge(resp); failure != nil {
			return failure
		}
		return nil
	})

	defer c.silence.end(x)
	resp, err := c.http.Do(req)
	if err == nil {
		// The attempt has read the body already: this closes nothing but
		// memory.
		return resp.Body.Close()
	}
	return x.outcome(ctx, err)
}

func (c *Client) request(ctx context.Context, op operation) (*retryablehttp.Request, error) {
	target, err := op.url(c.base)
	if err != nil {
		return nil, err
	}
	var body any // nil, and not an empty slice: a GET has no body
	if op.body != nil {
		if body, err = encode(op.body); err != nil {
			return nil, err
		}
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, op.method, target.String(), body)
	if err != nil {
		return nil, err
	}
	if op.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// outcome is the error of a call whose attempts have come to an end.
func (x *exchange) outcome(ctx context.Context, err error) error {
	if x.failure == nil {
		return x.failed(err)
	}
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) && !errors.Is(x.failure, ctx.Err()) {
		// The end came in the wait between two attempts: nothing is under
		// way, and the failure before it stays the one to judge by.
		ended := *x.failure
		ended.cause = fmt.Errorf("%w while waiting to repeat it", ctx.Err())
		return &ended
	}
	return x.failure
}

// failed is the error of an attempt without a complete answer.
func (x *exchange) failed(err error) *Error {
	failure := &Error{Method: x.method, Endpoint: x.endpoint, Path: x.path, Attempts: x.attempts, sent: true, final: true}
	if attempt, ok := errors.AsType[*attemptError](err); ok {
		failure.sent, failure.final, failure.Status = attempt.sent, attempt.final, attempt.status
		failure.unreadable = attempt.status != 0
		err = attempt.err
	}
	if refusedCert(err) {
		failure.sent = false // whatever was written, the server has not read it
	}
	if hint := tlsHint(err); hint != "" && !failure.sent {
		failure.final = true
		err = fmt.Errorf("%w: %s", err, hint)
	}
	failure.cause = x.scrubbed(err)
	return failure
}
