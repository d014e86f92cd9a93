package tags

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"unicode/utf8"

	"github.com/aksync/aksync/internal/tree"
)

func (s spec) mismatch(arg any) error {
	return fmt.Errorf("%s wants a number: it got %s", s.verb, tree.TypeName(arg))
}

func (s spec) character(arg any) (string, error) {
	switch arg := arg.(type) {
	case string:
		if utf8.RuneCountInString(arg) == 1 {
			return s.pad(arg), nil
		}
	case int64:
		if arg >= 0 && arg <= utf8.MaxRune && utf8.ValidRune(rune(arg)) {
			return s.pad(string(rune(arg))), nil
		}
	}
	return "", fmt.Errorf("%s wants one character: it got %s", s.verb, tree.TypeName(arg))
}

func toBig(arg any) *big.Int {
	switch arg := arg.(type) {
	case bool:
		if arg {
			return big.NewInt(1)
		}
		return new(big.Int)
	case int64:
		return big.NewInt(arg)
	case *big.Int:
		return arg
	default:
		return nil
	}
}

func (s spec) integer(arg any, floats bool, base int, prefix string) (string, error) {
	number := toBig(arg)
	if float, isFloat := arg.(float64); isFloat && floats && !math.IsNaN(float) && !math.IsInf(float, 0) {
		number, _ = big.NewFloat(float).Int(nil)
	}
	if number == nil {
		return "", s.mismatch(arg)
	}
	digits := new(big.Int).Abs(number).Text(base)
	digits = strings.Repeat("0", max(0, s.precision-len(digits))) + digits
	if !s.has("#") {
		prefix = ""
	}
	return s.signed(number.Sign() < 0, prefix, digits), nil
}

func (s spec) float(arg any, letter byte) (string, error) {
	number, isFloat := arg.(float64)
	if !isFloat {
		whole := toBig(arg)
		if whole == nil {
			return "", s.mismatch(arg)
		}
		number, _ = new(big.Float).SetInt(whole).Float64()
	}
	if math.IsInf(number, 0) || math.IsNaN(number) {
		return "", fmt.Errorf("%s got a number that is not finite", s.verb)
	}
	directive := "%"
	if s.has("#") {
		directive += "#"
	}
	precision := s.precision
	if precision < 0 {
		precision = 6
	}
	if letter == 'F' {
		letter = 'f'
	}
	digits := fmt.Sprintf(fmt.Sprintf("%s.%d%c", directive, precision, letter), math.Abs(number))
	return s.signed(math.Signbit(number), "", digits), nil
}

// signed puts sign, prefix and padding around the digits of a number.
func (s spec) signed(negative bool, prefix, digits string) string {
	sign := ""
	switch {
	case negative:
		sign = "-"
	case s.has("+"):
		sign = "+"
	case s.has(" "):
		sign = " "
	}
	if missing := s.width - len(sign+prefix+digits); missing > 0 && s.has("0") && !s.has("-") {
		digits = strings.Repeat("0", missing) + digits
	}
	return s.pad(sign + prefix + digits)
}
