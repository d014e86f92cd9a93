package explain

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/aksync/aksync/schema"
)

// YAML writes the blueprint as authentik's own YAML.
func (b *Start) YAML() []byte {
	var out strings.Builder
	for _, line := range b.head("#") {
		fmt.Fprintf(&out, "# %s\n", line)
	}
	fmt.Fprintf(&out, "version: 1\nmetadata:\n  name: %s\nentries:\n  - model: %s\n    identifiers:", text("My "+b.Kind.Title), b.Kind.Model)
	writeYAML(&out, b.Identifiers)
	if len(b.Attrs) > 0 {
		out.WriteString("\n    attrs:")
		writeYAML(&out, b.Attrs)
	} else if len(b.Further) > 0 {
		out.WriteString("\n    # attrs:")
	}
	for _, setting := range b.Further {
		for _, line := range commented("      #", "      ##", flow, setting) {
			out.WriteString("\n" + line)
		}
	}
	out.WriteByte('\n')
	return []byte(out.String())
}

func writeYAML(out *strings.Builder, settings []Setting) {
	for _, setting := range settings {
		fmt.Fprintf(out, "\n      %s:%s", text(setting.Field.Name), block(setting.Value, "        "))
	}
}

// head says what the blueprint is.
func (b *Start) head(mark string) []string {
	lines := wrap("", "", fmt.Sprintf("To start from: a blueprint for authentik %s with one %s. Put your own values in, "+
		"and take the %s away from what else is to be set.", b.Version, b.Kind.Title, mark), columns-1-len(mark))
	if b.Kind.Enterprise {
		lines = append(lines, "authentik needs an enterprise licence for it.")
	}
	return append(lines, fmt.Sprintf("What each field is: aksync explain %s", b.name))
}

// commented writes a field in a comment, with what it takes behind it, or in comments
// of their own before it where that is too long for the line.
func commented(mark, twice string, write func(any) string, s Setting) []string {
	line := fmt.Sprintf("%s %s: %s", mark, text(s.Field.Name), write(s.Value))
	if behind := line + "  " + strings.TrimSpace(mark) + " " + strings.ReplaceAll(s.What, tied, " "); utf8.RuneCountInString(behind) <= columns {
		return []string{behind}
	}
	if s.What == string(schema.Text) {
		return []string{line} // which is plain to see
	}
	return append(wrap(twice+" ", twice+" ", s.What, columns), line)
}
