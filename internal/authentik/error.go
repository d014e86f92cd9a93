package authentik

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error is a call that failed: with what the server answered, or with the
// reason why there is no answer. It never holds the token, nor any of the values that
// the context of the call says are secret (secret.With).
type Error struct {
	// Method is the HTTP method.
	Method string
	// Endpoint is the path below /api/v3 with {pk} in place of a key.
	Endpoint string
	// Path is the path as it was sent, without the query.
	Path string
	// Status is the HTTP status, 0 where no answer came.
	Status int
	// Detail is the server's message about the request as a whole, on one
	// line.
	Detail string
	// Fields holds the server's messages about single fields. Keys lead to the
	// place in the body, such as name, backends[1] and flow_set[0].slug;
	// non_field_errors is the body as a whole. Messages are in the server's
	// order, each on one line and cut at 500 bytes.
	Fields map[string][]string
	// Attempts counts how often the request was sent, or tried to be.
	Attempts int

	cause      error
	sent       bool // the request may have reached the server
	final      bool // another attempt would end the same way
	json       bool // the answer is JSON, and so the API's own
	unreadable bool // the answer broke off
	retryAfter bool // the answer came with a Retry-After
}

// Error is one line: method and path, status, the server's messages sorted by
// field, and whether a write may have been carried out all the same.
func (e *Error) Error() string {
	var parts []string
	if e.Status != 0 {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))))
	}
	if message := e.Message(); message != "" {
		parts = append(parts, message)
	}
	if e.cause != nil {
		parts = append(parts, oneLine(e.cause.Error()))
	}
	line := e.Method + " " + e.Path + ": " + strings.Join(parts, ": ")
	if e.Attempts > 1 {
		line += fmt.Sprintf(" (after %d attempts)", e.Attempts)
	}
	if e.MayHaveHappened() {
		line += " (it may have been carried out all the same)"
	}
	return line
}

// Message is what the server says, without method, path and status: Detail and
// Fields on one line. It is empty where the server said nothing.
func (e *Error) Message() string {
	var parts []string
	if e.Detail != "" {
		parts = append(parts, e.Detail)
	}
	for _, field := range slices.Sorted(maps.Keys(e.Fields)) {
		messages := strings.Join(e.Fields[field], " ")
		if field != wholeBody {
			messages = field + ": " + messages
		}
		parts = append(parts, messages)
	}
	return strings.Join(parts, "; ")
}

// Unwrap is the error of the network, the context or the decoding that is
// behind it, if there is one.
func (e *Error) Unwrap() error { return e.cause }

// Validation tells whether the server turned the body or the query down: a 400
// of the API. Nothing was written.
func (e *Error) Validation() bool { return e.Status == http.StatusBadRequest && e.json }

// Rejected reports whether authentik itself has answered that the request failed: a
// 4xx or 5xx that is not a proxy's. The empty 405 of a lost race is one
// (race-post-2-loser).
func (e *Error) Rejected() bool {
	return e.Status >= http.StatusBadRequest && !e.NoAnswer()
}

// MayHaveHappened tells whether it is a write that may have been carried out
// although it failed: no answer after the request was (perhaps) sent, the end
// of the context meanwhile, a 2xx whose body makes no sense, an empty 405, a
// 500, 502 or 504, a 503 without Retry-After. Such a write must not be
// repeated before the caller has looked at what is there. It is false for
// reads.
func (e *Error) MayHaveHappened() bool {
	switch {
	case e.Method == http.MethodGet || !e.sent:
		return false
	case e.Status == 0: // sent, and no answer
		return true
	case e.Status < http.StatusMultipleChoices: // carried out, and the answer makes no sense
		return true
	case e.Status == http.StatusMethodNotAllowed:
		// Without JSON it is authentik's own unhandled exception, or a lost
		// race, a deadlock (post-name-6k-incompressible, race-post-2-loser,
		// put-flowset-empty). A real one is JSON (put-on-list).
		return !e.json
	case e.Status == http.StatusServiceUnavailable:
		return !e.retryAfter
	default:
		return e.Status >= http.StatusInternalServerError
	}
}

// NoAnswer tells whether authentik itself has not answered: nothing came, or
// what came is a proxy's. The request may never have arrived, or still be
// under way.
func (e *Error) NoAnswer() bool {
	switch e.Status {
	case 0, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	default:
		return false
	}
}

// NotFound tells whether the API says that there is no such object: a 404 in
// JSON (get-404). A 404 with an HTML page is a wrong path or address
// (unknown-api-path) and no statement about an object.
func (e *Error) NotFound() bool { return e.Status == http.StatusNotFound && e.json }

// Unauthorized tells whether the token is missing, refused, or may not do
// this. authentik answers 403 to all of it (auth-none-list, auth-bad-list,
// auth-weak-list); a 401 is a proxy's.
func (e *Error) Unauthorized() bool {
	return e.Status == http.StatusForbidden || e.Status == http.StatusUnauthorized
}

// noPermission is what the API says to a user who is known and may not do what was
// asked (auth-weak-list); it says something else of a token.
const noPermission = "You do not have permission to perform this action."

// Forbidden reports whether the token is good, and its user lacks a permission.
func (e *Error) Forbidden() bool {
	return e.Status == http.StatusForbidden && e.json && e.Detail == noPermission
}

// Denies reports whether the server says of the field that the user may not set it so
// (core/api/groups.py, core/api/application_entitlements.py).
func (e *Error) Denies(field string) bool {
	return slices.ContainsFunc(e.Fields[field], func(message string) bool { return strings.HasPrefix(message, "User does not have ") })
}

// maxMessage bounds one message, in bytes: servers quote what they were sent.
const maxMessage = 500

// oneLine makes foreign text fit for a log: no control characters, no runs of
// blanks, no endless quotations.
func oneLine(text string) string {
	printable := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
	line := strings.Join(strings.Fields(printable), " ")
	if len(line) <= maxMessage {
		return line
	}
	end := maxMessage
	for !utf8.RuneStart(line[end]) {
		end--
	}
	return line[:end] + "…"
}

// clean makes the server's text fit for an error: see [oneLine], and without
// the token and what nobody may see of the body, should the server send it back.
func (x *exchange) clean(text string) string {
	return oneLine(x.secrets.Mask(x.withoutToken(text)))
}

func (x *exchange) withoutToken(text string) string {
	// Short tokens are those of tests and of the embedded server, and parts of
	// ordinary words.
	if len(x.token) < 8 {
		return text
	}
	return strings.ReplaceAll(text, x.token, "[token]")
}

// scrubbed is err, or its text alone where that holds the token, or what nobody may
// see of the body: an error of the network quotes what it could not read. One of the
// connection quotes nothing.
func (x *exchange) scrubbed(err error) error {
	text := x.withoutToken(err.Error())
	if connection := (*net.OpError)(nil); !errors.As(err, &connection) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		text = x.secrets.Mask(text)
	}
	if text == err.Error() {
		return err
	}
	return errors.New(oneLine(text))
}

// Complains reports whether the server has a message about the field.
func (e *Error) Complains(field string) bool { return len(e.Fields[field]) > 0 }
