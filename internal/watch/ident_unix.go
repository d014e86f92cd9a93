//go:build unix

package watch

import (
	"io/fs"
	"syscall"
)

// ident tells one folder from another, whatever path leads to it.
type ident struct{ dev, ino uint64 }

func identOf(path string, info fs.FileInfo) any {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return path
	}
	// The types of the two fields differ between systems.
	return ident{dev: uint64(stat.Dev), ino: uint64(stat.Ino)}
}
