package report

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aksync/aksync/internal/terminal"
)

// memberRows compares two JSON objects by path: a row for each value within them that
// comes, goes or changes. There are no more rows than most.
func memberRows(before, after map[string]any, most int) []row {
	d := &members{}
	d.objects("", before, after)
	if left := len(d.rows) - most; left > 0 {
		more := row{' ', elementDepth, ellipsis + " " + grouped(left+1) + " more"}
		d.rows = append(d.rows[:most-1:most-1], more)
	}
	return d.rows
}

// members are rows as they are found.
type members struct{ rows []row }

// leastForValue is what a value has room for beside a path of any length.
const leastForValue = columns / 2

// add adds a row. Of a path that leaves its value no room it leaves out the middle.
func (d *members) add(sign byte, path, text string) {
	path = terminal.Shorten(path, room(elementDepth)-utf8.RuneCountInString(text)-len(": "))
	d.rows = append(d.rows, row{sign, elementDepth, path + ": " + text})
}

func (d *members) objects(path string, before, after map[string]any) {
	for _, key := range keysOf(before, after) {
		at := memberPath(path, key)
		old, was := before[key]
		now, is := after[key]
		switch {
		case !was:
			d.only('+', at, now)
		case !is:
			d.only('-', at, old)
		default:
			d.values(at, old, now)
		}
	}
}

// only shows a value that comes or goes: what is in an object that is too long for one
// line by itself.
func (d *members) only(sign byte, path string, value any) {
	width := room(elementDepth) - utf8.RuneCountInString(path) - len(": ")
	members, isObject := value.(map[string]any)
	if isObject && len(members) > 0 && utf8.RuneCount(appendLiteral(nil, value)) > width {
		for _, key := range keysOf(members) {
			d.only(sign, memberPath(path, key), members[key])
		}
		return
	}
	d.add(sign, path, Literal(value, max(width, leastForValue)))
}

func (d *members) values(path string, before, after any) {
	if reflect.DeepEqual(before, after) {
		return
	}
	a, isObject := before.(map[string]any)
	if b, isToo := after.(map[string]any); isObject && isToo {
		d.objects(path, a, b)
		return
	}
	old, isList := before.([]any)
	if now, isToo := after.([]any); isList && isToo {
		d.lists(path, old, now)
		return
	}
	width := room(elementDepth) - utf8.RuneCountInString(path) - len(": ")
	was, is := Literal(before, width), Literal(after, width)
	if utf8.RuneCountInString(was)+len(" -> ")+utf8.RuneCountInString(is) <= width {
		d.add('~', path, was+" -> "+is)
		return
	}
	was, is = apart(before, after, max(width, leastForValue))
	d.add('-', path, was)
	d.add('+', path, is)
}

// lists shows which elements come and go, each by its own place.
func (d *members) lists(path string, before, after []any) {
	if len(before) == len(after) && !scalars(before) && !scalars(after) {
		for i := range before {
			d.values(fmt.Sprintf("%s[%d]", path, i), before[i], after[i])
		}
		return
	}
	f := compare(before, after)
	kept := map[int]bool{}
	for i, j := range f.stays {
		if j < 0 {
			d.only('-', fmt.Sprintf("%s[%d]", path, i), before[i])
		} else {
			kept[j] = true
		}
	}
	for j, value := range after {
		if !kept[j] {
			d.only('+', fmt.Sprintf("%s[%d]", path, j), value)
		}
	}
}

// scalars reports whether no element of a list has elements of its own.
func scalars(list []any) bool {
	for _, element := range list {
		switch element.(type) {
		case map[string]any, []any:
			return false
		}
	}
	return true
}

// memberPath is the path of a member: a key that is no plain word is in brackets.
func memberPath(path, key string) string {
	const most = 30
	word := key != "" && strings.IndexFunc(key, func(r rune) bool {
		return r >= utf8.RuneSelf || !strings.ContainsRune("_-", r) && !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
	}) < 0
	switch {
	case !word:
		return path + "[" + quote(key, most) + "]"
	case path == "":
		return foldMiddle(key, strconv.IsPrint, "", most)
	default:
		return path + "." + foldMiddle(key, strconv.IsPrint, "", most)
	}
}
