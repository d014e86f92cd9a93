//go:build !unix

package watch

import "io/fs"

// identOf falls back to the path, from which links have been resolved already.
func identOf(path string, _ fs.FileInfo) any { return path }
