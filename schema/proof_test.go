package schema_test

import (
	"testing"

	"github.com/aksync/aksync/schema"
)

// setup/cert-1 of 2025.10.4's recorded exchanges.
const (
	recordedCertificate = `-----BEGIN CERTIFICATE-----
MIICmjCCAYKgAwIBAgICA+kwDQYJKoZIhvcNAQELBQAwEDEOMAwGA1UEAwwFcmVj
LTEwHhcNMjYwMTAxMDAwMDAwWhcNMzUxMjMwMDAwMDAwWjAQMQ4wDAYDVQQDDAVy
ZWMtMTCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAL5LBIfGcnIb4N1T
H/MUSmAGraN5ABL/M9y9LWMreP1UUUNNgIwedwPjhrLyncaKQp2BuAG4OOoJKqQs
c+0yzO8QL4jRyLcvNVxSpR1JQyDw4BvdwFCQJN+hUB3HRh4xuH+BaRdGuRECBPj0
1+bgwFRzHOxXFkJY4DwZ0Ee8N882csI759NQcVLjUailvr7aNqs/sGHhTm6i/CkS
EgUuCGQtknkbK00v7t3yK9ZfjEIRFg3pl2lAwKO+Lxw6MzXenlFoLb1tus4QevUX
418LYOergGXVH/+EQ9yBP5FJpJEBn3xDzW2aky6wjx7P5gvnq2MgLpCcI/A1xVT3
pVa/NoUCAwEAATANBgkqhkiG9w0BAQsFAAOCAQEAqMhgDw3MBa9UXC6PwmRw9x4v
nsk0/OIyRAF+Rg7TuiZpz2XDUdRsjLu4hhA5zzIWOsAdsuMjmB+SGWpCE7fCmfS3
Hukbhc1jLsKH+ief2qlUTH734d6HdJmk0LwlX/7m+n88lSrILsep35tfskEJVOGU
+ZaE9n5tTtNDBXeOV9zDjvpt51PF8rqLK6cBY2l2EjzES0ts6xUVfZZpxVWJOxB3
M6R1JalyB3CvWkB5rskzI/EpHRBxyXI4CIVQrn5FX3jLA+DgzmrWdNIO5/w59fhv
7YaI18MdUcILQubKNJNGdamlNI3jFrw/1cU//oYagQ3fwLeJKOgb3HsXm+nqUA==
-----END CERTIFICATE-----
`
	recordedFingerprint = "c6:e4:51:38:c7:d0:fa:ae:6d:8a:1a:c8:b9:02:dd:67:6b:22:71:bc:55:cf:5c:bc:25:d4:1f:53:e2:98:99:b2"
)

func TestFingerprintsAreTheServers(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"as recorded", recordedCertificate, recordedFingerprint},
		{"with text before it", "web\n" + recordedCertificate, recordedFingerprint},
		{"the first of a chain", recordedCertificate + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", recordedFingerprint},
		{"no certificate", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", ""},
		{"no PEM", "x", ""},
	} {
		if got := schema.Fingerprint(test.text); got != test.want {
			t.Errorf("%s: the fingerprint is %q, want %q", test.name, got, test.want)
		}
	}
}
