package leader

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// client reaches one Lease with a service account.
type client struct {
	account         ServiceAccount
	keys            keys
	namespace, name string
	http            *http.Client // that trusts keys.ca
}

func newClient(account ServiceAccount, namespace, name string) (*client, error) {
	c := &client{account: account, namespace: namespace, name: name}
	return c, c.refresh()
}

// wire is a Lease in JSON.
type wire struct {
	APIVersion string          `json:"apiVersion"`
	Kind       string          `json:"kind"`
	Metadata   json.RawMessage `json:"metadata"`
	Spec       record          `json:"spec"`
}

func (c *client) get(ctx context.Context) (lease, error) {
	return c.do(ctx, http.MethodGet, c.name, nil)
}

func (c *client) put(ctx context.Context, old lease, r record) (lease, error) {
	method, name, metadata := http.MethodPut, c.name, old.metadata
	if old.version == "" {
		method, name = http.MethodPost, ""
		var err error
		if metadata, err = json.Marshal(map[string]string{"namespace": c.namespace, "name": c.name}); err != nil {
			return lease{}, err
		}
	}
	body, err := json.Marshal(wire{APIVersion: "coordination.k8s.io/v1", Kind: "Lease", Metadata: metadata, Spec: r})
	if err != nil {
		return lease{}, err
	}
	return c.do(ctx, method, name, body)
}

// do makes a request; without a name it is one of all the namespace's Leases.
func (c *client) do(ctx context.Context, method, name string, body []byte) (lease, error) {
	if err := c.refresh(); err != nil {
		return lease{}, err
	}
	at := url.URL{Scheme: "https", Host: c.account.address()}
	req, err := http.NewRequestWithContext(ctx, method,
		at.JoinPath("apis/coordination.k8s.io/v1/namespaces", c.namespace, "leases", name).String(),
		bytes.NewReader(body))
	if err != nil {
		return lease{}, err
	}
	req.Header = http.Header{
		"Authorization": {"Bearer " + c.keys.token}, "User-Agent": {"aksync/leader-election"},
		"Accept": {"application/json"}, "Content-Type": {"application/json"},
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return lease{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	switch {
	case err != nil:
		return lease{}, fmt.Errorf("reading the answer: %w", err)
	case len(text) > most:
		return lease{}, fmt.Errorf("the answer has more than %d bytes", most)
	case resp.StatusCode/100 != 2:
		return lease{}, refused(method, resp, text)
	}
	return decode(text)
}

// most is how long an answer may be: what Kubernetes stores is no longer than
// 1.5 MiB (etcd's own limit).
const most = 2 << 20

func decode(text []byte) (lease, error) {
	var got wire
	if err := json.Unmarshal(text, &got); err != nil {
		return lease{}, fmt.Errorf("the answer is no Lease: %w", err)
	}
	var metadata struct{ ResourceVersion string }
	if len(got.Metadata) > 0 {
		if err := json.Unmarshal(got.Metadata, &metadata); err != nil {
			return lease{}, fmt.Errorf("the answer is no Lease: metadata: %w", err)
		}
	}
	// Without a version a write would be carried out whatever is there.
	if got.Kind != "Lease" || metadata.ResourceVersion == "" {
		return lease{}, errors.New("the answer is no Lease with a resourceVersion")
	}
	return lease{record: got.Spec, version: metadata.ResourceVersion, metadata: got.Metadata}, nil
}

// refused makes an error of an answer: of the API's Status where it is one, and
// else of the HTTP status. What anything else says is not repeated.
func refused(method string, resp *http.Response, text []byte) error {
	var status struct {
		Kind, Message string
		Reason        reason
	}
	if err := json.Unmarshal(text, &status); err != nil || status.Kind != "Status" {
		status.Reason, status.Message = unknown, ""
	}
	r := &refusal{reason: status.Reason, message: "HTTP " + resp.Status}
	if status.Message != "" {
		r.message += ": " + status.Message
	}
	if r.reason == unknown {
		r.reason = reasonOfStatus(method, resp.StatusCode)
	}
	return r
}

// reasonOfStatus is the reason that client-go takes a status for where the
// answer has none.
func reasonOfStatus(method string, status int) reason {
	switch status {
	case http.StatusUnauthorized:
		return unauthorized
	case http.StatusForbidden:
		return forbidden
	case http.StatusNotFound:
		return notFound
	case http.StatusConflict:
		if method == http.MethodPost {
			return alreadyExists
		}
		return conflict
	}
	return reason(http.StatusText(status))
}

// refresh takes up what the service account's files hold now: the token lasts
// an hour, and the authority may change. Where they can't be used, those from
// before are.
func (c *client) refresh() error {
	now, err := c.account.keys()
	if err != nil {
		if c.http != nil {
			return nil
		}
		return err
	}
	if c.http == nil || !now.ca.Equal(c.keys.ca) {
		c.close()
		c.http = newHTTP(now)
	}
	c.keys = now
	return nil
}

func newHTTP(k keys) *http.Client {
	return &http.Client{
		// A redirect is no answer of the API, and the token is for it alone.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		// One small request every other second needs no multiplexing, and
		// HTTP/1.1 is rid of a connection that has died with the first timeout.
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			TLSClientConfig:     &tls.Config{RootCAs: k.ca},
			TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{},
			TLSHandshakeTimeout: 10 * time.Second,
			IdleConnTimeout:     90 * time.Second,
		},
	}
}

// close lets go of the connection.
func (c *client) close() {
	if c.http != nil {
		c.http.CloseIdleConnections()
	}
}
