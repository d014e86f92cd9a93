package tags

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// leaf is what is known of a value in a sensitive field while it is looked at for
// secrets that are written out.
type leaf struct {
	field *schema.Field // nil where nobody minds
	key   string        // the nearest key of a mapping around the value
}

// The ends of the names of what is a secret in a mapping, and of some that only
// look like it. Names are compared in small letters, without what parts their words.
var (
	secretEnds  = []string{"password", "passwords", "passwd", "passphrase", "pwd", "secret", "secrets", "token", "tokens", "key", "credential", "credentials"}
	publicEnds  = []string{"publickey", "hostkey"}
	valueEnds   = []string{"data", "value", "base64", "pem"}
	betweenKeys = strings.NewReplacer("_", "", "-", "", ".", "", " ", "")
	// What other tools put a value in place of: ${NAME}, {{ … }}, <path:…>.
	placeholder = regexp.MustCompile(`^\s*(?:\$\{([A-Z_][A-Z0-9_]*)?[^}]*\}|\{\{.*\}\}|<path:.*>)\s*$`)
)

// namesSecret reports whether what stands under a key of a mapping is a secret by
// that name.
func namesSecret(key string) bool {
	key = betweenKeys.Replace(strings.ToLower(key))
	for _, end := range valueEnds {
		key = strings.TrimSuffix(key, end)
	}
	ends := func(end string) bool { return strings.HasSuffix(key, end) }
	return slices.ContainsFunc(secretEnds, ends) && !slices.ContainsFunc(publicEnds, ends)
}

// isSecret reports whether a scalar in a sensitive field is a secret: any text where
// the field is text, and in a mapping what its key or its own form says is one.
func (l leaf) isSecret(data any) bool {
	text, isText := data.(string)
	if l.field.Type == schema.Text {
		switch data.(type) {
		case int64, *big.Int, float64:
			return true
		}
		return text != ""
	}
	return isText && text != "" && (namesSecret(l.key) || strings.Contains(text, "PRIVATE KEY-----") || holdsPassword(text))
}

// within gives what is known of the value under a key.
func (l leaf) within(p tree.Pair) leaf {
	l.key = p.Name()
	return l
}

// tellWritten tells of the secrets in a value that is made of nothing but what the
// blueprint says.
func (e *Evaluator) tellWritten(n tree.Value, l leaf) {
	if l.field == nil || e.Written == nil {
		return
	}
	pairs, isMapping := mapping(n.Data)
	elements, isList := n.Data.(tree.List)
	switch {
	case isMapping:
		for _, p := range pairs {
			e.tellWritten(p.Value, l.within(p))
		}
	case isList:
		for _, element := range elements {
			e.tellWritten(element, l)
		}
	case l.isSecret(n.Data):
		text, _ := n.Data.(string)
		e.Written(tree.Problem{Place: n.Place, Path: e.Path, Message: e.written(n.Place, text)})
	}
}

// written says of a secret that it is written out. It shows nothing of it but the
// name in a placeholder.
func (e *Evaluator) written(place tree.Place, text string) string {
	if tag, looks := e.quotedTag(text); looks {
		return quotedMessage(place, tag)
	}
	if names := placeholder.FindStringSubmatch(text); names != nil {
		want := "!Env or !File"
		if names[1] != "" {
			want = "!Env " + names[1]
		}
		return fmt.Sprintf("this is another tool's placeholder, which is mere text to aksync and to authentik: want %s, unless that tool fills it in before", want)
	}
	return "the secret is written out in the blueprint: give it by !Env or !File, so that git doesn't hold it"
}
