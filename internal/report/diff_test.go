package report_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aksync/aksync/sync"
)

// shownRow is a row of a list as a reader has it: the place that an element
// came from and has now, where it is said to have moved.
type shownRow struct {
	sign     byte
	text     string
	from, to int
}

var (
	movedNote = regexp.MustCompile(`^(.*) \(moved from (\d+) to (\d+)\)$`)
	foldNote  = regexp.MustCompile(`^… ([\d,]+) more`)
)

// shownRows takes the rows of a list from a plan with one change of one field.
func shownRows(text string) []shownRow {
	var rows []shownRow
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "    ") {
			continue
		}
		r := shownRow{sign: line[4], text: strings.TrimSuffix(line[6:], "\n")}
		if match := movedNote.FindStringSubmatch(r.text); match != nil {
			r.text = match[1]
			r.from, _ = strconv.Atoi(match[2])
			r.to, _ = strconv.Atoi(match[3])
		}
		rows = append(rows, r)
	}
	return rows
}

// apply does to a list what the rows say: what goes and what moves is taken
// out, what is left keeps its order, and what moves has come from where it is
// said to.
func apply(before []any, rows []shownRow) ([]any, error) {
	left := slices.Clone(before)
	for _, r := range rows {
		if r.sign != '~' {
			continue
		}
		switch {
		case r.from == r.to:
			return nil, fmt.Errorf("%s has moved from %d to %d", r.text, r.from, r.to)
		case r.from < 1 || r.from > len(before) || left[r.from-1] == nil || literal(before[r.from-1]) != r.text:
			return nil, fmt.Errorf("%s was not at %d, or is said twice to have been there", r.text, r.from)
		}
		left[r.from-1] = nil
	}
	left = slices.DeleteFunc(left, func(element any) bool { return element == nil })
	after := []any{}
	for _, r := range rows {
		switch r.sign {
		case ' ', '-':
			if len(left) == 0 || literal(left[0]) != r.text {
				return nil, fmt.Errorf("%s is not next of %v", r.text, left)
			}
			if r.sign == ' ' {
				after = append(after, left[0])
			}
			left = left[1:]
		case '~':
			if r.to != len(after)+1 {
				return nil, fmt.Errorf("%s is said to be at %d, and is at %d", r.text, r.to, len(after)+1)
			}
			after = append(after, before[r.from-1])
		case '+':
			text, err := strconv.Unquote(r.text)
			if err != nil {
				return nil, err
			}
			after = append(after, text)
		}
	}
	if len(left) > 0 {
		return nil, fmt.Errorf("nothing is said of %v", left)
	}
	return after, nil
}

func literal(element any) string { return fmt.Sprintf("%q", element) }

func listChange(before, after []any) *sync.Change {
	return updateOf("x", sync.FieldChange{Name: "backends", Before: before, After: after})
}

// Whoever does to the old list what the rows say has the new one, whatever the
// two are.
func TestListRowsGiveTheNewList(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		// Few that stay in a row, so that none are folded.
		word := rapid.SampledFrom([]any{"a", "b", "c", "d", "e"}[:rapid.IntRange(1, 5).Draw(rt, "words")])
		before := rapid.SliceOfN(word, 0, 12).Draw(rt, "before")
		after := rapid.SliceOfN(word, 0, 12).Draw(rt, "after")
		if rapid.Bool().Draw(rt, "permuted") {
			after = rapid.Permutation(before).Draw(rt, "order")
		}
		text := textOf(t, passOf(t, listChange(before, after)))
		if strings.Contains(text, "…") {
			return
		}
		got, err := apply(before, shownRows(text))
		if err != nil || !slices.Equal(got, after) {
			rt.Fatalf("%v -> %v is written as\n%s\nwhich gives %v (%v)", before, after, text, got, err)
		}
	})
}

// What is not shown is counted, and what is shown is no more than a reader takes
// in, however long the lists and however many the fields.
func TestRowsAreBounded(t *testing.T) {
	const mostOfField, mostOfChange = 40, 200
	rapid.Check(t, func(rt *rapid.T) {
		lists := rapid.SliceOfN(rapid.Int8Range(0, 60), 0, 300)
		var fields []sync.FieldChange
		for i := range rapid.IntRange(1, 12).Draw(rt, "fields") {
			fields = append(fields, sync.FieldChange{Name: fmt.Sprintf("f%d", i), Before: anyOf(lists.Draw(rt, "before")), After: anyOf(lists.Draw(rt, "after"))})
		}
		text := textOf(t, passOf(t, updateOf("x", fields...)))
		rows, field := 0, -1
		stands := make([]map[byte]int, len(fields))
		ofField := 0
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "  ~ f") {
				field, ofField = field+1, 0
				stands[field] = map[byte]int{}
				rows++
			}
			if !strings.HasPrefix(line, "    ") {
				continue
			}
			if rows, ofField = rows+1, ofField+1; ofField > mostOfField {
				rt.Fatalf("%d rows of a field", ofField)
			}
			countRow(stands[field], line[4], line[6:])
		}
		if rows > mostOfChange+2*len(fields) {
			rt.Fatalf("%d rows of %d fields", rows, len(fields))
		}
		for i, f := range fields {
			before, after := f.Before.([]any), f.After.([]any)
			if n := stands[i]; n[' ']+n['~']+n['-'] != len(before) || n[' ']+n['~']+n['+'] != len(after) {
				rt.Fatalf("the rows of %d elements that become %d speak of %v:\n%s", len(before), len(after), n, text)
			}
		}
	})
}

func anyOf(numbers []int8) []any {
	list := make([]any, len(numbers))
	for i, n := range numbers {
		list[i] = fmt.Sprintf("element-%d", n)
	}
	return list
}

// countRow adds what a row speaks of to what the rows before it did.
func countRow(stands map[byte]int, sign byte, text string) {
	number := func(digits string) int {
		n, _ := strconv.Atoi(strings.ReplaceAll(digits, ",", ""))
		return n
	}
	match := foldNote.FindStringSubmatch(text)
	if match == nil {
		stands[sign]++
		return
	}
	parts := regexp.MustCompile(`([-+~])([\d,]+)`).FindAllStringSubmatch(text, -1)
	left := number(match[1])
	for _, part := range parts {
		stands[part[1][0]] += number(part[2])
		left -= number(part[2])
	}
	if len(parts) > 0 {
		sign = ' '
	}
	stands[sign] += left
}

func TestLongListsAreFolded(t *testing.T) {
	numbers := func(from, to int) []any {
		var list []any
		for i := from; i < to; i++ {
			list = append(list, fmt.Sprintf("number %d", i))
		}
		return list
	}
	reversed := numbers(0, 16000)
	slices.Reverse(reversed)
	for _, test := range []struct {
		name          string
		before, after []any
		want          string
	}{
		{"all new", nil, numbers(0, 16000), "    + … 15,961 more\n"},
		{"all gone", numbers(0, 16000), []any{}, "    - … 15,961 more\n"},
		{"all replaced", numbers(0, 16000), numbers(16000, 32000), "      … 31,961 more (-15,961 +16,000)\n"},
		{"one more in the middle", numbers(0, 16000), slices.Concat(numbers(0, 8000), []any{"x"}, numbers(8000, 16000)),
			"      \"number 0\"\n      … 7,998 more that stay\n      \"number 7999\"\n    + \"x\"\n      \"number 8000\"\n      … 7,998 more that stay\n      \"number 15999\"\n"},
		{"from the end to the front", numbers(0, 16000), append([]any{"number 15999"}, numbers(0, 15999)...),
			"    ~ \"number 15999\" (moved from 16000 to 1)\n      \"number 0\"\n      … 15,997 more that stay\n      \"number 15998\"\n"},
		{"the other way round", numbers(0, 16000), reversed, "    ~ … 15,9"},
		{"a repetition less", slices.Repeat([]any{"x"}, 16000), slices.Repeat([]any{"x"}, 15999), "    - \"x\"\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			started := time.Now()
			text := textOf(t, passOf(t, listChange(test.before, test.after)))
			if took := time.Since(started); took > 2*time.Second {
				t.Errorf("it took %s", took)
			}
			if !strings.Contains(text, test.want) || strings.Count(text, "\n") > 50 {
				t.Errorf("it has no\n%sbut is\n%s", test.want, text[:min(len(text), 5000)])
			}
		})
	}
}

// An element that is where it was has not moved, whatever has moved round it.
func TestNothingMovesToWhereItWas(t *testing.T) {
	text := textOf(t, passOf(t, listChange(list("a b c d e"), list("d e c a b"))))
	want := `  ~ backends:
    ~ "d" (moved from 4 to 1)
    ~ "e" (moved from 5 to 2)
      "c"
    ~ "a" (moved from 1 to 4)
    ~ "b" (moved from 2 to 5)
`
	if !strings.Contains(text, want) {
		t.Errorf("it is\n%s", text)
	}
}

func BenchmarkListOf16000(b *testing.B) {
	before := make([]any, 16000)
	for i := range before {
		before[i] = fmt.Sprintf("element-%d", i)
	}
	swapped := slices.Clone(before)
	for i := 0; i+7 < len(swapped); i += 8 {
		swapped[i], swapped[i+7] = swapped[i+7], swapped[i]
	}
	reversed, replaced, repeated := slices.Clone(before), make([]any, len(before)), make([]any, len(before))
	slices.Reverse(reversed)
	for i := range replaced {
		replaced[i], repeated[i] = fmt.Sprintf("other-%d", i), fmt.Sprintf("element-%d", i*7%3)
	}
	for _, bench := range []struct {
		name  string
		after []any
	}{{"swapped", swapped}, {"reversed", reversed}, {"replaced", replaced}, {"repeated", repeated}, {"new", nil}} {
		b.Run(bench.name, func(b *testing.B) {
			pass := passOf(b, listChange(before, bench.after))
			for b.Loop() {
				textOf(b, pass)
			}
		})
	}
	for _, size := range []int{1000, 16000, 128000} {
		b.Run(fmt.Sprintf("repeated on both sides/%d", size), func(b *testing.B) {
			one, other := make([]any, size), make([]any, size)
			for i := range one {
				one[i], other[i] = fmt.Sprintf("e%d", i*7%5), fmt.Sprintf("e%d", i*i%11)
			}
			pass := passOf(b, listChange(one, other))
			for b.Loop() {
				textOf(b, pass)
			}
		})
	}
}
