package report

import (
	"reflect"
	"strings"
	"unicode/utf8"
)

// paired makes one of an object that goes and one that comes right after it where only
// one member differs: it is the same one, changed.
func paired(elements []element) []element {
	var result []element
	for from := 0; from < len(elements); {
		gone := from
		for gone < len(elements) && elements[gone].sign == '-' {
			gone++
		}
		come := gone
		for come < len(elements) && elements[come].sign == '+' {
			come++
		}
		if gone == from || come == gone {
			result = append(result, elements[from])
			from++
			continue
		}
		result = append(result, pairsOf(elements[from:gone], elements[gone:come])...)
		from = come
	}
	return result
}

// pairsOf joins those that go and those that come: each with the first that it can be.
func pairsOf(gone, come []element) []element {
	const most = 100 // each is compared with each
	if len(gone) > most || len(come) > most {
		return append(gone[:len(gone):len(gone)], come...)
	}
	taken := map[int]map[string]any{}
	var result []element
	for _, old := range gone {
		at := -1
		was, _ := old.value.(map[string]any)
		for i, now := range come {
			is, _ := now.value.(map[string]any)
			if _, has := taken[i]; !has && at < 0 && differing(was, is) != "" {
				at = i
			}
		}
		if at < 0 {
			result = append(result, old)
			continue
		}
		taken[at] = was
	}
	for i, now := range come {
		if was, has := taken[i]; has {
			now.sign, now.was = '~', was
		}
		result = append(result, now)
	}
	return result
}

// differing is the one member in which two objects differ that have the same ones, of
// which there are several; empty where that is not so.
func differing(a, b map[string]any) string {
	if len(a) < 2 || len(a) != len(b) {
		return ""
	}
	name := ""
	for key, value := range a {
		other, has := b[key]
		if !has || name != "" && !reflect.DeepEqual(value, other) {
			return ""
		}
		if !reflect.DeepEqual(value, other) {
			name = key
		}
	}
	return name
}

// memberRows shows an object of which one member changes: that one, after those that
// stay as far as there is room; and below them where there is too little.
func (e element) memberRows() []row {
	is, _ := e.value.(map[string]any)
	name := differing(e.was, is)
	stay, width := e.staying(is, name), room(elementDepth)
	label := foldMiddle(name, isPrint, "", columns/4) + ":"
	change := label + " " + string(appendLiteral(nil, e.was[name])) + " -> " + string(appendLiteral(nil, is[name]))
	if utf8.RuneCountInString(stay+change) <= width {
		return []row{{'~', elementDepth, stay + change}}
	}
	return append([]row{{'~', elementDepth, stay + label}}, pairRows(elementDepth+1, e.was[name], is[name])...)
}

// staying shows the members that stay beside the one that changes, as far as there is
// room for them.
func (e element) staying(is map[string]any, name string) string {
	var shown strings.Builder
	for _, key := range keysOf(is) {
		member := foldMiddle(key, isPrint, "", columns/4) + ": " + Literal(is[key], columns/4) + ", "
		if key != name && utf8.RuneCountInString(shown.String()+member) <= columns/2 {
			shown.WriteString(member)
		}
	}
	return shown.String()
}

// longRows shows an object that is too long for one row: a row for each member.
func (e element) longRows(object map[string]any) []row {
	const most = 8
	var rows []row
	keys, depth := keysOf(object), elementDepth
	for i, key := range keys {
		if i == most {
			rows = append(rows, row{e.sign, depth, ellipsis + " " + grouped(len(keys)-most) + " more"})
			break
		}
		name := foldMiddle(key, isPrint, "", columns/4) + ": "
		rows = append(rows, row{e.sign, depth, name + Literal(object[key], room(depth)-utf8.RuneCountInString(name))})
		depth = elementDepth + 1
	}
	return rows
}
