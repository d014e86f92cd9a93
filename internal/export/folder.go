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
	// Missing are the objects that authentik brings and that the server has not, sorted.
	Missing []string
	// Guessed is set where aksync does not know what this version of authentik brings,
	// and has gone by what another one does.
	Guessed bool
	// Secrets is how many secrets are left out.
	Secrets int
	// Notes are what had to be left out of objects.
	Notes []string
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
// out as long as it is as it came, but with o.Full; and always what only authentik can
// make.
func MakeFolder(s *schema.Schema, objects map[string][]schema.Object, o Options) (*Folder, error) {
	g, entries, err := gatherAll(s, objects, o, false)
	if err != nil {
		return nil, err
	}
	folder := &Folder{Problems: g.problems}
	l, files, err := folder.layOut(g, entries, objects, o)
	if err != nil {
		return nil, err
	}
	secrets, err := folder.write(l, files, o)
	if err != nil {
		return nil, err
	}
	folder.addSecrets(secrets)
	return folder, nil
}

// layOut decides which entries are written into which files, and sorts those of each.
// listed are the objects of the kinds that could be listed.
func (f *Folder) layOut(g *gathering, entries []*entry, listed map[string][]schema.Object, o Options) (*layout, map[string][]*entry, error) {
	own, guessed, err := broughtBy(o.Server)
	if err != nil {
		return nil, nil, err
	}
	f.Guessed = guessed && !o.Full
	if !guessed && o.Want == nil && len(f.Problems) == 0 {
		f.Missing = own.missing(entries, listed)
	}
	l, files := newLayout(entries), map[string][]*entry{}
	for _, e := range entries {
		switch {
		case !o.wants(e):
		case !e.kind.Create && !own.knows(e):
			f.leaveUnknown(e, own)
		case g.refused[e.identity] || !o.Full && own.has(e):
			f.LeftOut++
		default:
			f.note([]*entry{e})
			path := l.file(e) + "." + cmp.Or(o.Format, YAML)
			files[path] = append(files[path], e)
		}
	}
	for _, inFile := range files {
		slices.SortFunc(inFile, before)
	}
	return l, files, nil
}

// leaveUnknown leaves out what authentik makes for an object of this server: it is known
// by the primary key of that alone. Where it is not as such ones come, that is noted.
func (f *Folder) leaveUnknown(e *entry, own *brought) {
	f.LeftOut++
	if !own.like[e.digest()] {
		f.Notes = append(f.Notes, fmt.Sprintf("the %s %q is left out: authentik makes it for an object of this server, and it has no name that another one would know.", e.kind.Title, e.name))
	}
}

// note counts entries that are written, and notes what is left out of them.
func (f *Folder) note(entries []*entry) {
	f.Entries += len(entries)
	for _, e := range entries {
		f.Notes = append(f.Notes, e.notes...)
	}
}

// refusedOf returns the objects that no blueprint can make, since they have a value that
// nobody may ask for, and those that go with them.
func refusedOf(entries []*entry) map[identity]bool {
	refused, with := map[identity]bool{}, map[identity][]identity{}
	var refuse func(identity)
	refuse = func(id identity) {
		if refused[id] {
			return
		}
		refused[id] = true
		for _, other := range with[id] {
			refuse(other)
		}
	}
	for _, e := range entries {
		for _, f := range e.all() {
			if f.of != nil && f.of.Cascades {
				for _, to := range referred(f.value) {
					with[to] = append(with[to], e.identity)
				}
			}
		}
	}
	for _, e := range entries {
		if e.refused {
			refuse(e.identity)
		}
	}
	return refused
}

// gatherAll makes the entries of all objects, since all say where others belong, with
// defaults or without, and says which can't be declared: nobody is permitted anything by
// those that no blueprint can make.
func gatherAll(s *schema.Schema, objects map[string][]schema.Object, o Options, defaults bool) (*gathering, []*entry, error) {
	if err := o.check(); err != nil {
		return nil, nil, err
	}
	kinds := filed(s)
	o.Full, o.Want = defaults, nil
	objects = ownObjects(s, objects)
	g := &gathering{schema: s, options: o, objects: objects, targets: newTargets(s, objects), folder: true, unlisted: map[*schema.Kind]int{}, whole: map[string]bool{}, permitted: permittedBy(o.Permitted)}
	for _, kind := range kinds {
		_, g.whole[kind.Model] = objects[kind.Model]
	}
	var entries []*entry
	for _, kind := range kinds {
		for _, made := range g.entries(kind) {
			entries = append(entries, &made)
		}
	}
	for kind, count := range g.unlisted {
		g.problems = append(g.problems, fmt.Errorf("%d objects that refer to a %s are left out, too: those can't be listed", count, kind.Title))
	}
	slices.SortStableFunc(g.problems, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	g.refused = refusedOf(entries)
	withoutRefused(entries, g.refused)
	return g, entries, nil
}

// write adds the text of the files, and returns the secrets that they leave out.
func (f *Folder) write(l *layout, files map[string][]*entry, o Options) (*secrets, error) {
	secrets := newSecrets(files, o)
	for _, path := range members(files) {
		text, err := writeEntries(l.arrange(files[path], nil), secrets, o.Format)
		if err != nil {
			return nil, fmt.Errorf("writing %s: %w", path, err)
		}
		f.add(path, text)
	}
	f.Secrets = len(secrets.all)
	return secrets, nil
}

// add adds a file, or gives one that is there another text.
func (f *Folder) add(path string, text []byte) {
	at, has := slices.BinarySearchFunc(f.Files, path, func(file File, path string) int { return cmp.Compare(file.Path, path) })
	if !has {
		f.Files = slices.Insert(f.Files, at, File{Path: path})
	}
	f.Files[at].Text = text
}

// addSecrets adds the list of secrets, where there are any.
func (f *Folder) addSecrets(secrets *secrets) {
	if len(secrets.all) > 0 {
		f.add(secretsFile, secrets.list())
	}
}

// writeEntries writes a blueprint of a folder.
func writeEntries(entries []*entry, secrets *secrets, format string) ([]byte, error) {
	if format == CUE {
		return writeFolderCUE(entries, secrets)
	}
	return writeFolderYAML(entries, secrets)
}
