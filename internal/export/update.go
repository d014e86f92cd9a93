package export

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/yamledit"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// Update is what brings an existing folder up to date.
type Update struct {
	// Folder has the files that change, and those that are new.
	Folder *Folder
	// Changed is how many objects' entries were changed, and Added how many objects
	// were added.
	Changed, Added int
	// Gone are the entries of objects that are not there any more, which are left as
	// they are.
	Gone []string
	// ByHand says what differs and could not be changed in the file.
	ByHand []string
}

// MakeUpdate brings the folder dir, whose blueprints planned is a plan of, up to date
// with objects as the API lists them: values that differ are changed where they stand,
// with everything around them as it is, and objects that no blueprint speaks of are
// added where MakeFolder would put them. read gives the text of a file of the folder, or
// nil where it is not there.
func MakeUpdate(s *schema.Schema, objects map[string][]schema.Object, o Options, dir string, planned *sync.Plan, read func(path string) ([]byte, error)) (*Update, error) {
	u := &updating{Update: &Update{Folder: &Folder{}}, dir: dir, read: read, texts: map[string][]byte{}, options: o}
	spoken := map[identity]bool{}
	for _, change := range planned.Changes {
		if change.PK != "" {
			spoken[identity{change.Model, change.PK}] = true
		}
	}
	_, known, err := gatherAll(s, objects, o, true)
	if err != nil {
		return nil, err
	}
	u.live = map[identity]*entry{}
	for _, e := range known {
		u.live[e.identity] = e
	}
	// From below, so that what is changed moves nothing that is yet to be.
	changes := slices.SortedStableFunc(slices.Values(planned.Changes), func(a, b *sync.Change) int { return b.Source.Compare(a.Source) })
	for _, change := range changes {
		if err := u.change(change); err != nil {
			return nil, err
		}
	}
	slices.Reverse(u.Gone)
	slices.Reverse(u.ByHand)
	among := o.Want
	o.Want = func(model, id string) bool {
		return !spoken[identity{model, id}] && (among == nil || among(model, id))
	}
	g, entries, err := gatherAll(s, objects, o, false)
	if err != nil {
		return nil, err
	}
	u.Folder.Problems = g.problems
	l, files, err := u.Folder.layOut(g, entries, objects, o)
	if err != nil {
		return nil, err
	}
	u.Added = u.Folder.Entries
	return u.Update, u.add(l, files)
}

// updating is what one call of MakeUpdate works on.
type updating struct {
	*Update
	dir     string
	options Options
	read    func(path string) ([]byte, error)
	// texts are the files as they will be.
	texts map[string][]byte
	// live are the objects, with all their fields.
	live map[identity]*entry
}

// text is a file as it will be, or nil where it is not there.
func (u *updating) text(path string) ([]byte, error) {
	if text, has := u.texts[path]; has {
		return text, nil
	}
	text, err := u.read(path)
	if err == nil && text != nil {
		u.texts[path] = text
	}
	return text, err
}

// write makes text what the file will be.
func (u *updating) write(file string, text []byte) {
	u.texts[file] = text
	u.Folder.add(file, text)
}

// change puts the live values of an object into its entry.
func (u *updating) change(change *sync.Change) error {
	place := fmt.Sprintf("%s: the %s %q", change.Source, change.Title, change.Name)
	switch change.Action {
	case sync.Create:
		u.Gone = append(u.Gone, place)
		return nil
	case sync.Delete:
		u.ByHand = append(u.ByHand, place+" is to be absent, and is there")
		return nil
	case sync.Update, sync.NoOp:
	default:
		return nil
	}
	if change.Permits != nil {
		u.ByHand = append(u.ByHand, place+" permits what the server does not: take it out, or have it given again")
		return nil
	}
	e := u.live[identity{change.Model, change.PK}]
	permissions := undeclared(e, change)
	if len(change.Fields)+len(permissions) == 0 {
		return nil
	}
	file, err := filepath.Rel(u.dir, change.Source.File)
	if err != nil || !filepath.IsLocal(file) {
		u.ByHand = append(u.ByHand, place+" is in no file of the folder")
		return nil
	}
	file = filepath.ToSlash(file)
	changed := false
	for _, field := range change.Fields {
		text, err := u.text(file)
		if err != nil {
			return err
		}
		text, err = editField(file, text, change.Source.Line, change.Source.Column, field.Name, e)
		if err != nil {
			u.ByHand = append(u.ByHand, fmt.Sprintf("%s: %s: %s", place, field.Name, err))
			continue
		}
		u.write(file, text)
		changed = true
	}
	if len(permissions) > 0 {
		text, err := u.text(file)
		if err != nil {
			return err
		}
		if text, err = addPermissions(file, text, change.Source.Line, change.Source.Column, permissions); err != nil {
			u.ByHand = append(u.ByHand, fmt.Sprintf("%s: permissions: %s", place, err))
		} else {
			u.write(file, text)
			changed = true
		}
	}
	if changed {
		u.Changed++
	}
	return nil
}

// add adds the objects that no blueprint speaks of to their files.
func (u *updating) add(l *layout, files map[string][]*entry) error {
	secrets := newSecrets(files, u.options)
	for _, file := range members(files) {
		text, err := u.text(file)
		if err != nil {
			return err
		}
		entries := files[file]
		if text != nil {
			text, err = appendEntries(l, text, entries, secrets)
		}
		if errors.Is(err, yamledit.ErrByHand) {
			if file, err = u.beside(file); err != nil {
				return err
			}
		}
		if err == nil && text == nil {
			text, err = writeEntries(l.arrange(entries, nil), secrets, u.options.Format)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		u.write(file, text)
	}
	u.Folder.Secrets = len(secrets.all)
	return u.addSecrets(secrets)
}

// beside is a file that is not there yet, beside one that can't be added to.
func (u *updating) beside(file string) (string, error) {
	extension := path.Ext(file)
	for n := 2; ; n++ {
		other := fmt.Sprintf("%s-%d%s", strings.TrimSuffix(file, extension), n, extension)
		if text, err := u.text(other); text == nil || err != nil {
			return other, err
		}
	}
}

// addSecrets adds to the list of secrets what it has not got.
func (u *updating) addSecrets(secrets *secrets) error {
	if len(secrets.all) == 0 {
		return nil
	}
	text, err := u.read(secretsFile)
	if err != nil {
		return err
	}
	if text == nil {
		u.Folder.addSecrets(secrets)
		return nil
	}
	lines := strings.Split(string(text), "\n")
	for _, one := range secrets.all {
		if item := secrets.item(one); !slices.Contains(lines, strings.TrimSpace(item[strings.Index(item, "\n")+1:])) {
			text = append(bytes.TrimRight(text, "\n"), "\n"+item...)
		}
	}
	u.Folder.add(secretsFile, text)
	return nil
}
