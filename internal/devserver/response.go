package devserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// response is an answer before it is written.
type response struct {
	status int
	// body is JSON, or nothing.
	body []byte
	// html makes the answer text/html.
	html bool
	// allow are the methods of the path; nil for those of the route.
	allow []string
}

func ok(body any) response { return response{status: http.StatusOK, body: encode(body)} }

// detail is an error about the request as a whole.
func detail(status int, message string) response {
	return response{status: status, body: encode(map[string]string{"detail": message})}
}

// page stands for authentik's error page.
const page = "<!DOCTYPE html>\n<html><head><title>authentik</title></head><body><p>This is not the API.</p></body></html>\n"

// unhandled is how the server answers a path that it does not know, and its
// own unhandled exceptions: with a page to GET and HEAD, and with an empty 405
// that says nothing to other methods (noslash-list-post, post-bad-utf8,
// auth-nonascii-get).
func unhandled(method string, status int) response {
	if method == http.MethodGet || method == http.MethodHead {
		return response{status: status, html: true, body: []byte(page), allow: []string{}}
	}
	return response{status: http.StatusMethodNotAllowed, html: true, allow: []string{"GET", "HEAD", "OPTIONS"}}
}

func (r response) write(w http.ResponseWriter, version behaviour) {
	header := w.Header()
	header.Set("Vary", "Cookie")
	if version.translates {
		header.Set("Vary", "Accept-Language, Cookie")
		header.Set("Content-Language", "en")
	}
	if len(r.allow) > 0 {
		header.Set("Allow", strings.Join(r.allow, ", "))
	}
	switch {
	case r.status == http.StatusNoContent:
		w.WriteHeader(r.status)
		return
	case r.html:
		header.Set("Content-Type", "text/html; charset=utf-8")
	default:
		header.Set("Content-Type", "application/json; charset=utf-8")
	}
	header.Set("Content-Length", strconv.Itoa(len(r.body)))
	w.WriteHeader(r.status)
	// A client that has gone away is no matter to the server.
	_, _ = w.Write(r.body)
}

func encode(body any) []byte {
	// Bodies are made of what JSON can say.
	text, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("encoding an answer: %v", err))
	}
	return text
}
