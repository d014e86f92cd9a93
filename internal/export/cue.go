package export

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/literal"
	"golang.org/x/text/unicode/norm"

	"github.com/aksync/aksync/schema"
)

// writeCUE writes entries as CUE that imports the schema.
func writeCUE(header string, entries []entry) ([]byte, error) {
	names, err := readNames()
	if err != nil {
		return nil, err
	}
	c := &cueWriter{names: names}
	c.print("// %s\nimport %q\n\n%s.#Blueprint\n\nversion: 1\n", header, schema.ImportPath, packageName)
	if len(entries) == 0 {
		c.print("entries: []\n")
	} else {
		c.print("entries: [\n")
		for _, e := range entries {
			c.entry(e)
		}
		c.print("]\n")
	}
	if c.err != nil {
		return nil, c.err
	}
	return format.Source([]byte(c.text.String()))
}

// cueWriter writes CUE that is yet to be formatted.
type cueWriter struct {
	names names
	// secrets are what entries leave out, each as a line of its own; nil where a comment
	// above an entry names what it leaves out.
	secrets *secrets
	text    strings.Builder
	err     error
}

func (c *cueWriter) print(format string, a ...any) { fmt.Fprintf(&c.text, format, a...) }

func (c *cueWriter) entry(e entry) {
	if comment := e.comment(); c.secrets == nil && comment != "" {
		c.print("// %s\n", comment)
	}
	if name, named := c.names.entries[e.kind.Model]; named {
		c.print("%s & {\n", name)
	} else {
		c.print("{\nmodel: %s\n", quote(e.kind.Model))
	}
	if e.id != "" {
		c.print("id: %s\n", quote(e.id))
	}
	if len(e.identifiers) == 1 {
		c.print("identifiers: ")
		c.field(e.identifiers[0])
	} else {
		c.print("identifiers: {\n")
		for _, f := range e.identifiers {
			c.field(f)
		}
		c.print("}\n")
	}
	if len(e.permissions) > 0 {
		c.print("permissions: [\n")
		for _, permission := range e.permissions {
			c.print("{\n")
			for _, f := range permission {
				c.field(f)
			}
			c.print("},\n")
		}
		c.print("]\n")
	}
	if len(e.fields) > 0 {
		c.print("attrs: {\n")
		for _, f := range e.fields {
			c.field(f)
		}
		c.left(e, "")
		c.print("}\n")
	} else {
		c.left(e, "attrs: ")
	}
	c.print("},\n")
}

// left writes what an entry leaves out as lines that can be taken in.
func (c *cueWriter) left(e entry, before string) {
	if c.secrets == nil {
		return
	}
	for _, one := range c.secrets.of[e.identity] {
		c.print("// %s%s\n", before, c.secrets.cueLine(one))
	}
}

// quote writes text so that CUE reads the same text.
func quote(text string) string { return literal.String.Quote(text) }

// label writes the name of a field. The name of the package is quoted, so that
// the field does not hide it.
func label(name string) string {
	if ast.StringLabelNeedsQuoting(name) || name == packageName {
		return quote(name)
	}
	return name
}

func (c *cueWriter) field(f field) {
	c.print("%s: ", label(f.name))
	c.value(f.value, f.of != nil && len(f.of.Values) > 0)
	c.print("\n")
}

// value writes a value; one that is chosen of those that the schema counts is
// called by its name.
func (c *cueWriter) value(value any, chosen bool) {
	switch value := value.(type) {
	case nil:
		c.print("null")
	case bool:
		c.print("%s", strconv.FormatBool(value))
	case int64:
		c.print("%d", value)
	case *big.Int:
		c.print("%s", value)
	case float64:
		c.print("%s", float(value))
	case string:
		if name, named := c.names.values[value]; chosen && named {
			c.print("%s", name)
			return
		}
		c.print("%s", quote(value))
	case reference:
		c.reference(value)
	case keyOf:
		c.print("%s.#KeyOf & {#id: %s}", packageName, quote(string(value)))
	case []any:
		c.list(value, chosen)
	case map[string]any:
		c.mapping(value)
	default:
		c.fail(fmt.Errorf("a value of the type %T can't be written", value))
	}
}

// reference writes schema.#Find with what it is to find.
func (c *cueWriter) reference(r reference) {
	c.print("%s.#Find & {#model: %s, #where: ", packageName, quote(r.model))
	if len(r.where) != 1 {
		c.print("{")
	}
	for i, condition := range r.where {
		if i > 0 {
			c.print(", ")
		}
		c.print("%s: ", label(condition.name))
		c.value(condition.value, false)
	}
	if len(r.where) != 1 {
		c.print("}")
	}
	c.print("}")
}

func (c *cueWriter) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

func (c *cueWriter) list(list []any, chosen bool) {
	c.print("[")
	for i, element := range list {
		if i > 0 {
			c.print(", ")
		}
		c.value(element, chosen)
	}
	c.print("]")
}

// isStruct tells whether a struct in CUE can hold the keys as they are: one
// whose only field looks like a tag would be read as that tag, and CUE brings
// the names of fields, though no values, to Unicode's normal form C.
func isStruct(keys []string) bool {
	if len(keys) == 1 && strings.HasPrefix(keys[0], "!") {
		return false
	}
	return !slices.ContainsFunc(keys, func(key string) bool { return !norm.NFC.IsNormalString(key) })
}

// mapping writes a struct, or where CUE has none that is the same, JSON for a
// tag to parse.
func (c *cueWriter) mapping(m map[string]any) {
	keys := members(m)
	if !isStruct(keys) {
		text, err := json.Marshal(m)
		c.fail(err)
		c.print("{\"!ParseJSON\": %s}", quote(string(text)))
		return
	}
	c.print("{")
	for i, key := range keys {
		if i > 0 {
			c.print(", ")
		}
		c.print("%s: ", label(key))
		c.value(m[key], false)
	}
	c.print("}")
}
