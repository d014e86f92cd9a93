package export

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/aksync/aksync/schema"
)

// Folder is a whole server as a folder of blueprints.
type Folder struct {
	// Files are the blueprints by path, and the list of secrets, if there are any.
	Files []File
	// Entries is how many there are in all of them.
	Entries int
	// LeftOut is how many objects are left out, since authentik brings them itself.
	LeftOut int
	// Guessed is set where aksync does not know what this version of authentik brings,
	// and has gone by what another one does.
	Guessed bool
	// Secrets is how many secrets are left out.
	Secrets int
	// Problems are what is wrong with objects that could not be exported.
	Problems []error
}

// File is a file of a folder, by its path with slashes.
type File struct {
	Path string
	Text []byte
}

// MakeFolder lays objects, as the API lists them by model, out in a folder as a person
// would write it: a file for each application, flow and source with what belongs to it,
// and one by kind for what is shared. A model that is not among the objects could not be
// listed. The same objects give the same files. What authentik itself brings is left
// out as long as it is as it came, but with o.Full.
func MakeFolder(s *schema.Schema, objects map[string][]schema.Object, o Options) (*Folder, error) {
	problems, entries, err := gatherAll(s, objects, o)
	if err != nil {
		return nil, err
	}
	own, guessed, err := broughtBy(o.Server)
	if err != nil {
		return nil, err
	}
	folder := &Folder{Guessed: guessed && !o.Full, Problems: problems}
	l := newLayout(entries)
	files := map[string][]*entry{}
	for _, e := range entries {
		if !o.Full && own.has(e) {
			folder.LeftOut++
			continue
		}
		folder.Entries++
		file := l.file(e)
		files[file] = append(files[file], e)
	}
	return folder, folder.write(l, files, o)
}

// gatherAll makes the entries of all objects, and says which can't be declared.
func gatherAll(s *schema.Schema, objects map[string][]schema.Object, o Options) (problems []error, entries []*entry, err error) {
	kinds, err := o.kinds(s)
	if err != nil {
		return nil, nil, err
	}
	o.Full = false // which would be fields that have their defaults
	objects = ownObjects(s, objects)
	g := &gathering{schema: s, options: o, objects: objects, targets: newTargets(s, objects), whole: map[string]bool{}}
	for _, kind := range kinds {
		_, g.whole[kind.Model] = objects[kind.Model]
	}
	for _, kind := range kinds {
		for _, made := range g.entries(kind) {
			entries = append(entries, &made)
		}
	}
	return g.problems, entries, nil
}

// write adds the text of the files.
func (f *Folder) write(l *layout, files map[string][]*entry, o Options) error {
	secrets := newSecrets(l, files, o)
	for _, path := range members(files) {
		text, err := writeEntries(l.arrange(files[path]), secrets, o.Format)
		if err != nil {
			return fmt.Errorf("writing %s: %w", path, err)
		}
		f.Files = append(f.Files, File{Path: path + "." + cmp.Or(o.Format, YAML), Text: text})
	}
	f.Secrets = len(secrets.all)
	if f.Secrets > 0 {
		f.Files = append(f.Files, File{Path: secretsFile, Text: secrets.list()})
	}
	slices.SortFunc(f.Files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	return nil
}

// writeEntries writes a blueprint of a folder.
func writeEntries(entries []*entry, secrets *secrets, format string) ([]byte, error) {
	if format == CUE {
		return writeFolderCUE(entries, secrets)
	}
	return writeFolderYAML(entries, secrets)
}
