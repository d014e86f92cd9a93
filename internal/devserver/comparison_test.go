package devserver_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// comparison is of a recorded body with one of the server's. What the servers make
// up is compared by its shape, and lists that have no order without one.
type comparison struct {
	diffs []string
	// madeUp are the fields at the top that the recorded server had made up.
	madeUp map[string]any
}

func (c *comparison) compare(at string, want, got any) {
	switch want := want.(type) {
	case map[string]any:
		if got, isMap := got.(map[string]any); isMap {
			c.compareMaps(at, want, got)
			return
		}
	case []any:
		if got, isList := got.([]any); isList && len(got) == len(want) {
			c.compareLists(at, want, got)
			return
		}
	default:
		if encoded(want) == encoded(got) || numbered.MatchString(at) && digits.MatchString(encoded(want)+encoded(got)) {
			return
		}
		if sameShape(want, got) {
			if name := strings.TrimPrefix(at, "."); !strings.ContainsAny(name, ".[") {
				c.madeUp[name] = want
			}
			return
		}
	}
	c.diffs = append(c.diffs, fmt.Sprintf("%s: got %.160s, want %.160s", at, encoded(got), encoded(want)))
}

func (c *comparison) compareMaps(at string, want, got map[string]any) {
	for name, value := range want {
		if other, has := got[name]; has {
			c.compare(at+"."+name, value, other)
		} else {
			c.diffs = append(c.diffs, fmt.Sprintf("%s.%s is missing, want %.160s", at, name, encoded(value)))
		}
	}
	for name, value := range got {
		if _, has := want[name]; !has {
			c.diffs = append(c.diffs, fmt.Sprintf("%s.%s is %.160s, want nothing", at, name, encoded(value)))
		}
	}
}

// ordered are the lists whose order counts; those of references have none, nor
// those of the objects that they show.
var ordered = []string{"results", "redirect_uris", "backends", "user_fields", "asns", "allowed_servers", "device_classes"}

func (c *comparison) compareLists(at string, want, got []any) {
	name := at[strings.LastIndexByte(at, '.')+1:]
	if !strings.Contains(name, "[") && !slices.Contains(ordered, name) {
		want, got = sorted(want), sorted(got)
	}
	for i := range want {
		c.compare(fmt.Sprintf("%s[%d]", at, i), want[i], got[i])
	}
}

// sorted are the elements of a list by their primary keys, or by themselves.
func sorted(list []any) []any {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b any) int { return strings.Compare(sortText(a), sortText(b)) })
	return list
}

func sortText(value any) string {
	m, _ := value.(map[string]any)
	for _, name := range []string{"pk", "id"} {
		if m[name] != nil {
			return fmt.Sprint(m[name])
		}
	}
	return encoded(value)
}

var (
	instant = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$`)
	// numbered is the number of a permission that is given, which depends on how many
	// were given before.
	numbered = regexp.MustCompile(`^\[\d+\]\.id$`)
	digits   = regexp.MustCompile(`^"\d+""\d+"$`)
	secret   = regexp.MustCompile(`^[A-Za-z0-9]{40,}$`)
	// avatar is the picture of a user, which depends on the server's settings.
	avatar = regexp.MustCompile(`^(data:image/svg|https://www\.gravatar\.com/)`)
	// chance is a uuid, an instant or a signature within a text.
	chance = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|` +
		`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}|token=[A-Za-z0-9._-]+`)
)

// sameShape reports whether two texts can be what two servers made up for one
// field.
func sameShape(want, got any) bool {
	a, isText := want.(string)
	b, isTextToo := got.(string)
	switch {
	case !isText || !isTextToo:
		return false
	case secret.MatchString(a) && secret.MatchString(b):
		return len(a) == len(b)
	case instant.MatchString(a) && instant.MatchString(b), avatar.MatchString(a) && avatar.MatchString(b):
		return true
	case uuid.Validate(a) == nil && uuid.Validate(b) == nil:
		return true
	}
	return chance.MatchString(a) && chance.ReplaceAllString(a, "*") == chance.ReplaceAllString(b, "*")
}
