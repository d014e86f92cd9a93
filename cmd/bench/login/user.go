package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"
)

// user is who logs in.
type user struct {
	url, token, name, password, path string
}

// makeUser makes a user with a password.
func makeUser(ctx context.Context, url, token string) (user, error) {
	u := user{url: url, token: token, name: "login-bench-" + rand.Text(), password: rand.Text()}
	var made struct{ PK json.Number }
	if err := u.admin(ctx, http.MethodPost, "core/users/", map[string]any{"username": u.name, "name": u.name}, &made); err != nil {
		return u, fmt.Errorf("making a user: %w", err)
	}
	u.path = "core/users/" + made.PK.String() + "/"
	if err := u.admin(ctx, http.MethodPost, u.path+"set_password/", map[string]any{"password": u.password}, nil); err != nil {
		return u, fmt.Errorf("setting the user's password: %w", err)
	}
	return u, nil
}

func (u user) remove(ctx context.Context) error {
	if err := u.admin(ctx, http.MethodDelete, u.path, nil, nil); err != nil {
		return fmt.Errorf("deleting the user: %w", err)
	}
	return nil
}

// admin makes a request with the token.
func (u user) admin(ctx context.Context, method, path string, body, into any) error {
	request, err := newRequest(ctx, method, u.url+"/api/v3/"+path, body)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+u.token)
	return do(http.DefaultClient, request, into)
}

// login is how long a log-in took.
type login struct {
	first time.Duration // until the page asks for the name
	whole time.Duration
}

// mostSteps is more than the stages that a flow asks for a name and a password with.
const mostSteps = 5

// login goes through a flow as a browser does that was never there.
func (u user) login(ctx context.Context, flow string) (login, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return login{}, err
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Jar: jar, Transport: transport}
	executor := u.url + "/api/v3/flows/executor/" + url.PathEscape(flow) + "/"
	var times login
	began := time.Now()
	method, answer := http.MethodGet, map[string]any(nil)
	for range mostSteps {
		request, err := newRequest(ctx, method, executor, answer)
		if err != nil {
			return times, err
		}
		var challenge struct{ Component string }
		if err := do(client, request, &challenge); err != nil {
			return times, err
		}
		if answer == nil {
			times.first = time.Since(began)
		}
		method = http.MethodPost
		switch challenge.Component {
		case "ak-stage-identification":
			answer = map[string]any{"component": challenge.Component, "uid_field": u.name}
		case "ak-stage-password":
			answer = map[string]any{"component": challenge.Component, "password": u.password}
		case "xak-flow-redirect":
			times.whole = time.Since(began)
			return times, nil
		default:
			return times, fmt.Errorf("the flow asks for %s: only a name and a password are known", challenge.Component)
		}
	}
	return times, errors.New("the flow does not end: does it refuse the password?")
}

func newRequest(ctx context.Context, method, address string, body any) (*http.Request, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	if method == http.MethodGet || method == http.MethodDelete {
		text = nil
	}
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/json")
	return request, nil
}

// do makes a request; redirects, which flows answer with, are followed.
func do(client *http.Client, request *http.Request, into any) error {
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %s", request.Method, request.URL.Path, response.Status)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}
