// Package secret keeps values that nobody may see out of what others say: a server
// repeats what it was sent, and an evaluator quotes what it could not make sense of.
package secret

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Mark stands for what is not shown.
const Mark = "(sensitive)"

// Values are values that nobody may see. Nil has none of them. They are safe for
// concurrent use.
type Values struct {
	texts []string
	// patterns are made when something is to be masked: nearly nothing ever is.
	patterns func() patterns
}

// New returns the texts and numbers in the values, which are as encoding/json
// decodes them or as tree.Value.Plain has them. Of a mapping or a list that is each
// in it, and all of it as one JSON text, in case that is what is encoded.
func New(values ...any) *Values {
	v := &Values{}
	for _, value := range values {
		v.add(value)
	}
	v.patterns = sync.OnceValue(func() patterns { return patternsOf(v.texts) })
	return v
}

func (v *Values) add(value any) {
	switch value := value.(type) {
	case nil, bool:
	case string:
		v.addText(value)
	case []any:
		for _, element := range value {
			v.add(element)
		}
		v.addJSON(value)
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			v.add(value[name])
		}
		v.addJSON(value)
	default: // a number
		v.addJSON(value)
	}
}

func (v *Values) addJSON(value any) {
	if text, err := json.Marshal(value); err == nil && len(text) > len("{}") {
		v.addText(string(text))
	}
}

func (v *Values) addText(text string) {
	if strings.TrimSpace(text) != "" {
		v.texts = append(v.texts, text)
	}
}

// Mask returns the text with a mark in place of each part that is a part of one of
// the values, as it is or in one of the usual encodings. A text that may hold a value
// which is too short to be told apart is left out as a whole.
func (v *Values) Mask(text string) string {
	if v == nil || len(v.texts) == 0 || text == "" {
		return text
	}
	p := v.patterns()
	if slices.ContainsFunc(p.short, func(short string) bool { return strings.Contains(text, short) }) {
		return Mark
	}
	return masked(text, p.covered(text))
}

// masked puts one mark in the place of each run of bytes that are covered, and of
// the rest of characters that are covered in part.
func masked(text string, covered []bool) string {
	var b strings.Builder
	within := false
	for i, r := range text {
		size := utf8.RuneLen(r)
		if r == utf8.RuneError {
			_, size = utf8.DecodeRuneInString(text[i:])
		}
		switch hidden := slices.Contains(covered[i:i+size], true); {
		case !hidden:
			b.WriteString(text[i : i+size])
			within = false
		case !within:
			b.WriteString(Mark)
			within = true
		}
	}
	return b.String()
}

type key struct{}

// With returns a context for calls of which nobody may see the values: whoever tells
// of them takes these out of what it tells. Those of ctx stay.
func With(ctx context.Context, values ...any) context.Context {
	v := New(values...)
	if before := Of(ctx); before != nil {
		v.texts = append(v.texts, before.texts...)
	}
	return context.WithValue(ctx, key{}, v)
}

// Of returns the values of a context; nil where there are none.
func Of(ctx context.Context) *Values {
	v, _ := ctx.Value(key{}).(*Values)
	return v
}
