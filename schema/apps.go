package schema

import (
	"embed"
	"io/fs"
	"slices"
	"strings"
)

//go:embed */definitions.cue
var definitions embed.FS

// Apps returns the names of authentik's apps that have a CUE package of their own,
// sorted: core for authentik_core. Each is imported as ImportPath/NAME.
func Apps() []string {
	files, err := fs.Glob(definitions, "*/definitions.cue")
	if err != nil {
		panic(err) // the pattern is a good one
	}
	apps := make([]string, len(files))
	for i, file := range files {
		apps[i], _, _ = strings.Cut(file, "/")
	}
	slices.Sort(apps)
	return apps
}

// AppSource gives the CUE package of an app, and reports whether it has one.
func AppSource(app string) (text []byte, found bool) {
	if !slices.Contains(Apps(), app) {
		return nil, false
	}
	text, err := definitions.ReadFile(app + "/definitions.cue")
	return text, err == nil
}

// AppOf returns the name that an app of models has as a CUE package.
func AppOf(model string) string {
	app, _, _ := strings.Cut(model, ".")
	return strings.TrimPrefix(app, "authentik_")
}
