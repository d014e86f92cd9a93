package sync_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/sync"
)

// selfSigned makes a certificate and its key, as PEM.
func selfSigned(t *testing.T, name string) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
}

func pairEntry(certificate, key string) string {
	quoted := func(text string) string {
		out, _ := json.Marshal(text)
		return string(out)
	}
	entry := "- {model: authentik_crypto.certificatekeypair, identifiers: {name: web}, attrs: {certificate_data: " + quoted(certificate)
	if key != "" {
		entry += ", key_data: " + quoted(key)
	}
	return head + entry + "}}\n"
}

// A certificate is compared by its fingerprint, by a process that knows nothing else;
// whether there is a key is known too, and which one is not.
func TestACertificateIsComparedByItsFingerprint(t *testing.T) {
	oneCert, oneKey := selfSigned(t, "one")
	twoCert, twoKey := selfSigned(t, "two")
	_, server, apply := unshown(t)
	for _, step := range []struct {
		name, certificate, key string
		writes                 int
		changes, uncompared    []string
	}{
		{"creation without a key", oneCert, "", 1, []string{"name", "certificate_data"}, nil},
		{"the same with other text around", "web's:\n" + oneCert, "", 0, nil, nil},
		{"a key that was missing", oneCert, oneKey, 1, []string{"key_data"}, nil},
		{"the same", oneCert, oneKey, 0, nil, []string{"web key_data"}},
		{"a renewed one, with its key", twoCert, twoKey, 2, []string{"certificate_data"}, nil},
		{"another key alone", twoCert, oneKey, 0, nil, []string{"web key_data"}},
	} {
		pass := apply(pairEntry(step.certificate, step.key))
		if pass.Verdict() != sync.Success {
			t.Fatal(step.name, pass.Err, pass.Problems(), outcomes(pass.Report))
		}
		if len(server.sent) != step.writes {
			t.Errorf("%s: sent %q, want %d values", step.name, server.sent, step.writes)
		}
		var changed []string
		for _, change := range pass.Plan.Changes {
			for _, field := range change.Fields {
				changed = append(changed, field.Name)
				if strings.Contains(fmt.Sprint(field.Before), "BEGIN") {
					t.Errorf("%s: %s was %v before: want what proves it", step.name, field.Name, field.Before)
				}
			}
		}
		if diff := cmp.Diff(step.changes, changed); diff != "" {
			t.Errorf("%s: changed (-want +got):\n%s", step.name, diff)
		}
		if diff := cmp.Diff(step.uncompared, uncompared(pass.Plan)); diff != "" {
			t.Errorf("%s: not compared (-want +got):\n%s", step.name, diff)
		}
	}
}
