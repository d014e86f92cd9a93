package authentik

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"time"
)

// newTransport builds the connections' side of the client: proxies from the
// environment, TLS as in config, and one kept connection for each request that
// may be in flight.
func newTransport(cfg Config, config *tls.Config) *http.Transport {
	dialer := &net.Dialer{Timeout: cfg.Timeout, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		TLSClientConfig:     config,
		TLSHandshakeTimeout: cfg.Timeout,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: cfg.Parallelism,
		// Shorter than what proxies commonly keep (60 s and more): a write on
		// a connection that the other side is just closing cannot be told from
		// one that was carried out.
		IdleConnTimeout: 30 * time.Second,
		// Finds an HTTP/2 connection that died in silence before the attempts
		// on it have used their time up.
		HTTP2: &http.HTTP2Config{SendPingTimeout: cfg.Timeout / 2, PingTimeout: cfg.Timeout / 4},
	}
}

// tlsHint says what to set where a connection failed for its certificates, or
// is empty. Before a request is sent such a failure is final: the next attempt
// would end the same way. After that it means something else: a broken record
// in the middle of an answer.
func tlsHint(err error) string {
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "the certificate is for another name: is --url right?"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "give the authority that signed it with --ca-file, or switch the check off with --insecure"
	}
	if refusedCert(err) {
		return "the server wants a client certificate that it trusts: --client-cert and --client-key"
	}
	_, record := errors.AsType[tls.RecordHeaderError](err)
	if record || errors.Is(err, http.ErrSchemeMismatch) {
		return "the server does not speak TLS there: does --url begin with http://, or need another port?"
	}
	return ""
}

// refusedCert tells whether the server turned the client's certificate down
// (RFC 8446, section 6.2). With TLS 1.3 that arrives after the client's side of
// the handshake is done, and so after the request was written; the server has
// not read it. crypto/tls keeps the type of such an error to itself, so that
// its text has to be compared.
func refusedCert(err error) bool {
	remote, ok := errors.AsType[*net.OpError](err)
	if !ok || remote.Op != "remote error" {
		return false
	}
	const (
		badCertificate, certificateUnknown = 42, 46 // with those in between
		unknownCA                          = 48
		certificateRequired                = 116
	)
	for _, alert := range []tls.AlertError{badCertificate, 43, 44, 45, certificateUnknown, unknownCA, certificateRequired} {
		if remote.Err.Error() == alert.Error() {
			return true
		}
	}
	return false
}
