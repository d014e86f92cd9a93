package devserver

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"strings"
)

// certificate is what shows of a certificate.
type certificate struct{ subject, expiry, sha1, sha256, keyType any }

// certificateIn reads the certificate that a field holds. What can't be read shows
// nothing.
func certificateIn(o *object, how *computed) certificate {
	block, _ := pem.Decode([]byte(pkText(o.fields[how.Of])))
	if block == nil {
		return certificate{}
	}
	short, long := sha1.Sum(block.Bytes), sha256.Sum256(block.Bytes)
	shown := certificate{sha1: colons(short[:]), sha256: colons(long[:])}
	if read, err := x509.ParseCertificate(block.Bytes); err == nil {
		shown.subject, shown.expiry, shown.keyType = subject(read.Subject), instant(read.NotAfter), keyTypeOf(read.PublicKey)
	}
	return shown
}

// colons writes a fingerprint.
func colons(sum []byte) string {
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = hex.EncodeToString([]byte{b})
	}
	return strings.Join(parts, ":")
}

// subject is a name as RFC 4514 writes it, with the last part first.
func subject(name pkix.Name) string {
	short := map[string]string{"2.5.4.3": "CN", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST"}
	var parts []string
	for _, part := range name.Names {
		value, _ := part.Value.(string)
		parts = append([]string{short[part.Type.String()] + "=" + value}, parts...)
	}
	return strings.Join(parts, ",")
}

func isCertificate(text string) bool {
	block, _ := pem.Decode([]byte(text))
	return block != nil && block.Type == "CERTIFICATE"
}

func isPrivateKey(text string) bool { return readKey(text) != nil }

// readKey reads a private key, or returns nil.
func readKey(text string) any {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil
	}
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		return key
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return key
	}
	return nil
}

// keyTypeOf names the sort of a key.
func keyTypeOf(key any) any {
	switch key.(type) {
	case *rsa.PrivateKey, *rsa.PublicKey:
		return "rsa"
	case *ecdsa.PrivateKey, *ecdsa.PublicKey:
		return "ec"
	case ed25519.PrivateKey, ed25519.PublicKey:
		return "ed25519"
	default:
		return nil
	}
}
