package secret

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// A text of fewer characters than shortest can't be told from ordinary words.
	shortest = 4
	// window is how many bytes in a row give a longer one away. What a server cuts,
	// trims, or takes a line of has such a part still; and base64 has it whatever
	// stands before it.
	window = 8
)

// patterns are what gives texts away.
type patterns struct {
	// parts are pieces of the texts in their encodings, by length.
	parts map[int]map[string]bool
	// short are texts that are too short, in their encodings.
	short []string
}

func patternsOf(texts []string) patterns {
	p := patterns{parts: map[int]map[string]bool{}}
	for _, text := range texts {
		isShort := utf8.RuneCountInString(strings.TrimSpace(text)) < shortest
		for _, form := range forms(text) {
			switch {
			case form == "":
			case isShort:
				p.short = append(p.short, form)
			default:
				p.addParts(form)
			}
		}
	}
	return p
}

func (p patterns) addParts(form string) {
	size := min(window, len(form))
	if p.parts[size] == nil {
		p.parts[size] = map[string]bool{}
	}
	for i := range len(form) - size + 1 {
		// Blanks alone are no part of anything.
		if part := form[i : i+size]; strings.TrimSpace(part) != "" {
			p.parts[size][part] = true
		}
	}
}

// covered says of each byte of a text whether it is within a part.
func (p patterns) covered(text string) []bool {
	covered := make([]bool, len(text))
	for size, parts := range p.parts {
		for i := range len(text) - size + 1 {
			if !parts[text[i:i+size]] {
				continue
			}
			for j := range size {
				covered[i+j] = true
			}
		}
	}
	return covered
}

// forms are a text as it is, without white space at its ends, and as the programs
// on the way to a message write it: JSON and JSON within JSON, Python's repr, Go's
// quotes, addresses, HTML, base64, hex.
func forms(text string) []string {
	text = strings.TrimSpace(text)
	quoted, escaped := inJSON(text, false), inJSON(text, true)
	all := []string{
		text, quoted, escaped, inJSON(quoted, false), inJSON(escaped, true), asciiJSON(text),
		inner(strconv.Quote(text)), inner(strconv.QuoteToASCII(text)),
		pythonRepr(text, '\''), pythonRepr(text, '"'),
		url.QueryEscape(text), url.PathEscape(text), strings.ReplaceAll(url.QueryEscape(text), "+", "%20"),
		html.EscapeString(text), strings.NewReplacer("&#39;", "&#x27;", "&#34;", "&quot;").Replace(html.EscapeString(text)),
		hex.EncodeToString([]byte(text)), strings.ToUpper(hex.EncodeToString([]byte(text))),
	}
	for before := range 3 {
		all = append(all, base64At(base64.RawStdEncoding, text, before), base64At(base64.RawURLEncoding, text, before))
	}
	return all
}

func inner(quoted string) string { return quoted[1 : len(quoted)-1] }

// inJSON is a text as JSON has it, without the quotes.
func inJSON(text string, escapeHTML bool) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(escapeHTML)
	_ = encoder.Encode(text) // text is always JSON, and a builder takes it
	return inner(strings.TrimSuffix(b.String(), "\n"))
}

// asciiJSON is inJSON as Python's json writes it.
func asciiJSON(text string) string {
	var b strings.Builder
	for _, r := range inJSON(text, false) {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// pythonRepr is a text as Python's repr writes it between quotes.
func pythonRepr(text string, quote rune) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == quote, r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// base64At is what a text is in base64 after so many bytes of something else: the
// characters that it alone decides on.
func base64At(encoding *base64.Encoding, text string, before int) string {
	encoded := encoding.EncodeToString([]byte(strings.Repeat("\x00", before) + text))
	bits := 8 * before
	first, last := (bits+5)/6, (bits+8*len(text))/6
	if first >= last {
		return ""
	}
	return encoded[first:last]
}
