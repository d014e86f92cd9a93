package authentik

import (
	"crypto/tls"
	"io"
	"net/http"
	"sync"

	"github.com/rs/zerolog"
)

// rotating is the connections' side of the client. Its certificates are those
// that their files hold now: a file that was replaced is taken up by the next
// request, with a transport and so with connections of its own.
type rotating struct {
	cfg Config
	log zerolog.Logger

	mutex   sync.Mutex
	files   identity // that current was made of
	current *http.Transport
	problem string // with the files as they are now, as the log has told
}

func newRotating(cfg Config) (*rotating, error) {
	files, err := newIdentity(cfg)
	if err != nil {
		return nil, err
	}
	config, err := files.config(cfg.Insecure)
	if err != nil {
		return nil, err
	}
	return &rotating{cfg: cfg, log: cfg.Logger, files: files, current: newTransport(cfg, config)}, nil
}

// RoundTrip makes a request with the certificates of now.
func (r *rotating) RoundTrip(req *http.Request) (*http.Response, error) {
	transport := r.transport()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		r.retire(transport)
		return nil, err
	}
	resp.Body = &lastRead{resp.Body, func() { r.retire(transport) }}
	return resp, nil
}

// CloseIdleConnections closes the connections that no request is on.
func (r *rotating) CloseIdleConnections() {
	r.mutex.Lock()
	transport := r.current
	r.mutex.Unlock()
	transport.CloseIdleConnections()
}

// transport looks at the files and returns the transport that they make. Files
// of no use leave it as it is: they may be half written, and the next request
// looks again.
func (r *rotating) transport() *http.Transport {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	files, err := r.files.refreshed()
	changed := files.differ(r.files)
	var config *tls.Config
	if err == nil && len(changed) > 0 {
		config, err = files.config(r.cfg.Insecure)
	}
	if err != nil {
		if r.problem != err.Error() {
			r.problem = err.Error()
			r.log.Warn().Err(err).Msg("the certificates have changed and are of no use, those from before are used")
		}
		return r.current
	}
	r.files, r.problem = files, ""
	if config != nil {
		before := r.current
		r.current = newTransport(r.cfg, config)
		before.CloseIdleConnections()
		r.log.Info().Strs("files", changed).Msg("certificates have changed and are taken up")
	}
	return r.current
}

// retire closes what a request has left behind on a transport that was replaced
// meanwhile.
func (r *rotating) retire(transport *http.Transport) {
	r.mutex.Lock()
	replaced := transport != r.current
	r.mutex.Unlock()
	if replaced {
		transport.CloseIdleConnections()
	}
}

// lastRead is a body that says when it is closed.
type lastRead struct {
	io.ReadCloser
	closed func()
}

func (b *lastRead) Close() error {
	defer b.closed()
	return b.ReadCloser.Close()
}
