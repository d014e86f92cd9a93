package blueprint

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/aksync/aksync/schema"
)

// node is something written in a blueprint, before or after its tags were
// evaluated: what YAML and CUE have in common.
//
// data is nil, a bool, an int64, a *big.Int, a float64, a string, a list, a
// dict, a *call, an unusable, a broken or a schema.Pending. Nodes are never changed once
// they are made: aliases share them.
type node struct {
	place schema.Place
	data  any
}

type list []node

// dict is a mapping in the order it was written. Unlike a schema.Map it keeps
// what its keys are: Python tells 1 from "1".
type dict []pair

type pair struct{ key, value node }

// call is a tag with what follows it: text, or a list of arguments.
type call struct {
	tag string
	arg node
}

// unusable is a value that YAML knows and a blueprint can't hold. It is an
// error only where it would be used.
type unusable struct{ why string }

// broken is a value whose problem is known already.
type broken struct{}

// get gives the value under a key that is text.
func (d dict) get(key string) (node, bool) {
	for _, p := range d {
		if p.key.data == key {
			return p.value, true
		}
	}
	return node{}, false
}

// find gives the position of a key, as Python compares keys, or -1.
func (d dict) find(key any) int {
	wanted := keyID(key)
	for i, p := range d {
		if keyID(p.key.data) == wanted {
			return i
		}
	}
	return -1
}

// keyID is equal for keys that Python takes for the same one.
func keyID(key any) string {
	switch key := key.(type) {
	case string:
		return "s" + key
	case bool:
		if key {
			return "n1"
		}
		return "n0"
	case int64:
		return "n" + strconv.FormatInt(key, 10)
	case *big.Int:
		return "n" + key.String()
	case float64:
		return "n" + strconv.FormatFloat(key, 'f', -1, 64)
	default:
		return ""
	}
}

// isKey tells whether a mapping can have the data for a key.
func isKey(data any) bool {
	switch data.(type) {
	case nil, bool, int64, *big.Int, float64, string:
		return true
	default:
		return false
	}
}

// keyText is a key as JSON writes it, which is how authentik stores it.
func keyText(key any) string {
	switch key := key.(type) {
	case string:
		return key
	case bool:
		return strconv.FormatBool(key)
	case nil:
		return "null"
	default:
		return pythonText(key)
	}
}

// pathKey is a key as a path shows it: keys may be as long as the file.
func pathKey(key any) string {
	const most = 60
	if !isKey(key) {
		return typeName(key)
	}
	text := keyText(key)
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// value gives an evaluated node as the schema knows it.
func (n node) value() schema.Value {
	switch data := n.data.(type) {
	case list:
		elements := make([]schema.Value, len(data))
		for i, element := range data {
			elements[i] = element.value()
		}
		return schema.Value{Place: n.place, Data: elements}
	case dict:
		members := make(schema.Map, len(data))
		for i, p := range data {
			members[i] = schema.Member{Place: p.key.place, Key: keyText(p.key.data), Value: p.value.value()}
		}
		return schema.Value{Place: n.place, Data: members}
	default:
		return schema.Value{Place: n.place, Data: data}
	}
}

// fromValue is the way back, for what a lookup answered. What has no place of
// its own gets the one that is given.
func fromValue(v schema.Value, place schema.Place) node {
	if v.Place != (schema.Place{}) {
		place = v.Place
	}
	switch data := v.Data.(type) {
	case []schema.Value:
		elements := make(list, len(data))
		for i, element := range data {
			elements[i] = fromValue(element, place)
		}
		return node{place, elements}
	case schema.Map:
		pairs := make(dict, len(data))
		for i, member := range data {
			pairs[i] = pair{node{place, member.Key}, fromValue(member.Value, place)}
		}
		return node{place, pairs}
	default:
		return node{place, data}
	}
}

// whole gives a number as an int64 if it fits.
func whole(number *big.Int) any {
	if number.IsInt64() {
		return number.Int64()
	}
	return number
}
