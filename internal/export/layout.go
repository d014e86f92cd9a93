package export

// home is the file that an object belongs to. An object of which nothing says
// anything has none yet.
type home struct {
	file string // its path, without what says the format
	// several is set where objects of more than one file use it.
	several bool
}

// layout finds the files of a folder that objects belong to: those of a kind that
// says so have one each, and an object that is used in one file alone goes there
// with it (schema.Filing).
type layout struct {
	entries map[identity]*entry
	homes   map[identity]home
	// parts are the objects that an object gives its home to, and within those that
	// are always where it is.
	parts, within map[identity][]identity
	// around is the object in whose file one is.
	around map[identity]identity
	names  fileNames
}

// newLayout lays out all objects, those too that are not exported: they use others
// all the same.
func newLayout(entries []*entry) *layout {
	l := &layout{
		entries: map[identity]*entry{}, homes: map[identity]home{}, parts: map[identity][]identity{},
		within: map[identity][]identity{}, around: map[identity]identity{}, names: newFileNames(entries),
	}
	for _, e := range entries {
		l.entries[e.identity] = e
	}
	for _, e := range entries {
		l.link(e)
	}
	for _, e := range entries {
		_, inside := l.around[e.identity]
		switch {
		case e.kind.File.Head:
			l.settle(e.identity, home{file: l.names[e.identity]})
		case !e.kind.File.Joins && !inside:
			l.settle(e.identity, home{file: e.kind.SharedFile()})
		}
	}
	for _, e := range entries { // what nothing uses
		if _, has := l.homes[e.identity]; !has {
			l.settle(e.identity, home{several: true})
		}
	}
	return l
}

// link notes what an object has to do with others.
func (l *layout) link(e *entry) {
	for _, f := range e.all() {
		if f.of == nil {
			continue
		}
		for _, to := range referred(f.value) {
			target := l.entries[to]
			switch {
			case target == nil || to == e.identity:
			case f.of.Name == e.kind.File.With:
				l.around[e.identity] = to
				l.within[to] = append(l.within[to], e.identity)
			case target.kind.File.Joins && !f.of.Loose:
				l.parts[e.identity] = append(l.parts[e.identity], to)
			}
		}
	}
}

// referred returns the objects that a field refers to, not those that only help to
// find them.
func referred(value any) []identity {
	switch value := value.(type) {
	case reference:
		return []identity{value.to}
	case []any:
		var all []identity
		for _, element := range value {
			all = append(all, referred(element)...)
		}
		return all
	default:
		return nil
	}
}

// settle gives an object a home, and with it all that it passes it on to. A home only
// ever changes from none to one and from one to several, so that this ends.
func (l *layout) settle(id identity, in home) {
	was, has := l.homes[id]
	if has && (was.several || was == in) {
		return
	}
	if has {
		in = home{several: true}
	}
	l.homes[id] = in
	for _, part := range l.parts[id] {
		l.settle(part, in)
	}
	for _, inside := range l.within[id] {
		l.settle(inside, in)
	}
}

// file is the path of the file of an object, without what says the format.
func (l *layout) file(e *entry) string {
	const deepest = 10 // what is within what is within …
	at := e
	for range deepest {
		around, inside := l.entries[l.around[at.identity]]
		if !inside {
			break
		}
		at = around
	}
	if in := l.homes[at.identity]; !in.several {
		return in.file
	}
	return at.kind.SharedFile()
}
