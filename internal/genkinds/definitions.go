package genkinds

import (
	"bytes"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"cuelang.org/go/cue/format"

	"github.com/aksync/aksync/schema"
)

// definitionsFile writes the definitions of an app's kinds that people use in
// blueprints, or nothing where none of them is managed.
func definitionsFile(name string, kinds []*schema.Kind) ([]byte, error) {
	var out bytes.Buffer
	for _, kind := range kinds {
		if kind.Managed {
			definition(&out, kind)
		}
	}
	if out.Len() == 0 {
		return nil, nil
	}
	imports := fmt.Sprintf("import %q\n", schema.ImportPath)
	if strings.Contains(out.String(), "strings.") {
		imports = fmt.Sprintf("import (\n\t\"strings\"\n\n\t%q\n)\n", schema.ImportPath)
	}
	text := header + "// Package " + name + " has a definition for each kind of object of one of authentik's\n" +
		"// apps: an entry of a blueprint whose fields are checked.\npackage " + name + "\n\n" + imports + out.String()
	formatted, err := format.Source([]byte(text), format.Simplify())
	if err != nil {
		return nil, fmt.Errorf("the definitions of %s: %w\n%s", name, err, text)
	}
	return formatted, nil
}

func definition(out *bytes.Buffer, kind *schema.Kind) {
	fields := "_#" + strings.ToLower(kind.Class[:1]) + kind.Class[1:]
	fmt.Fprintf(out, "\n// #%s is an entry of the model %s (%s).\n", kind.Class, kind.Model, kind.Title)
	fmt.Fprintf(out, "#%s: schema.#Entry & {\n\tmodel: %q\n", kind.Class, kind.Model)
	fmt.Fprintf(out, "\tidentifiers?: {\n\t\t%s\n", fields)
	for _, field := range kind.FoundBy() {
		fmt.Fprintf(out, "\t\t%s?: %s\n", label(field.Name), constraint(field))
	}
	fmt.Fprintf(out, "\t}\n\tattrs?: %s\n}\n\n%s: {\n", fields, fields)
	for _, field := range kind.Fields.Fields {
		fmt.Fprintf(out, "\t%s?: %s%s\n", label(field.Name), constraint(field), versions(field.Span))
	}
	for _, name := range slices.Sorted(keysOf(kind.Formerly)) {
		fmt.Fprintf(out, "\t%s?: _ // dropped by authentik: %s\n", label(name), kind.Formerly[name])
	}
	out.WriteString("}\n")
}

// versions says in a comment which versions of authentik have something.
func versions(s schema.Span) string {
	if words := s.Words(); words != "" {
		return " // " + words
	}
	return ""
}

// constraint is what a field takes: its own values, and tags.
func constraint(f *schema.Field) string {
	takes := data(f)
	if f.Type == schema.JSON {
		return takes // which a tag is, too
	}
	if f.Nullable {
		takes = "null | " + takes
	}
	for _, variant := range f.Variants {
		if variant.Type == schema.Integer {
			takes += " | int"
		}
	}
	return takes + " | schema.#Tag"
}

// data is what a field takes beside null and tags.
func data(f *schema.Field) string {
	switch f.Type {
	case schema.Text:
		return text(f)
	case schema.Integer:
		return integer(f)
	case schema.Number:
		return "number"
	case schema.Boolean:
		return "bool"
	case schema.Pointer:
		return "schema.#UUID"
	case schema.Time:
		return "schema.#Time"
	case schema.List:
		return list(f)
	case schema.Struct:
		return structure(f)
	}
	switch {
	case f.Mapping && f.Nullable:
		return "null | {...}"
	case f.Mapping:
		return "{...}"
	}
	return "_"
}

// mostNamed is how many values of an enumeration stand as they are; more are a
// pattern, which is found out sooner.
const mostNamed = 20

func text(f *schema.Field) string {
	if len(f.Values) > 0 {
		return choices(f)
	}
	var all []string
	least, most := f.Min, f.Max
	switch {
	case f.Duration:
		all = append(all, "schema.#Duration")
	case least != nil && least.Sign() > 0:
		all = append(all, "schema.#Text")
		if least.Cmp(big.NewInt(1)) > 0 {
			all = append(all, fmt.Sprintf("strings.MinRunes(%s)", least))
		}
	default:
		all = append(all, "schema.#String")
	}
	if f.Pattern != "" {
		all = append(all, "=~"+quote(f.Pattern))
	}
	if most != nil {
		all = append(all, fmt.Sprintf("strings.MaxRunes(%s)", most))
	}
	takes := strings.Join(all, " & ")
	if f.Duration && (least == nil || least.Sign() <= 0) {
		takes = `"" | ` + takes
	}
	return takes
}

func choices(f *schema.Field) string {
	names := make([]string, len(f.Values))
	for i, choice := range f.Values {
		names[i] = quote(choice.Value)
	}
	if len(names) <= mostNamed {
		return strings.Join(names, " | ")
	}
	for i, choice := range f.Values {
		names[i] = strings.ReplaceAll(choice.Value, ".", "[.]")
	}
	return "=~" + quote("^("+strings.Join(names, "|")+")$")
}

func integer(f *schema.Field) string {
	int32s := f.Min != nil && f.Max != nil && f.Min.Int64() == -1<<31 && f.Max.Int64() == 1<<31-1
	if int32s {
		return "int32"
	}
	takes := "int"
	if f.Min != nil {
		takes += fmt.Sprintf(" & >=%s", f.Min)
	}
	if f.Max != nil {
		takes += fmt.Sprintf(" & <=%s", f.Max)
	}
	return takes
}

func list(f *schema.Field) string {
	takes := "[...]"
	if f.Element != nil {
		takes = "[...(" + constraint(f.Element) + ")]"
	}
	if f.Min != nil && f.Min.Sign() > 0 {
		takes = "[_, ...] & " + takes
	}
	return takes
}

func structure(f *schema.Field) string {
	var out strings.Builder
	out.WriteString("{")
	for i, field := range f.Fields.Fields {
		mark := "?"
		if field.Required {
			mark = "!"
		}
		if i > 0 {
			out.WriteString(", ")
		}
		out.WriteString(label(field.Name) + mark + ": " + constraint(field))
	}
	out.WriteString("}")
	return out.String()
}
