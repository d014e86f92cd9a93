package authentik

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// checkRetry decides after each attempt; it is retryablehttp's CheckRetry,
// which is asked about errors of an attempt and about those of the response
// handler.
func (c *Client) checkRetry(ctx context.Context, _ *http.Response, err error) (bool, error) {
	if err == nil {
		return false, nil // the response handler looks at what came
	}
	x := exchangeOf(ctx)
	if failure, ok := errors.AsType[*Error](err); ok {
		x.failure = failure
	} else {
		x.failure = x.failed(err)
	}
	again := ctx.Err() == nil && x.failure.repeatable() && !c.hung(x)
	if again && x.attempts <= c.tune.retries {
		c.log.Debug().Err(x.failure).Int("attempt", x.attempts).Msg("request to authentik failed, trying again")
	}
	return again, nil
}

// hung tells whether a call has been repeated for long enough. A server that
// asks to be asked later does not hang.
func (c *Client) hung(x *exchange) bool {
	return !x.failure.retryAfter && !x.began.IsZero() && c.tune.now().Sub(x.began) >= c.patience
}

// repeatable tells whether the request may be sent again without asking.
func (e *Error) repeatable() bool {
	switch {
	case e.final:
		return false
	case e.Method != http.MethodGet:
		// Only where the server certainly did nothing. 503 with Retry-After is
		// how authentik's front answers while the server behind it starts.
		return !e.sent || e.Status == http.StatusTooManyRequests || e.Status == http.StatusServiceUnavailable && e.retryAfter
	case e.Status == 0 || e.unreadable || e.Status == http.StatusTooManyRequests:
		return true
	case e.Status == http.StatusNotImplemented || e.Status == http.StatusHTTPVersionNotSupported:
		return false
	default:
		return e.Status >= http.StatusInternalServerError
	}
}

// backoff is the wait before the next attempt: what Retry-After asks for, up
// to a bound, or else twice as long each time.
func (c *Client) backoff(shortest, longest time.Duration, attempt int, resp *http.Response) time.Duration {
	wait := longest
	if attempt < 16 { // beyond it the doubling could overflow
		wait = min(shortest<<attempt, longest)
	}
	if resp != nil {
		if asked, ok := retryAfter(resp.Header, c.tune.now()); ok {
			return min(max(asked, shortest), c.tune.retryAfterMax)
		}
	}
	return c.tune.jitter(wait)
}

// jitter takes off up to half of a wait, so that requests that failed
// together do not come back together.
func jitter(wait time.Duration) time.Duration {
	return wait - rand.N(wait/2+1)
}

// retryAfter reads the header's two forms, seconds and a date (RFC 9110,
// section 10.2.3). A date that has passed is no wait.
func retryAfter(header http.Header, now time.Time) (time.Duration, bool) {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(date.Sub(now), 0), true
	}
	return 0, false
}
