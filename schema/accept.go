package schema

import (
	"math/big"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/aksync/aksync/internal/tree"
)

// accepts reports whether the field takes data of the right type, whose parts were
// checked.
func (f *Field) accepts(data any) bool {
	switch data := data.(type) {
	case string:
		return f.acceptsText(data)
	case int64:
		return f.within(big.NewInt(data))
	case *big.Int:
		return f.within(data)
	case tree.List:
		return f.within(big.NewInt(int64(len(data))))
	default:
		return true
	}
}

// within reports whether a number is within the bounds.
func (d *Data) within(number *big.Int) bool {
	return (d.Min == nil || number.Cmp(d.Min) >= 0) && (d.Max == nil || number.Cmp(d.Max) <= 0)
}

// uuidForm is a uuid as authentik writes it.
var uuidForm = regexp.MustCompile("^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")

func (f *Field) acceptsText(text string) bool {
	switch {
	case f.Type == Pointer:
		return uuidForm.MatchString(text)
	case f.Type == Time:
		return timeForm.MatchString(text)
	case f.Type == JSON:
		return true
	case strings.Contains(text, "\x00"): // PostgreSQL can't hold it
		return false
	case len(f.Values) > 0:
		return slices.ContainsFunc(f.Values, func(c Choice) bool { return c.Value == text })
	case f.Min != nil && f.Min.Sign() > 0 && strings.TrimSpace(text) == "":
		return false
	case f.Duration && text != "" && !IsDuration(text):
		return false
	}
	return f.within(big.NewInt(int64(utf8.RuneCountInString(text)))) && f.matches(text)
}

// timeForm is an instant as Normalize leaves it.
var timeForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$`)

// patterns are the regular expressions of fields, of which there are few.
var patterns sync.Map

func (d *Data) matches(text string) bool {
	return d.Pattern == "" || pattern(d.Pattern).MatchString(text)
}

// pattern compiles one of a field, which TestDigest does with each.
func pattern(text string) *regexp.Regexp {
	made, has := patterns.Load(text)
	if !has {
		made, _ = patterns.LoadOrStore(text, regexp.MustCompile(text))
	}
	return made.(*regexp.Regexp)
}

// WithoutDrawn returns a value of the field with the same in place of all that a server
// draws by lot.
func (f *Field) WithoutDrawn(plain any) any {
	text, isText := plain.(string)
	if f.Drawn == "" || !isText {
		return plain
	}
	return pattern(f.Drawn).ReplaceAllLiteralString(text, "#")
}

// durationPart is a part of a duration, such as hours=1.5.
var durationPart = regexp.MustCompile(`^(microseconds|milliseconds|seconds|minutes|hours|days|weeks)=-?[0-9]+(\.[0-9]+)?$`)

// IsDuration reports whether text is a duration as authentik writes it, such as
// hours=1;minutes=30 (normalise/duration-*).
func IsDuration(text string) bool {
	for part := range strings.SplitSeq(text, ";") {
		if !durationPart.MatchString(strings.ToLower(part)) {
			return false
		}
	}
	return true
}
