package report

import (
	"github.com/aksync/aksync/internal/terminal"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/sync"
)

// disabled gives the files that ask for nothing: those that are switched off,
// and those that declare nothing.
func disabled(blueprints *sync.Blueprints) []string {
	files := []string{}
	if blueprints == nil { // a saved plan knows of none
		return files
	}
	for _, file := range blueprints.Files {
		if file.State == tree.Disabled {
			files = append(files, file.Path)
		}
	}
	return files
}

// switchedOff says how many files ask for nothing, and which, as far as a reader
// takes that in; nothing where there are none.
func switchedOff(blueprints *sync.Blueprints) (sentence string, files []string) {
	files = disabled(blueprints)
	if len(files) == 0 {
		return "", nil
	}
	return terminal.Count(len(files), "blueprint is switched off, or declares nothing", "blueprints are switched off, or declare nothing"), files
}
