package schema

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Request is a request of its own for a field of an object: Action is what is done
// to the one with Key below Path.
type Request struct {
	Method, Path, Key, Action string
	Body                      Object
	// Rights are what it takes.
	Rights []Right
}

// Give returns the request that sets the value, or that adds the elements of a
// list of grants.
func (v *Via) Give(k *Kind, a Answer, value any) Request {
	return v.request(http.MethodPost, v.Path, k, a, v.withTwins(value))
}

// Revoke returns the request that takes elements of a list of grants away.
func (v *Via) Revoke(k *Kind, a Answer, elements any) Request {
	return v.request(http.MethodPatch, v.Take, k, a, v.withTwins(elements))
}

func (v *Via) withTwins(value any) any {
	list, isList := value.([]any)
	if !isList {
		return value
	}
	list = slices.Clone(list)
	for _, element := range slices.Clone(list) {
		if text, _ := element.(string); v.Twins[text] != "" {
			list = append(list, v.Twins[text])
		}
	}
	return list
}

func (v *Via) request(method, path string, k *Kind, a Answer, value any) Request {
	if value == nil {
		value = "" // as the requests that set a URL clear it
	}
	request := Request{Method: method, Path: k.Path, Key: k.KeyOf(a), Action: path, Body: Object{v.Body: value}, Rights: v.rights(k, method, v.Body)}
	if rest, below := strings.CutPrefix(path, "/"); below {
		for _, key := range []struct{ word, is string }{{"/{key}/", IDText(a.ID)}, {"/{lookup}/", k.KeyOf(a)}} {
			if before, after, found := strings.Cut(rest, key.word); found {
				request.Path, request.Key, request.Action = before, key.is, strings.Trim(after, "/")
			}
		}
	}
	return request
}

// ReadFrom returns the path, and the query, of the list that shows what is granted
// to the object with the key.
func (v *Via) ReadFrom(id string) (path string, query url.Values, err error) {
	return readFrom(v.Read, "{key}", url.QueryEscape(id))
}

// readFrom returns the path, and the query, of a list: each of the words in what names
// it stands for the text after it.
func readFrom(list string, words ...string) (path string, query url.Values, err error) {
	u, err := url.Parse(strings.NewReplacer(words...).Replace(list))
	if err != nil {
		return "", nil, fmt.Errorf("%q is no path of the API: %w", list, err)
	}
	return strings.Trim(u.Path, "/"), u.Query(), nil
}

// Element returns a grant as the field writes it, made of what the list shows.
func (v *Via) Element(object Object) string {
	parts := make([]string, len(v.Show))
	for i, name := range v.Show {
		parts[i], _ = object[name].(string)
	}
	return strings.Join(parts, ".")
}

// Views reports whether a request of its own shows the value.
func (v *Via) Views() bool { return v != nil && v.View != "" }

// ViewOf returns the path of the GET that shows the value of the object with a key; it
// answers the value as the field Body.
func (v *Via) ViewOf(k *Kind, key string) string {
	return k.Path + "/" + url.PathEscape(key) + "/" + v.View
}

// Lists reports whether a list of its own shows the value.
func (v *Via) Lists() bool { return v != nil && len(v.Show) > 0 }

// WipedBy reports whether a server of the version empties such a list with each write of
// its object (KINDS.md 4.2).
func (v *Via) WipedBy(version string) bool { return v.Lists() && Before(version, v.Wiped) }
