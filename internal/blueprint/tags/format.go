package tags

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/aksync/aksync/internal/tree"
)

// MostPadding bounds the width and the precision that a format may ask for.
const MostPadding = 10_000

// verb is one conversion of a Python format: %[(name)][flags][width][.precision][length]type.
var verb = regexp.MustCompile(`^%(\([^)]*\))?([#0\- +]*)(\*|[0-9]+)?(\.(?:\*|[0-9]*))?[hlL]?(.)?`)

// formatter is Python's format % tuple(args).
type formatter struct {
	args []any
	used int
	made textBuilder
}

// textBuilder puts text together of which parts may be known only after apply.
type textBuilder struct {
	before tree.Text // the parts that are complete
	last   strings.Builder
}

func (b *textBuilder) text(text string) { b.last.WriteString(text) }

func (b *textBuilder) id(id tree.ID) {
	if b.last.Len() > 0 {
		b.before = append(b.before, b.last.String())
		b.last.Reset()
	}
	b.before = append(b.before, id)
}

// result is a string, or a tree.Text.
func (b *textBuilder) result() any {
	if len(b.before) == 0 {
		return b.last.String()
	}
	if b.last.Len() > 0 {
		return append(b.before, b.last.String())
	}
	return b.before
}

// PythonFormat returns format % args as Python does it, as a string or a
// tree.Text, or says what is wrong.
func PythonFormat(format string, args []any) (any, error) {
	f := &formatter{args: args}
	for {
		start := strings.IndexByte(format, '%')
		if start < 0 {
			break
		}
		f.made.text(format[:start])
		match := verb.FindStringSubmatch(format[start:])
		if err := f.convert(match); err != nil {
			return nil, err
		}
		format = format[start+len(match[0]):]
	}
	f.made.text(format)
	if f.used < len(args) {
		return nil, fmt.Errorf("the format uses %d of %d values: want a %%s for each", f.used, len(args))
	}
	return f.made.result(), nil
}

func (f *formatter) next() (any, error) {
	if f.used == len(f.args) {
		return nil, fmt.Errorf("the format asks for more values than the %d that follow it", len(f.args))
	}
	f.used++
	return f.args[f.used-1], nil
}

type spec struct {
	verb      string // with its percent sign, for messages
	flags     string
	width     int
	precision int // -1: none
}

func (s spec) has(flag string) bool { return strings.Contains(s.flags, flag) }

// convert writes what one conversion of the format gives.
func (f *formatter) convert(match []string) error {
	name, letter := match[1], match[5]
	switch {
	case letter == "":
		return fmt.Errorf("the format ends within %s: want %%%% for a percent sign", match[0])
	case match[0] == "%%":
		f.made.text("%")
		return nil
	case name != "":
		return fmt.Errorf("%s asks for a value by name: values have no names here, want %%s", match[0])
	case !strings.Contains("diouxXeEfFgGcrsa", letter):
		return fmt.Errorf("%s is no conversion that Python knows: want %%s, %%d, %%f, … or %%%% for a percent sign", match[0])
	}
	s := spec{verb: match[0], flags: match[2], precision: -1}
	var err error
	if s.width, err = f.size(match[3]); err != nil {
		return err
	}
	if s.width < 0 {
		s.flags, s.width = s.flags+"-", -s.width
	}
	if match[4] != "" {
		if s.precision, err = f.size(match[4][1:]); err != nil {
			return err
		}
		s.precision = max(s.precision, 0)
	}
	arg, err := f.next()
	if err != nil {
		return err
	}
	if letter == "s" && match[0] == "%s" && f.later(arg) {
		return nil
	}
	text, err := s.convert(letter, arg)
	f.made.text(text)
	return err
}

// later writes what is known only after apply, and reports whether arg is that.
func (f *formatter) later(arg any) bool {
	switch arg := arg.(type) {
	case tree.ID:
		if arg.Known == nil {
			f.made.id(arg)
			return true
		}
	case tree.Text:
		for _, part := range arg {
			switch part := part.(type) {
			case tree.ID:
				f.made.id(part)
			case string:
				f.made.text(part)
			}
		}
		return true
	}
	return false
}

// size reads a width or a precision: digits, nothing, or * for the next value.
func (f *formatter) size(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	size := int64(0)
	if text == "*" {
		arg, err := f.next()
		if err != nil {
			return 0, err
		}
		var isInt bool
		if size, isInt = arg.(int64); !isInt {
			return 0, fmt.Errorf("* wants a whole number: it got %s", tree.TypeName(arg))
		}
	} else {
		var err error
		if size, err = strconv.ParseInt(text, 10, 32); err != nil {
			size = math.MaxInt32
		}
	}
	if size > MostPadding || size < -MostPadding {
		return 0, fmt.Errorf("the format asks for %d places: at most %d are taken", size, MostPadding)
	}
	return int(size), nil
}

func (s spec) convert(letter string, arg any) (string, error) {
	if write := map[string]func(any) (string, error){"s": tree.PythonText, "r": tree.PythonRepr, "a": tree.PythonASCII}[letter]; write != nil {
		text, err := write(arg)
		if err != nil {
			return "", fmt.Errorf("%s: %w", s.verb, err)
		}
		return s.pad(s.cut(text)), nil
	}
	if id, isID := arg.(tree.ID); isID && id.Known != nil {
		arg = id.Known
		if key, err := uuid.Parse(tree.KeyText(id.Known)); err == nil && strings.Contains("diu", letter) {
			arg = new(big.Int).SetBytes(key[:]) // as Python counts a UUID
		}
	}
	switch letter {
	case "c":
		return s.character(arg)
	case "d", "i", "u":
		return s.integer(arg, true, 10, "")
	case "o":
		return s.integer(arg, false, 8, "0o")
	case "x":
		return s.integer(arg, false, 16, "0x")
	case "X":
		text, err := s.integer(arg, false, 16, "0x")
		return strings.ToUpper(text), err
	default:
		return s.float(arg, letter[0])
	}
}

func (s spec) mismatch(arg any) error {
	return fmt.Errorf("%s wants a number: it got %s", s.verb, tree.TypeName(arg))
}

func (s spec) cut(text string) string {
	if s.precision >= 0 && utf8.RuneCountInString(text) > s.precision {
		return string([]rune(text)[:s.precision])
	}
	return text
}

func (s spec) pad(text string) string {
	missing := s.width - utf8.RuneCountInString(text)
	if missing <= 0 {
		return text
	}
	if s.has("-") {
		return text + strings.Repeat(" ", missing)
	}
	return strings.Repeat(" ", missing) + text
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
