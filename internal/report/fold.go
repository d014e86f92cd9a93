package report

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/aksync/aksync/internal/terminal"
)

// columns is how wide a terminal has to be.
const columns = terminal.Columns

// ellipsis stands where something was cut. It stands outside the quotes: one
// inside belongs to the value.
const ellipsis = "…"

// clean makes text fit for one line.
func clean(text string) string { return terminal.Clean(text) }

func quotable(r rune) bool { return strconv.IsPrint(r) && r != '"' && r != '\\' }

// quote writes text in quotes, folded in the middle where it is wider than
// width.
func quote(text string, width int) string { return foldMiddle(text, quotable, `"`, width) }

// foldMiddle writes text between two marks, and leaves out the middle of what is
// wider than width. Of a long text it looks at no more than it shows.
func foldMiddle(text string, shows func(rune) bool, mark string, width int) string {
	if whole, fits := beginning(text, shows, width-2*len(mark)); fits {
		return mark + whole + mark
	}
	note := lengthNote(text)
	room := max(width-utf8.RuneCountInString(note)-1-4*len(mark), 8)
	head, _ := beginning(text, shows, room-room/3)
	return mark + head + mark + ellipsis + mark + end(text, shows, room/3) + mark + note
}

// quoteFrom writes text in quotes, and where it is wider than width the part of
// it that begins at an offset.
func quoteFrom(text string, width, from int) string {
	if whole, fits := beginning(text, quotable, width-2); fits {
		return `"` + whole + `"`
	}
	note := lengthNote(text)
	before, after := "", ""
	if from > 0 {
		before = ellipsis
	}
	shown, fits := beginning(text[from:], quotable, max(width-utf8.RuneCountInString(note)-4, 8))
	if !fits {
		after = ellipsis
	}
	return before + `"` + shown + `"` + after + note
}

func lengthNote(text string) string {
	return fmt.Sprintf(" (%s characters)", grouped(utf8.RuneCountInString(text)))
}

// grouped writes a number so that its digits can be counted at a glance.
func grouped(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// beginning shows as many whole characters of the beginning as width takes, and
// says whether those are all.
func beginning(text string, shows func(rune) bool, width int) (part string, all bool) {
	var shown, one []byte
	for _, r := range text {
		one = terminal.AppendShown(one[:0], r, shows)
		if width -= utf8.RuneCount(one); width < 0 {
			return string(shown), false
		}
		shown = append(shown, one...)
	}
	return string(shown), width >= 0
}

// end shows as many whole characters of the end as width takes.
func end(text string, shows func(rune) bool, width int) string {
	from := len(text)
	for from > 0 {
		r, size := utf8.DecodeLastRuneInString(text[:from])
		if width -= utf8.RuneCount(terminal.AppendShown(nil, r, shows)); width < 0 {
			break
		}
		from -= size
	}
	part, _ := beginning(text[from:], shows, math.MaxInt)
	return part
}

// differsFrom is the offset in two texts from which on they are shown, so that
// the first difference is seen, with a little of what is before it.
func differsFrom(a, b string) int {
	const context = 8
	if len(a) < len(b) {
		a, b = b, a
	}
	same := 0
	for same < len(b) && a[same] == b[same] {
		same++
	}
	for i := 1; i < utf8.UTFMax && 0 < same && same < len(a) && !utf8.RuneStart(a[same]); i++ {
		same--
	}
	for width := 0; same > 0; {
		r, size := utf8.DecodeLastRuneInString(a[:same])
		if width += utf8.RuneCount(terminal.AppendShown(nil, r, quotable)); width > context {
			break
		}
		same -= size
	}
	return same
}

// wrap sets items, which are not broken, in lines of a terminal's width. The
// first line begins with head and the others with indent.
func wrap(head, indent string, items []string, separator string) []string {
	return terminal.Wrap(head, indent, items, separator, columns)
}
