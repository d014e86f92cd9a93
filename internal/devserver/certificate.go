package devserver

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"strings"
)

// certificateOf reads the certificate of an object. What can't be read shows
// nothing.
func certificateOf(o *object) certificate {
	text, _ := o.fields["certificate_data"].(string)
	block, _ := pem.Decode([]byte(text))
	shown := certificate{keyType: privateKeyType(o)}
	if block == nil {
		return shown
	}
	shown.sha1, shown.sha256 = fingerprints(block.Bytes)
	read, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return shown
	}
	shown.subject = subject(read.Subject)
	shown.expiry = instant(read.NotAfter)
	shown.publicType = keyTypeOf(read.PublicKey)
	return shown
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

// privateKeyType names the sort of an object's private key.
func privateKeyType(o *object) any {
	text, _ := o.fields["key_data"].(string)
	return keyTypeOf(readKey(text))
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
