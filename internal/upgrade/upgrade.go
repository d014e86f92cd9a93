// Package upgrade rewrites blueprints for a later version of authentik, as far as that
// needs nobody who knows what is meant.
package upgrade

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/internal/yamledit"
	"github.com/aksync/aksync/schema"
)

// Upgrade is what becomes of blueprints.
type Upgrade struct {
	// Files are those that change, by path.
	Files []*File
	// Left are what is left to do by hand, in the order of the entries.
	Left []schema.Finding
}

// File is one file that changes.
type File struct {
	Path     string
	Old, New []byte
	// Done says what was changed, each with its place in the old file.
	Done []tree.Problem
	// secret are the lines that no output may have.
	secret map[int]bool
}

// Make rewrites the files of entries, which were read from a blueprint each, for a version;
// skipped are those whose conditions are false. read gives the text of a file.
func Make(s *schema.Schema, entries, skipped []*tree.Entry, from, version string, read func(path string) ([]byte, error)) (*Upgrade, error) {
	u := &Upgrade{}
	mended := map[string][]mending{}
	for entry, finding := range s.AllFindings(entries, skipped, from, version) {
		path := finding.Place.File
		switch {
		case finding.Mend == nil || entry.Place.File != path:
			u.Left = append(u.Left, finding)
		case filepath.Ext(path) == ".cue":
			finding.Message += "; CUE has to be changed by hand"
			u.Left = append(u.Left, finding)
		default:
			mended[path] = append(mended[path], mending{finding, entry})
		}
	}
	for _, path := range slices.Sorted(maps.Keys(mended)) {
		slices.SortStableFunc(mended[path], func(a, b mending) int { return a.at().Compare(b.at()) })
		text, err := read(path)
		if err != nil {
			return nil, err
		}
		file, left := rewrite(s, path, text, mended[path])
		u.Left = append(u.Left, left...)
		if len(file.Done) > 0 {
			u.Files = append(u.Files, file)
		}
	}
	slices.SortStableFunc(u.Left, func(a, b schema.Finding) int { return a.Place.Compare(b.Place) })
	return u, nil
}

// mending is a finding that can be mended, and the entry that it is in.
type mending struct {
	schema.Finding
	source *tree.Entry
}

// rewrite makes the changes of one file. Those that can't be made are left.
func rewrite(s *schema.Schema, path string, text []byte, mendings []mending) (file *File, left []schema.Finding) {
	changes := make([]yamledit.Change, len(mendings))
	for i, m := range mendings {
		changes[i] = m.change()
	}
	edited, made := yamledit.Apply(text, changes)
	file = &File{Path: path, Old: text, New: edited}
	for i, m := range mendings {
		if !made[i] {
			m.Message += "; " + yamledit.ErrByHand.Error()
			left = append(left, m.Finding)
			continue
		}
		file.hide(s, m)
		file.Done = append(file.Done, tree.Problem{Place: m.at(), Path: m.Path, Message: m.words()})
	}
	return file, left
}

// at is where the change is made: at a value, or at a field's name.
func (m mending) at() tree.Place {
	if m.Mend.Now != "" {
		return m.Mend.At
	}
	return m.Place
}

func (m mending) change() yamledit.Change {
	change := yamledit.Change{
		Entry: yamledit.Place{Line: m.source.Place.Line, Column: m.source.Place.Column}, At: yamledit.Place{Line: m.at().Line, Column: m.at().Column},
		From: m.Mend.Field, To: m.Mend.To, Listed: m.Mend.Listed, Null: m.Mend.Null,
	}
	if m.Mend.Now != "" {
		change.From, change.To = m.Mend.Was, m.Mend.Now
	}
	return change
}

// words say what was changed.
func (m mending) words() string {
	switch {
	case m.Mend.Now != "":
		return fmt.Sprintf("%s is now %s", tree.Describe(m.Mend.Was), tree.Describe(m.Mend.Now))
	case m.Mend.Listed:
		return fmt.Sprintf("%s is now %s, a list", m.Mend.Field, m.Mend.To)
	default:
		return fmt.Sprintf("%s is now %s", m.Mend.Field, m.Mend.To)
	}
}
