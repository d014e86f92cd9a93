package schema

import (
	"fmt"
	"path"
	"strings"
)

// Filing says in which file of a folder an export of a whole server puts an object;
// #Filing in kind.cue says what each word means.
type Filing struct {
	Folder string `json:"folder,omitempty"`
	Name   string `json:"name,omitempty"`
	Head   bool   `json:"head,omitempty"`
	Joins  bool   `json:"joins,omitempty"`
	With   string `json:"with,omitempty"`
	Left   bool   `json:"left,omitempty"`
}

// SharedFile returns the path, without what says the format, of the file of those
// objects of the kind that have no better place.
func (k *Kind) SharedFile() string {
	name := k.File.Name
	if name == "" {
		name = plural(strings.ToLower(strings.ReplaceAll(k.Title, " ", "-")))
	}
	return path.Join(k.File.Folder, name)
}

// IsFiled reports whether an export of a whole server has objects of the kind: people make
// them, or can change them at least.
func (k *Kind) IsFiled() bool { return k.Path != "" && !k.File.Left && (k.Create || k.Update) }

// IsReserved reports whether an object of the kind has a name that only authentik gives.
func (k *Kind) IsReserved(object Object) bool {
	field := k.Fields.Field(k.Key)
	return field != nil && field.isReserved(object[k.Key])
}

// plural makes one of an English word.
func plural(word string) string {
	switch stem, isY := strings.CutSuffix(word, "y"); {
	case isY:
		return stem + "ies"
	case strings.HasSuffix(word, "s"):
		return word
	default:
		return word + "s"
	}
}

// verifyFile makes sure that the field that says in whose file an object is refers to
// something.
func (k *Kind) verifyFile() error {
	if k.File.With == "" {
		return nil
	}
	if field := k.Fields.Field(k.File.With); field == nil || field.Refers == "" {
		return fmt.Errorf("its file is that of its %q, which is none of its references", k.File.With)
	}
	return nil
}
