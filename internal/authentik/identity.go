package authentik

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"
)

// identity is what the files of --ca-file, --client-cert and --client-key hold.
// A file that is not set has no path and no contents.
type identity struct{ ca, cert, key pemFile }

// newIdentity reads the files that are set.
func newIdentity(cfg Config) (identity, error) {
	switch {
	case cfg.ClientCert == "" && cfg.ClientKey != "":
		return identity{}, errors.New("--client-key is set and --client-cert is not: they go together")
	case cfg.ClientCert != "" && cfg.ClientKey == "":
		return identity{}, errors.New("--client-cert is set and --client-key is not: they go together")
	}
	return identity{
		ca:   pemFile{flag: "--ca-file", path: cfg.CAFile},
		cert: pemFile{flag: "--client-cert", path: cfg.ClientCert},
		key:  pemFile{flag: "--client-key", path: cfg.ClientKey},
	}.refreshed()
}

// refreshed returns the files as they are now.
func (i identity) refreshed() (identity, error) {
	for _, file := range []*pemFile{&i.ca, &i.cert, &i.key} {
		if err := file.refresh(); err != nil {
			return i, fmt.Errorf("%s: %w", file.flag, err)
		}
	}
	return i, nil
}

// differ names the files whose contents are not those of other.
func (i identity) differ(other identity) []string {
	var paths []string
	for _, pair := range [][2]pemFile{{i.ca, other.ca}, {i.cert, other.cert}, {i.key, other.key}} {
		if !bytes.Equal(pair[0].data, pair[1].data) {
			paths = append(paths, pair[0].path)
		}
	}
	return paths
}

// config makes of the contents what a transport takes.
func (i identity) config(insecure bool) (*tls.Config, error) {
	config := &tls.Config{InsecureSkipVerify: insecure}
	if i.ca.path != "" {
		pool, err := authorities(i.ca.data)
		if err != nil {
			return nil, fmt.Errorf("--ca-file %s: %w", i.ca.path, err)
		}
		config.RootCAs = pool
	}
	if i.cert.path != "" {
		cert, err := tls.X509KeyPair(i.cert.data, i.key.data)
		if err == nil {
			err = whole(i.cert.data)
		}
		if err != nil {
			return nil, fmt.Errorf("--client-cert %s, --client-key %s: %w", i.cert.path, i.key.path, err)
		}
		config.Certificates = []tls.Certificate{cert}
	}
	return config, nil
}

// authorities adds certificates to the system's.
func authorities(data []byte) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		// A container without certificates of its own is no reason to fail:
		// the file is what the user wants trusted.
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(data) {
		return nil, errors.New("no certificate in PEM form in it")
	}
	return pool, whole(data)
}

// whole returns an error where the last block of a PEM file lacks its end, as
// it does while the file is written: those before it would pass for all.
func whole(data []byte) error {
	block, rest := pem.Decode(data)
	for ; block != nil; block, rest = pem.Decode(data) {
		data = rest
	}
	if bytes.Contains(data, []byte("-----BEGIN")) {
		return errors.New("it breaks off in the middle of a certificate")
	}
	return nil
}

// pemFile is a file as it was read last.
type pemFile struct {
	flag, path string
	data       []byte
	info       os.FileInfo // from just before it was read; nil if it never was
	read       time.Time
}

// refresh reads the file, if there is one and it may have changed.
func (f *pemFile) refresh() error {
	if f.path == "" {
		return nil
	}
	now := time.Now()
	info, err := os.Stat(f.path)
	if err == nil && f.info != nil && f.same(info) {
		return nil
	}
	data, err := os.ReadFile(f.path)
	if err != nil {
		return err
	}
	f.data, f.info, f.read = data, info, now
	return nil
}

// coarse is more than what file systems round times by.
const coarse = 2 * time.Second

// same reports whether the file is certainly the one that was read. One that was
// written shortly before it was read can have been written once more at the
// same time; a pipe can't be read twice.
func (f *pemFile) same(info os.FileInfo) bool {
	if !info.Mode().IsRegular() {
		return true
	}
	return os.SameFile(info, f.info) && info.Size() == f.info.Size() &&
		info.ModTime().Equal(f.info.ModTime()) && f.read.Sub(info.ModTime()) > coarse
}
