package tags

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// secretWords are the parts of a variable's name that keep !Env from it, but for
// sensitive fields, where nobody said which variables it may read.
func secretWords() []string {
	return []string{"TOKEN", "SECRET", "PASS", "KEY", "CRED", "PRIVATE", "AUTH", "DSN", "DATABASE_URL", "DATABASEURL", "CONNECTION", "CONNSTR", "CONN_STR"}
}

// mayReadEnv says why a variable may not be read for the target. A blueprint may
// come from somebody who may not see the daemon's secrets.
func (p *Policy) mayReadEnv(name string, to target) error {
	capitals := strings.ToUpper(name)
	switch {
	case capitals == "AUTHENTIK_TOKEN" || capitals == "AKSYNC_TOKEN":
		return fmt.Errorf("environment variable %s may never be read: it holds the token", name)
	case strings.HasPrefix(capitals, "AKSYNC_"):
		return fmt.Errorf("environment variable %s may never be read: it is one of aksync's own settings", name)
	case len(p.EnvAllow) > 0:
		if slices.ContainsFunc(p.EnvAllow, func(glob string) bool { matches, err := path.Match(glob, name); return err == nil && matches }) {
			return nil
		}
		return fmt.Errorf("environment variable %s may not be read: allow it with --env-allow %s", name, name)
	case !to.hidden && slices.ContainsFunc(secretWords(), func(word string) bool { return strings.Contains(capitals, word) }):
		return secretVariable(name, "its name looks like a secret's", to)
	default:
		return nil
	}
}

// secretVariable and secretFile say why something that may hold a secret is not read
// for the target, and what to do.
func secretVariable(name, since string, to target) error {
	return fmt.Errorf("environment variable %s may not be read here, since %s and %s: want it in a sensitive field, or allow it with --env-allow %s", name, since, to.why(), name)
}

func secretFile(name string, to target) error {
	return fmt.Errorf("!File %s may not be read here, since it lies where secrets are mounted and %s: want it in a sensitive field, or allow its folder with --file-root %s", name, to.why(), filepath.Dir(name))
}

var (
	// An address with a user and a password: scheme://user:password@host.
	passwordInAddress = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#@:[]*:([^\s@]+)@`)
	// What stands before a path is a port, and the @ belongs to the path.
	portBeforePath = regexp.MustCompile(`^[0-9]{1,5}[/?#]`)
	// The form of MySQL's drivers: user:password@tcp(host)/database.
	passwordOfMySQL = regexp.MustCompile(`^[^\s:/@]+:\S+@(?:[a-z0-9]*\(|/)`)
	// password=… and the like among other fields, as of libpq, ADO and JDBC.
	passwordField = regexp.MustCompile(`(?i)(?:^|[\s;,&?])["']?(?:password|passwd|pwd|passphrase|secret|token|sig|(?:api|access|account|sharedaccess)_?key)["']?[ \t]*=[ \t]*[^\s;&]`)
)

// holdsPassword tells whether text looks like an address with a password.
func holdsPassword(text string) bool {
	for _, match := range passwordInAddress.FindAllStringSubmatch(text, -1) {
		if !portBeforePath.MatchString(match[1]) {
			return true
		}
	}
	return passwordOfMySQL.MatchString(text) || passwordField.MatchString(text)
}
