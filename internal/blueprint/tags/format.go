package tags

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/aksync/aksync/internal/blueprint/bounds"
	"github.com/aksync/aksync/internal/tree"
)

// MostPadding bounds the width and the precision that a format may ask for.
const MostPadding = 10_000

// verb is one conversion of a Python format: %[(name)][flags][width][.precision][length]type.
var verb = regexp.MustCompile(`^%(\([^)]*\))?([#0\- +]*)(\*|[0-9]+)?(\.(?:\*|[0-9]*))?[hlL]?(.)?`)

// format is Python's format % values.
func (e *Evaluator) format(n tree.Value, args tree.List) (tree.Value, error) {
	format, err := e.literal(args[0], "!Format wants a format first")
	failed := firstError{err}
	values := make([]any, len(args)-1)
	for i, arg := range args[1:] {
		value, err := e.need(arg)
		if err == nil {
			err = e.complete(value, "!Format")
		}
		failed.add(err)
		values[i] = value.Data
	}
	if failed.err != nil {
		return tree.Value{}, failed.err
	}
	text, err := PythonFormat(format, values, func(bytes int) error { return e.spend(n.Place, bytes/bounds.StepBytes) })
	switch {
	case errors.Is(err, ErrReported):
		return tree.Value{}, err
	case err != nil:
		return tree.Value{}, e.Report(n.Place, "!Format: %s", err)
	}
	return tree.Value{Place: n.Place, Data: text}, nil
}

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
	size   int
}

func (b *textBuilder) text(text string) {
	b.last.WriteString(text)
	b.size += len(text)
}

func (b *textBuilder) id(id tree.ID) {
	if b.last.Len() > 0 {
		b.before = append(b.before, b.last.String())
		b.last.Reset()
	}
	b.before = append(b.before, id)
	b.size += bounds.StepBytes * bounds.Weight(tree.Text{id})
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
// tree.Text, or says what is wrong. spend is told how many bytes of text were made
// and may end it.
func PythonFormat(format string, args []any, spend func(bytes int) error) (any, error) {
	const often = 4 << 10
	f, told := &formatter{args: args}, 0
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
		if made := f.made.size - told; made > often {
			if err := spend(made); err != nil {
				return nil, err
			}
			told = f.made.size
		}
	}
	f.made.text(format)
	if f.used < len(args) {
		return nil, fmt.Errorf("the format uses %d of %d values: want a %%s for each", f.used, len(args))
	}
	return f.made.result(), spend(f.made.size - told)
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
