package export

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/aksync/aksync/schema"
)

// Part is an object that has a file of its own in a folder, with all that belongs to it.
type Part struct {
	// Folder is where objects of its kind have their files, and Name what people call
	// it.
	Folder, Name string
	// Title is what people call an object of that folder, for messages.
	Title string
}

// MakePart lays a part out as the file of it that MakeFolder makes: what others use too
// is referred to, and so is what authentik manages itself. What else authentik brought
// is there where only the part uses it. objects are those of the whole server, since all
// of them say what is used where. o may choose some models and names of what is there;
// with o.Full fields have their defaults, too. The folder has that file alone.
func MakePart(s *schema.Schema, objects map[string][]schema.Object, o Options, part Part) (*Folder, error) {
	chosen, err := o.kinds(s)
	if err != nil {
		return nil, err
	}
	models, names := o.Models, newNameFilter(o.Names)
	o.Models, o.Names = nil, nil
	g, all, err := gatherAll(s, objects, o, o.Full)
	if err != nil {
		return nil, err
	}
	head, err := part.find(all)
	if err != nil {
		return nil, err
	}
	own, _, err := broughtBy(o.Server)
	if err != nil {
		return nil, err
	}
	l := newLayout(all)
	home := l.file(head)
	entries := slices.DeleteFunc(all, func(e *entry) bool {
		return l.file(e) != home || g.refused[e.identity] || !o.wants(e) || e.managed && !o.Full && own.has(e) ||
			len(models) > 0 && !slices.Contains(chosen, e.kind) || !names.wants(e.name)
	})
	switch problems := names.problems(); {
	case len(problems) > 0:
		return nil, problems[0]
	case len(entries) == 0:
		return nil, fmt.Errorf("nothing of the %s %q is of the models", part.Title, part.Name)
	}
	folder := &Folder{Problems: g.problems}
	folder.note(entries)
	slices.SortFunc(entries, before)
	path := home + "." + cmp.Or(o.Format, YAML)
	if _, err := folder.write(l, map[string][]*entry{path: entries}, o); err != nil {
		return nil, err
	}
	return folder, nil
}

// find returns the entry of the object.
func (p Part) find(all []*entry) (*entry, error) {
	var known []string
	for _, e := range all {
		if !e.kind.File.Head || e.kind.File.Folder != p.Folder {
			continue
		}
		if e.name == p.Name {
			return e, nil
		}
		known = append(known, e.name)
	}
	if len(known) == 0 {
		return nil, fmt.Errorf("there is no %s", p.Title)
	}
	slices.Sort(known)
	return nil, fmt.Errorf("there is no %s %q: %s", p.Title, p.Name, schema.Suggest(p.Name, known))
}

// wants reports whether the options ask for an entry.
func (o Options) wants(e *entry) bool { return o.Want == nil || o.Want(e.kind.Model, e.identity.id) }
