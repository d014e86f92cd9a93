package schema

import (
	"strconv"
	"strings"
)

// parseVersion reads the year and the month of a version, which authentik numbers
// its releases by; what follows, such as the patch, does not count.
func parseVersion(version string) (number int, known bool) {
	yearText, rest, found := strings.Cut(version, ".")
	if !found {
		return 0, false
	}
	digits := 0
	for digits < len(rest) && '0' <= rest[digits] && rest[digits] <= '9' {
		digits++
	}
	year, yearErr := strconv.Atoi(yearText)
	month, monthErr := strconv.Atoi(rest[:digits])
	if yearErr != nil || monthErr != nil {
		return 0, false
	}
	return year*100 + month, true
}

// Words says which versions have something, or is empty where all do.
func (s Span) Words() string {
	switch {
	case s.Since != "" && s.Until != "":
		return "from authentik " + s.Since + " on, before " + s.Until
	case s.Since != "":
		return "from authentik " + s.Since + " on"
	case s.Until != "":
		return "before authentik " + s.Until
	}
	return ""
}

// Known reports whether the version is one of authentik's.
func Known(version string) bool {
	_, known := parseVersion(version)
	return known
}

// Before reports whether a version comes before another one. An unknown one comes
// before none.
func Before(version, other string) bool {
	number, known := parseVersion(version)
	otherNumber, otherKnown := parseVersion(other)
	return known && otherKnown && number < otherNumber
}

// Newest returns the newest version of authentik that the schema knows.
func (s *Schema) Newest() string { return s.Versions[len(s.Versions)-1] }

// WordsOfUnknown says that the schema knows no version of authentik as new, or as old, or
// nothing where it does.
func (s *Schema) WordsOfUnknown(version string) string {
	switch {
	case Before(s.Newest(), version):
		return "authentik " + version + " is newer than " + s.Newest() + ", the newest that this aksync knows: what it does not know it leaves as it is"
	case Before(version, s.Versions[0]):
		return "authentik " + version + " is older than " + s.Versions[0] + ", the oldest that this aksync knows"
	}
	return ""
}
