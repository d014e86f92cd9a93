package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// columns is how wide a terminal has to be.
const columns = 80

// ellipsis stands where something was cut. It stands outside the quotes: one
// inside belongs to the value.
const ellipsis = "…"

// clean makes text fit for one line: what does not print, such as a line break,
// an escape sequence or a mark that turns the writing round, is escaped.
func clean(text string) string { return strings.Join(escape(text, strconv.IsPrint), "") }

// escape gives each character as it is shown.
func escape(text string, shows func(rune) bool) []string {
	shown := make([]string, 0, len(text))
	for _, r := range text {
		if shows(r) {
			shown = append(shown, string(r))
			continue
		}
		quoted := strconv.Quote(string(r))
		shown = append(shown, quoted[1:len(quoted)-1])
	}
	return shown
}

func quotable(r rune) bool { return strconv.IsPrint(r) && r != '"' && r != '\\' }

func widthOf(shown []string) int {
	width := 0
	for _, s := range shown {
		width += utf8.RuneCountInString(s)
	}
	return width
}

// literal writes a value as JSON that prints on one line. One that is wider
// than width is folded in the middle.
func literal(value any, width int) string {
	if text, isText := value.(string); isText {
		return quote(text, width)
	}
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return clean(fmt.Sprint(value))
	}
	return foldMiddle(escape(strings.TrimSpace(buffer.String()), strconv.IsPrint), "", width)
}

// quote writes text in quotes, folded in the middle where it is wider than
// width.
func quote(text string, width int) string { return foldMiddle(escape(text, quotable), `"`, width) }

func foldMiddle(shown []string, mark string, width int) string {
	if widthOf(shown)+2*len(mark) <= width {
		return mark + strings.Join(shown, "") + mark
	}
	note := lengthNote(shown)
	room := max(width-utf8.RuneCountInString(note)-1-4*len(mark), 8)
	head := prefix(shown, room-room/3)
	tail := suffix(shown, room/3)
	return mark + head + mark + ellipsis + mark + tail + mark + note
}

// quoteFrom writes text in quotes, and where it is wider than width the part of
// it that begins at a character.
func quoteFrom(text string, width, from int) string {
	shown := escape(text, quotable)
	if widthOf(shown)+2 <= width {
		return `"` + strings.Join(shown, "") + `"`
	}
	note := lengthNote(shown)
	room := max(width-utf8.RuneCountInString(note)-4, 8)
	before, after := "", ""
	if from > 0 {
		before = ellipsis
	}
	if widthOf(shown[from:]) > room {
		after = ellipsis
	}
	return before + `"` + prefix(shown[from:], room) + `"` + after + note
}

func lengthNote(shown []string) string { return fmt.Sprintf(" (%d characters)", len(shown)) }

// prefix gives as many whole characters of the beginning as width takes.
func prefix(shown []string, width int) string {
	for i, s := range shown {
		if width -= utf8.RuneCountInString(s); width < 0 {
			return strings.Join(shown[:i], "")
		}
	}
	return strings.Join(shown, "")
}

// suffix gives as many whole characters of the end as width takes.
func suffix(shown []string, width int) string {
	for i := len(shown) - 1; i >= 0; i-- {
		if width -= utf8.RuneCountInString(shown[i]); width < 0 {
			return strings.Join(shown[i+1:], "")
		}
	}
	return strings.Join(shown, "")
}

// differsFrom is the character of two texts from which on they are shown, so
// that the first difference is seen, with a little of what is before it.
func differsFrom(a, b string) int {
	const context = 8
	one, other := []rune(a), []rune(b)
	same := 0
	for same < min(len(one), len(other)) && one[same] == other[same] {
		same++
	}
	return max(0, same-context)
}

// wrap sets items, which are not broken, in lines of a terminal's width. The
// first line begins with head and the others with indent.
func wrap(head, indent string, items []string, separator string) []string {
	var lines []string
	line, begins := head, true
	for i, item := range items {
		if i < len(items)-1 {
			item += strings.TrimRight(separator, " ")
		}
		if !begins && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(item) > columns {
			lines, line, begins = append(lines, line), indent, true
		}
		if !begins {
			line += " "
		}
		line, begins = line+item, false
	}
	return append(lines, line)
}
