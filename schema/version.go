package schema

import "fmt"

// parseVersion reads the year and the month of a version, which authentik numbers
// its releases by; what follows, such as the patch, does not count.
func parseVersion(version string) (number int, known bool) {
	var year, month int
	n, _ := fmt.Sscanf(version, "%d.%d", &year, &month)
	return year*100 + month, n == 2
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
