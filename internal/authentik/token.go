package authentik

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// StaticToken returns a token that never changes, for [Config.Token].
func StaticToken(token string) func() (string, error) {
	return func() (string, error) { return token, nil }
}

// TokenFile returns a function for [Config.Token] that reads the token from a
// file each time, so that a secret that is rotated is taken up by the next
// request. Line breaks at the end of the file are not part of the token.
func TokenFile(path string) func() (string, error) {
	return func() (string, error) {
		data, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("--token-file (AUTHENTIK_TOKEN_FILE): %w", err)
		}
		return strings.TrimRight(string(data), "\r\n"), nil
	}
}

func errNoToken() error {
	return errors.New("no token: set --token-file (AUTHENTIK_TOKEN_FILE) to the file that holds it, or AUTHENTIK_TOKEN to the token itself")
}

// checkToken refuses what cannot be a token before it is sent. authentik does
// not: a token that is not ASCII makes it fail with a 500 on GET and an empty
// 405 on a write (auth-nonascii-get, auth-nonascii-post), and an empty one is
// 'not provided' (auth-empty-bearer-list). The error never quotes the token.
func checkToken(token string) error {
	if token == "" {
		return errNoToken()
	}
	for i := range len(token) {
		switch b := token[i]; {
		case b == '\n' || b == '\r':
			return fmt.Errorf("the token holds a line break at byte %d: only the token may stand in its file or variable", i+1)
		case b == ' ' || b == '\t':
			return fmt.Errorf("the token holds a blank at byte %d: only the token may stand in its file or variable", i+1)
		case b < ' ' || b > '~':
			return fmt.Errorf("the token holds a byte that is no printable ASCII at byte %d: authentik's tokens have none", i+1)
		}
	}
	return nil
}
