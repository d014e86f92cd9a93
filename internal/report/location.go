package report

import (
	"net/url"
	"path/filepath"
)

// relative gives a file as it is called from the root of the repository, with
// slashes, and whether it lies below that root: pipelines and code scanning
// find a file by that name and by no other. A file elsewhere keeps its name.
func (a About) relative(file string) (name string, below bool) {
	if a.Root != "" && !filepath.IsAbs(file) {
		file = filepath.Join(a.Dir, file)
	}
	if filepath.IsAbs(file) && a.Root != "" {
		if inside, err := filepath.Rel(a.Root, file); err == nil && filepath.IsLocal(inside) {
			file = inside
		}
	}
	return filepath.ToSlash(filepath.Clean(file)), filepath.IsLocal(file)
}

// uri gives a file as a URI, relative to the root of the repository where it
// lies below it.
func (a About) uri(file string) (uri string, below bool) {
	name, below := a.relative(file)
	target := url.URL{Path: name}
	if filepath.IsAbs(name) {
		target.Scheme = "file"
	}
	return target.String(), below
}
