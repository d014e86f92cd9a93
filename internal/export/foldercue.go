package export

import (
	"path"
	"slices"

	"cuelang.org/go/cue/format"

	"github.com/aksync/aksync/schema"
)

// writeFolderCUE writes a blueprint of a folder with the definitions of authentik's
// apps.
func writeFolderCUE(entries []*entry, secrets *secrets) ([]byte, error) {
	c := &cueWriter{names: names{entries: map[string]string{}}, secrets: secrets}
	imports := []string{schema.ImportPath}
	for _, e := range entries {
		app := schema.AppOf(e.kind.Model)
		c.names.entries[e.kind.Model] = app + ".#" + e.kind.Class
		imports = append(imports, path.Join(schema.ImportPath, app))
	}
	slices.Sort(imports)
	c.print("import (\n")
	for _, imported := range slices.Compact(imports) {
		c.print("%s\n", quote(imported))
	}
	c.print(")\n\n%s.#Blueprint\n\nversion: 1\nentries: [\n", packageName)
	for _, e := range entries {
		c.entry(*e)
	}
	c.print("]\n")
	if c.err != nil {
		return nil, c.err
	}
	return format.Source([]byte(c.text.String()))
}
