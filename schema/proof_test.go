package schema_test

import (
	"testing"

	"github.com/aksync/aksync/internal/exemplar"
	"github.com/aksync/aksync/schema"
)

// recordedFingerprint is what the server answers of exemplar.RecordedCertificate
// (setup/cert-1 of 2025.10.4's recorded exchanges).
const recordedFingerprint = "c6:e4:51:38:c7:d0:fa:ae:6d:8a:1a:c8:b9:02:dd:67:6b:22:71:bc:55:cf:5c:bc:25:d4:1f:53:e2:98:99:b2"

func TestFingerprintsAreTheServers(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"as recorded", exemplar.RecordedCertificate, recordedFingerprint},
		{"with text before it", "web\n" + exemplar.RecordedCertificate, recordedFingerprint},
		{"the first of a chain", exemplar.RecordedCertificate + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", recordedFingerprint},
		{"no certificate", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", ""},
		{"no PEM", "x", ""},
	} {
		if got := schema.Fingerprint(test.text); got != test.want {
			t.Errorf("%s: the fingerprint is %q, want %q", test.name, got, test.want)
		}
	}
}
