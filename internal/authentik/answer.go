package authentik

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
)

// judge looks at a complete answer: nil where it is a success that accept
// takes, the error otherwise.
func (x *exchange) judge(resp *http.Response) *Error {
	whole, is := resp.Body.(complete)
	if !is {
		return x.failed(&attemptError{sent: true, status: resp.StatusCode, err: errors.New("the answer was not read")})
	}
	body := whole.data
	failure := &Error{
		Method:     x.method,
		Endpoint:   x.endpoint,
		Path:       x.path,
		Status:     resp.StatusCode,
		Attempts:   x.attempts,
		sent:       true,
		retryAfter: resp.Header.Get("Retry-After") != "",
	}
	switch status := resp.StatusCode; {
	case status < http.StatusMultipleChoices:
		return x.success(failure, resp, body)
	case status < http.StatusBadRequest:
		failure.cause = x.scrubbed(redirected(resp))
	default:
		x.refusal(failure, resp, body)
	}
	return failure
}

// success hands the body of a 2xx on. failure is what is returned, completed,
// where that cannot be done.
func (x *exchange) success(failure *Error, resp *http.Response, body []byte) *Error {
	if len(body) == 0 && resp.StatusCode == http.StatusNoContent { // delete
		return nil
	}
	if isHTML(resp.Header, body) {
		failure.cause = errors.New(htmlHint)
		return failure
	}
	answer, err := decode(body)
	if err != nil {
		failure.unreadable = errors.Is(err, io.ErrUnexpectedEOF)
		failure.cause = fmt.Errorf("the answer is not the API's JSON: %w", x.scrubbed(err))
		return failure
	}
	if err := x.accept(answer); err != nil {
		failure.json = true
		failure.cause = fmt.Errorf("the answer has not the shape of the API's: %w", x.scrubbed(err))
		return failure
	}
	return nil
}

const (
	htmlHint   = "an HTML page and not authentik's API: is --url (AUTHENTIK_URL) right, is a proxy in front?"
	html404    = "an HTML page and not authentik's API: no such path there, is --url (AUTHENTIK_URL) right?"
	html5xx    = "an HTML page: the error is in authentik's own log, or in that of the proxy in front"
	emptyError = "an empty answer, as authentik gives where it fails in an unforeseen way (a lost race, a value it cannot store): its own log has the reason"
)

// refusal takes the messages out of a 4xx or 5xx.
func (x *exchange) refusal(failure *Error, resp *http.Response, body []byte) {
	status := resp.StatusCode
	switch {
	case status == http.StatusMethodNotAllowed && len(body) == 0:
		failure.cause = errors.New(emptyError)
		return
	case len(body) == 0:
		return
	case isHTML(resp.Header, body) && status >= http.StatusInternalServerError:
		failure.cause = errors.New(html5xx)
		return
	case isHTML(resp.Header, body) && status == http.StatusNotFound:
		failure.cause = errors.New(html404)
		return
	case isHTML(resp.Header, body):
		failure.cause = errors.New(htmlHint)
		return
	}
	answer, err := decode(body)
	if err != nil {
		// Plain text of a proxy or a server, such as Go's 'Client sent an HTTP
		// request to an HTTPS server.'
		failure.cause = fmt.Errorf("not the API's JSON: %s", x.clean(string(body)))
		if status == http.StatusNotFound {
			failure.cause = fmt.Errorf("%w: is --url (AUTHENTIK_URL) right?", failure.cause)
		}
		return
	}
	failure.json = true
	failure.Detail, failure.Fields = x.messages(answer)
}

// isHTML goes by the header and, as some proxies have none, by the beginning.
func isHTML(header http.Header, body []byte) bool {
	if media, _, err := mime.ParseMediaType(header.Get("Content-Type")); err == nil && (media == "text/html" || media == "application/xhtml+xml") {
		return true
	}
	start := bytes.ToLower(bytes.TrimSpace(body[:min(len(body), 256)]))
	return bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html"))
}

// decode reads one JSON value. Its error is io.ErrUnexpectedEOF where the text
// ends too early.
func decode(body []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, io.ErrUnexpectedEOF
		}
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something stands after its end")
	}
	return value, nil
}

// jsonType names a decoded value as JSON does.
func jsonType(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case json.Number:
		return "a number"
	case string:
		return "a string"
	case []any:
		return "a list"
	default:
		return "an object"
	}
}
