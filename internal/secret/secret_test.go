package secret_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/aksync/aksync/internal/secret"
)

// hard has what each of the encodings writes otherwise.
const hard = "p'ä\"s<s>&w+o/r\\d\n-----BEGIN KEY-----\nMIIBVQ IBADANBg==\n\t😀"

func TestMask(t *testing.T) {
	values := secret.New(hard, "  blanks at its ends\n", "abcd", 12345, map[string]any{"user": "somebody", "list": []any{"an-element"}})
	inJSON := func(value any) string {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for name, echo := range map[string]string{
		"as it is":           hard,
		"trimmed":            "blanks at its ends",
		"a line":             "MIIBVQ IBADANBg==",
		"cut off":            hard[:20] + "…",
		"JSON":               inJSON(hard),
		"JSON within JSON":   inJSON(inJSON(hard)),
		"Go":                 strconv.Quote(hard),
		"Go in ASCII":        strconv.QuoteToASCII(hard),
		"Python":             `'p\'ä"s<s>&w+o/r\\d\n-----BEGIN KEY-----\nMIIBVQ IBADANBg==\n\t😀'`,
		"JSON of Python":     `"p'\u00e4\"s<s>&w+o/r\\d\n-----BEGIN KEY-----\nMIIBVQ IBADANBg==\n\t\ud83d\ude00"`,
		"a query":            url.QueryEscape(hard),
		"a path":             url.PathEscape(hard),
		"HTML":               html.EscapeString(hard),
		"HTML of Django":     strings.ReplaceAll(html.EscapeString(hard), "&#39;", "&#x27;"),
		"base64":             base64.StdEncoding.EncodeToString([]byte(hard)),
		"base64 of more":     base64.StdEncoding.EncodeToString([]byte("user:" + hard + "!"))[6:],
		"base64 for URLs":    base64.RawURLEncoding.EncodeToString([]byte(hard)),
		"hex":                hex.EncodeToString([]byte(hard)),
		"HEX":                fmt.Sprintf("%X", hard),
		"four characters":    "abcd",
		"… in base64":        base64.StdEncoding.EncodeToString([]byte("x:abcd"))[3:],
		"a number":           "12345",
		"part of a mapping":  "somebody",
		"part of a list":     "an-element",
		"a mapping in JSON":  inJSON(map[string]any{"user": "somebody", "list": []any{"an-element"}}),
		"a mapping in hex":   hex.EncodeToString([]byte(inJSON(map[string]any{"list": []any{"an-element"}, "user": "somebody"}))),
		"a mapping in basic": base64.StdEncoding.EncodeToString([]byte(inJSON(map[string]any{"list": []any{"an-element"}, "user": "somebody"}))),
	} {
		got := values.Mask("it is " + echo + " that was sent")
		if !strings.HasPrefix(got, "it is ") || !strings.HasSuffix(got, " that was sent") || !strings.Contains(got, secret.Mark) {
			t.Errorf("%s: %s", name, got)
		}
		rest := strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(got, "it is "), " that was sent"), secret.Mark, "")
		if strings.Trim(rest, `"'\… =ntd{}[]:,x2043ApIQ`) != "" {
			t.Errorf("%s: it leaves %q of %q", name, rest, echo)
		}
	}
}

func TestMaskKeepsTheRest(t *testing.T) {
	const text = "This field may not be blank."
	for name, values := range map[string]*secret.Values{
		"none": nil, "empty": secret.New("", nil, true, "  "), "another": secret.New("hunter2hunter2"),
		"short, and not in it": secret.New("xyz"),
	} {
		if got := values.Mask(text); got != text {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := secret.New("hunter2").Mask(`"hunter2" is näht1 too short`); got != `"(sensitive)" is näht1 too short` {
		t.Error(got)
	}
}

// What is too short to be told apart leaves nothing of a text that may hold it.
func TestMaskShort(t *testing.T) {
	for _, echo := range []string{"xy9", base64.StdEncoding.EncodeToString([]byte("xy9")), "u=%22xy9%22", hex.EncodeToString([]byte("xy9"))} {
		if got := secret.New("xy9").Mask("it was " + echo); got != secret.Mark {
			t.Errorf("%s: %s", echo, got)
		}
	}
}

func TestWith(t *testing.T) {
	if secret.Of(context.Background()) != nil {
		t.Error("a context has values of its own")
	}
	ctx := secret.With(secret.With(context.Background(), "first-one"), "second-one")
	if got := secret.Of(ctx).Mask("first-one, second-one, third-one"); strings.Contains(got, "first") || strings.Contains(got, "second") || !strings.Contains(got, "third") {
		t.Error(got)
	}
}
