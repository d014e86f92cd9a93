package yaml

import (
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"github.com/aksync/aksync/internal/blueprint/bounds"
	"github.com/aksync/aksync/internal/tree"
)

// The forms of plain scalars in YAML 1.1 as PyYAML reads it, which is what
// authentik reads blueprints with.
var (
	boolForm  = regexp.MustCompile(`^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$`)
	floatForm = regexp.MustCompile(`^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`)
	intForm   = regexp.MustCompile(`^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$`)
	nullForm  = regexp.MustCompile(`^(?:~|null|Null|NULL|)$`)
	timeForm  = regexp.MustCompile(`^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)$`)
)

// plainScalar gives the data of a plain scalar, or says why PyYAML refuses it.
func plainScalar(text string) (data any, problem string) {
	switch {
	case nullForm.MatchString(text):
		return nil, ""
	case boolForm.MatchString(text):
		return yamlBool(text), ""
	case floatForm.MatchString(text):
		return yamlFloat(text)
	case intForm.MatchString(text):
		return yamlInt(text)
	case timeForm.MatchString(text):
		return tree.Unusable{Why: "a date in YAML: put it in quotes to make it text"}, ""
	case text == "=" || text == "<<":
		return nil, "a lone " + text + " is no value in authentik's YAML: put it in quotes to make it text"
	default:
		return text, ""
	}
}

func yamlBool(text string) bool {
	switch strings.ToLower(text) {
	case "yes", "true", "on":
		return true
	default:
		return false
	}
}

func yamlInt(text string) (any, string) {
	digits, negative := sign(strings.ReplaceAll(text, "_", ""))
	base := 10
	switch {
	case len(digits) > bounds.MostDigits:
		return nil, "a whole number of more than " + strconv.Itoa(bounds.MostDigits) + " digits"
	case strings.HasPrefix(digits, "0b"):
		base, digits = 2, digits[2:]
	case strings.HasPrefix(digits, "0x"):
		base, digits = 16, digits[2:]
	case strings.Contains(digits, ":"):
		return tree.Whole(signedBig(sexagesimalInt(digits), negative)), ""
	case digits != "0" && strings.HasPrefix(digits, "0"):
		base = 8
	}
	number, ok := new(big.Int).SetString(digits, base)
	if !ok {
		return nil, text + " is no whole number"
	}
	return tree.Whole(signedBig(number, negative)), ""
}

// sexagesimalInt reads 1:30 as 90.
func sexagesimalInt(text string) *big.Int {
	number := new(big.Int)
	for part := range strings.SplitSeq(text, ":") {
		digit, _ := new(big.Int).SetString(part, 10)
		number.Add(number.Mul(number, big.NewInt(60)), digit)
	}
	return number
}

func signedBig(number *big.Int, negative bool) *big.Int {
	if negative {
		return number.Neg(number)
	}
	return number
}

func sign(text string) (rest string, negative bool) {
	switch {
	case strings.HasPrefix(text, "-"):
		return text[1:], true
	case strings.HasPrefix(text, "+"):
		return text[1:], false
	default:
		return text, false
	}
}

func yamlFloat(text string) (any, string) {
	digits, negative := sign(strings.ToLower(strings.ReplaceAll(text, "_", "")))
	number := 0.0
	switch {
	case digits == ".inf":
		number = math.Inf(1)
	case digits == ".nan":
		number = math.NaN()
	case strings.Contains(digits, ":"):
		for part := range strings.SplitSeq(digits, ":") {
			digit, _ := strconv.ParseFloat(part, 64)
			number = number*60 + digit
		}
	default:
		// A number out of range is infinite, as in Python.
		var err error
		if number, err = strconv.ParseFloat(digits, 64); err != nil && !math.IsInf(number, 0) {
			return nil, text + " is no number"
		}
	}
	if negative {
		number = -number
	}
	return number, ""
}
