package tags

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"path/filepath"
	"slices"
	"strings"
)

// ownMount is the folder, where secrets are mounted, in which Kubernetes gives a
// program its own credentials
// (https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/).
const ownMount = "kubernetes.io"

// isSecret reports whether what is in the root is for sensitive fields alone.
func (p *Policy) isSecret(root string) bool {
	return slices.Contains(p.Secrets, root) && !slices.Contains(p.Roots, root)
}

// isOwn reports whether a path is that of the program's own credentials.
func (p *Policy) isOwn(real string) bool {
	return slices.ContainsFunc(p.Secrets, func(root string) bool { return below(filepath.Join(root, ownMount), real) })
}

// isPublic reports whether text is certificates and public keys in PEM and nothing
// else: they are mounted beside their private keys, and are no secret.
func isPublic(text string) bool {
	begin := []byte("-----BEGIN ")
	rest := []byte(text)
	for {
		block, after := pem.Decode(rest)
		if block == nil {
			return text != "" && len(bytes.TrimSpace(rest)) == 0
		}
		// What can't be decoded is passed over, and may be a secret.
		passed := bytes.TrimSpace(rest[:len(rest)-len(after)])
		if !bytes.HasPrefix(passed, begin) || bytes.Count(passed, begin) > 1 || len(block.Headers) > 0 ||
			block.Type != "CERTIFICATE" && block.Type != "PUBLIC KEY" {
			return false
		}
		rest = after
	}
}

// isServiceAccount reports whether text is a token of a Kubernetes service account:
// clouds and meshes have them mounted under names of their own
// (https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/).
func isServiceAccount(text string) bool {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return false
	}
	var claims struct {
		Subject string `json:"sub"`
	}
	return json.Unmarshal(payload, &claims) == nil && strings.HasPrefix(claims.Subject, "system:serviceaccount:")
}
