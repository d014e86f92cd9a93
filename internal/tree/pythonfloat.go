package tree

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// IsPythonSpace is what Python's str.strip takes off: Unicode's white space
// and the four separators before the space (recorded: post-name-padded).
func IsPythonSpace(r rune) bool { return unicode.IsSpace(r) || 0x1c <= r && r <= 0x1f }

// PythonFloat writes a number as Python's str does: with the fewest digits that
// bring it back, and an exponent from 1e16 up and below 1e-4.
func PythonFloat(number float64) string {
	switch {
	case math.IsNaN(number):
		return "nan"
	case math.IsInf(number, 1):
		return "inf"
	case math.IsInf(number, -1):
		return "-inf"
	}
	if size := math.Abs(number); size != 0 && (size < 1e-4 || size >= 1e16) {
		return strconv.FormatFloat(number, 'e', -1, 64)
	}
	text := strconv.FormatFloat(number, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}
