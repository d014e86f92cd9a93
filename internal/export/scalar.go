package export

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// plainText is text that every reader of YAML takes for the same text without
// quotes: it begins with a letter, and holds nothing that means something.
var plainText = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*$`)

// words are what YAML 1.1 reads as true, false or null without quotes, whatever
// their case; y and n are among them for readers other than PyYAML.
var words = []string{"y", "n", "yes", "no", "true", "false", "on", "off", "null"}

// needsQuotes tells whether text has to be quoted in YAML.
func needsQuotes(text string) bool {
	return !plainText.MatchString(text) || slices.Contains(words, strings.ToLower(text))
}

// isBlock tells whether text is of several lines that every reader of YAML takes as
// they stand: nothing in them is invisible, and no white space is at their ends.
func isBlock(text string) bool {
	if !strings.Contains(text, "\n") || strings.TrimSpace(text) != text {
		return false
	}
	for line := range strings.SplitSeq(text, "\n") {
		if strings.TrimRightFunc(line, unicode.IsSpace) != line || strings.ContainsFunc(line, func(r rune) bool { return r >= 0x80 && !unicode.IsLetter(r) || !strconv.IsPrint(r) }) {
			return false
		}
	}
	return true
}

// float writes a finite number so that YAML 1.1 and CUE read it as one: PyYAML
// wants a dot, and a sign in the exponent.
func float(number float64) string {
	text := strconv.FormatFloat(number, 'g', -1, 64)
	digits, exponent, hasExponent := strings.Cut(text, "e")
	if !strings.Contains(digits, ".") {
		digits += ".0"
	}
	if hasExponent {
		digits += "e" + exponent
	}
	return digits
}

// members gives the keys of a mapping in order.
func members[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
