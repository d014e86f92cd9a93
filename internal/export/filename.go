package export

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"slices"
	"strings"
)

// reserved are names that Windows takes for devices, whatever follows a dot.
var reserved = []string{"con", "prn", "aux", "nul"}

// longestName is the longest name of a file before what says its format.
const longestName = 80

// fileName makes of any name one that every file system takes and that stays in its
// folder: small letters, digits, hyphens and underscores.
func fileName(name string) string {
	short := slug(name)
	switch {
	case short == "":
		return "x-" + hashed(name)
	case len(short) > longestName:
		return short[:longestName] + "-" + hashed(name)
	case isReserved(short):
		return short + "-" + hashed(name)
	}
	return short
}

func isReserved(name string) bool {
	port := strings.TrimRight(name, "0123456789")
	return slices.Contains(reserved, name) || port != name && (port == "com" || port == "lpt")
}

// slug is a name in small letters, digits and underscores, with a hyphen between what
// is neither.
func slug(name string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(name) {
		if r == '_' || 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
		} else {
			gap = true
		}
	}
	return b.String()
}

// hashed tells names apart that would be written alike.
func hashed(names ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(names, "\x00")))
	return hex.EncodeToString(sum[:4])
}

// fileNames are the paths of the files of objects that have one each, without what says
// the format.
type fileNames map[identity]string

// newFileNames finds them. No two are the same, also where the case of letters does not
// count: those whose names had to be changed for it have a part of a hash behind them.
func newFileNames(entries []*entry) fileNames {
	plain := func(e *entry) string { return path.Join(e.kind.File.Folder, fileName(e.name)) }
	heads := slices.DeleteFunc(slices.Clone(entries), func(e *entry) bool { return !e.kind.File.Head })
	count := map[string]int{}
	for _, e := range heads {
		count[plain(e)]++
	}
	names := fileNames{}
	for _, e := range heads {
		names[e.identity] = plain(e)
		if count[plain(e)] > 1 && fileName(e.name) != e.name {
			names[e.identity] += "-" + hashed(e.kind.Model, e.name)
		}
	}
	return names
}
