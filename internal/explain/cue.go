package explain

import (
	"fmt"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/format"

	"github.com/aksync/aksync/schema"
)

// CUE writes the blueprint as CUE that imports the definition of the kind.
func (b *Start) CUE() ([]byte, error) {
	var out strings.Builder
	for _, line := range b.head("//") {
		fmt.Fprintf(&out, "// %s\n", line)
	}
	app := schema.AppOf(b.Kind.Model)
	fmt.Fprintf(&out, "\nimport (\n\t%q\n\t%q\n)\n\nschema.#Blueprint\n\nversion: 1\nmetadata: name: %s\nentries: [%s.#%s & {\n\tidentifiers: {\n",
		schema.ImportPath, schema.ImportPath+"/"+app, quoted("My "+b.Kind.Title), app, b.Kind.Class)
	writeCUE(&out, b.Identifiers)
	out.WriteString("\t}\n\tattrs: {\n")
	writeCUE(&out, b.Attrs)
	for _, setting := range b.Further {
		for _, line := range commented("//", "////", cueValue, setting) {
			fmt.Fprintf(&out, "\t\t%s\n", line)
		}
	}
	out.WriteString("\t}\n}]\n")
	formatted, err := format.Source([]byte(out.String()))
	if err != nil {
		return nil, fmt.Errorf("the blueprint of %s: %w", b.Kind.Model, err)
	}
	return formatted, nil
}

func writeCUE(out *strings.Builder, settings []Setting) {
	for _, setting := range settings {
		fmt.Fprintf(out, "\t\t%s: %s\n", cueLabel(setting.Field.Name), cueValue(setting.Value))
	}
}

// cueLabel quotes names that would hide a package, and those that are none without.
func cueLabel(name string) string {
	if ast.StringLabelNeedsQuoting(name) || name == "schema" {
		return quoted(name)
	}
	return name
}

// cueValue writes a value in one line of CUE, tags by the schema's definitions.
func cueValue(value any) string {
	tag, of, isTag := tagged(value)
	switch value := value.(type) {
	case string:
		return quoted(value)
	case []any:
		parts := make([]string, len(value))
		for i, element := range value {
			parts[i] = cueValue(element)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		if isTag {
			return cueTag(tag, of)
		}
		var parts []string
		for _, key := range sorted(value) {
			parts = append(parts, cueLabel(key)+": "+cueValue(value[key]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return flow(value)
}

func cueTag(tag string, of any) string {
	list, _ := of.([]any)
	switch {
	case tag == "!Find" && len(list) > 1:
		var where []string
		for _, one := range list[1:] {
			pair, _ := one.([]any)
			if len(pair) == 2 {
				where = append(where, fmt.Sprintf("%s: %s", flow(pair[0]), cueValue(pair[1])))
			}
		}
		return fmt.Sprintf("schema.#Find & {#model: %s, #where: {%s}}", cueValue(list[0]), strings.Join(where, ", "))
	case tag == "!Env":
		return fmt.Sprintf("schema.#Env & {#name: %s}", cueValue(of))
	case tag == "!File":
		return fmt.Sprintf("schema.#File & {#path: %s}", cueValue(of))
	}
	return fmt.Sprintf("{%s: %s}", quoted(tag), cueValue(of))
}
