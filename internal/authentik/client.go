// Package authentik is a client of authentik's API. It knows paths, methods
// and the ways in which a server, a proxy or a network fails; it knows no
// field of any kind of object.
//
// Every error of a call is an [*Error]. What matters most about a write that
// failed is whether it may have been carried out all the same: see
// [Error.MayHaveHappened].
package authentik

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/rs/zerolog"
)

// Object is an object as the API answers or takes it. Numbers of an answer
// are json.Number.
type Object = map[string]any

// Client talks to one authentik. It may be used by several goroutines at once.
// The paths its methods take are below /api/v3 and without slashes around them,
// such as stages/password.
type Client struct {
	base        *url.URL // of the API, with a trailing slash
	parallelism int
	http        *retryablehttp.Client
	conns       *rotating
	patience    time.Duration // a call that has lasted as long is not repeated
	silence     *silence
	tune        tuning
	log         zerolog.Logger
}

// URL is the address of the API, with /api/v3/ at its end.
func (c *Client) URL() string { return c.base.String() }

// Close closes the connections that are kept for further requests. The client
// can still be used; it will open new ones.
func (c *Client) Close() { c.conns.CloseIdleConnections() }

// Version asks for the server's version, such as 2025.10.4 (GET
// admin/version/, which needs a token: admin-version, admin-version-noauth).
func (c *Client) Version(ctx context.Context) (string, error) {
	var version string
	err := c.call(ctx, operation{method: http.MethodGet, path: "admin/version"}, func(answer any) error {
		object, err := asObject(answer)
		if err != nil {
			return err
		}
		version, _ = object["version_current"].(string)
		if version == "" {
			return errors.New("no version_current in the answer")
		}
		return nil
	})
	return version, err
}

// Retrieve gets one object by its key (GET path/key/).
func (c *Client) Retrieve(ctx context.Context, path, key string) (Object, error) {
	return c.object(ctx, operation{method: http.MethodGet, path: path, key: key, detail: true})
}

// Create makes an object (POST path/) and returns it as the server answers
// it. It is sent once: after an error that [Error.MayHaveHappened] the caller has
// to look whether the object is there.
func (c *Client) Create(ctx context.Context, path string, body Object) (Object, error) {
	return c.object(ctx, operation{method: http.MethodPost, path: path, body: body})
}

// Update writes an object (PUT path/key/) and returns it as the server answers
// it. It is sent once, as [Client.Create] is.
func (c *Client) Update(ctx context.Context, path, key string, body Object) (Object, error) {
	return c.object(ctx, operation{method: http.MethodPut, path: path, key: key, detail: true, body: body})
}

// Patch writes the fields in body and leaves an object's others as they are
// (PATCH path/key/); it returns the object as the server answers it. It is sent
// once, as [Client.Create] is.
func (c *Client) Patch(ctx context.Context, path, key string, body Object) (Object, error) {
	return c.object(ctx, operation{method: http.MethodPatch, path: path, key: key, detail: true, body: body})
}

// Get asks for anything below the API that is no object and no list of pages, such
// as enterprise/license/summary.
func (c *Client) Get(ctx context.Context, path string) (any, error) {
	var got any
	err := c.call(ctx, operation{method: http.MethodGet, path: path}, func(answer any) error {
		got = answer
		return nil
	})
	return got, err
}

// Act does something with an object that is a request of its own, such as to set
// a user's password (POST path/key/action/). What is answered does not matter. It
// is sent once, as [Client.Create] is.
func (c *Client) Act(ctx context.Context, method, path, key, action string, body Object) error {
	op := operation{method: method, path: path, key: key, detail: true, action: action, body: body}
	return c.call(ctx, op, func(any) error { return nil })
}

// Delete removes an object (DELETE path/key/). It is sent once, as
// [Client.Create] is; an object that is gone already is an error of which
// [Error.NotFound] is true.
func (c *Client) Delete(ctx context.Context, path, key string) error {
	op := operation{method: http.MethodDelete, path: path, key: key, detail: true}
	return c.call(ctx, op, func(any) error { return nil })
}

// UsedBy gives the objects that use an object, and those that deleting it takes
// along, such as a flow and its binding to a stage (GET path/key/used_by/,
// bind-usedby). Each has app, model_name, pk, name and action.
func (c *Client) UsedBy(ctx context.Context, path, key string) ([]Object, error) {
	op := operation{method: http.MethodGet, path: path, key: key, detail: true, action: "used_by"}
	var users []Object
	err := c.call(ctx, op, func(answer any) error {
		list, ok := answer.([]any)
		if !ok {
			return fmt.Errorf("%s where a list is expected", jsonType(answer))
		}
		users = make([]Object, len(list))
		for i, element := range list {
			var err error
			if users[i], err = asObject(element); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return users, nil
}

func (c *Client) object(ctx context.Context, op operation) (Object, error) {
	var object Object
	err := c.call(ctx, op, func(answer any) (err error) {
		object, err = asObject(answer)
		return err
	})
	if err != nil {
		return nil, err
	}
	return object, nil
}

func asObject(answer any) (Object, error) {
	object, ok := answer.(Object)
	if !ok {
		return nil, fmt.Errorf("%s where an object is expected", jsonType(answer))
	}
	return object, nil
}

// operation is what a call does, before it is a request.
type operation struct {
	method string
	path   string // below the API: stages/password
	key    string // of one object, where detail is set
	detail bool
	action string // what follows the key: used_by
	query  url.Values
	body   Object
	budget *budget // of the list that it gets a page of
}

// endpoint is the path with {pk} in place of the key.
func (op operation) endpoint() string {
	endpoint := "/" + op.path + "/"
	if op.detail {
		endpoint += "{pk}/"
	}
	if op.action != "" {
		endpoint += op.action + "/"
	}
	return endpoint
}

// url is where the operation goes. The key is checked, as a wrong one would
// address something else: none is the list, and servers take . and .. off a
// path however they are escaped.
func (op operation) url(base *url.URL) (*url.URL, error) {
	target := op.path + "/"
	if op.detail {
		if op.key == "" || op.key == "." || op.key == ".." {
			return nil, fmt.Errorf("%q is no key of an object", op.key)
		}
		target += url.PathEscape(op.key) + "/"
	}
	if op.action != "" {
		target += op.action + "/"
	}
	u, err := url.Parse(base.String() + target)
	if err != nil {
		return nil, fmt.Errorf("%q is no path of the API: %w", op.path, err)
	}
	u.RawQuery = op.query.Encode()
	return u, nil
}
