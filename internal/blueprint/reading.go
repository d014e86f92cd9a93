package blueprint

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/aksync/aksync/internal/blueprint/cue"
	"github.com/aksync/aksync/internal/blueprint/tags"
	"github.com/aksync/aksync/internal/blueprint/textfile"
)

// reading is what was read the last time, and of what.
type reading struct {
	paths  []string
	policy *tags.Policy
	empty  []string
	made   []made
	// byReal finds what was made of a file by its real path; nil until somebody
	// asks.
	byReal map[string]int
}

// made is a file with what it was made of.
type made struct {
	file   *File
	parts  []part // without their texts
	source textfile.Digest
	seen   []cue.Seen // where its imports led to
	// tries is how often the source as it is could not be evaluated for a reason
	// that may lie elsewhere, such as a machine that was busy, and rest how many
	// readings pass before it is tried again though nothing changed: none after
	// the first time, and then more and more.
	tries, rest int
}

// unchanged tells whether what a file's tags and its CUE look at is as it was,
// and may be looked at still.
func (m made) unchanged(p *tags.Policy) bool {
	return m.file != nil && m.file.inputs != nil && (m.tries == 0 || m.rest > 0) &&
		slices.Equal(m.file.inputs.Policy.Roots, p.Roots) && slices.Equal(m.file.inputs.Policy.Secrets, p.Secrets) && m.file.inputs.Unchanged() &&
		!slices.ContainsFunc(m.seen, func(s cue.Seen) bool { return !s.Unchanged() })
}

// byKey gives what was made, by the names of the files that it was made of.
func (r *reading) byKey() map[string]made {
	if r == nil {
		return nil
	}
	made := make(map[string]made, len(r.made))
	for _, m := range r.made {
		made[source{parts: m.parts}.key()] = m
	}
	return made
}

// find gives what was made of the file with that real path.
func (r *reading) find(real string) (at int, found bool) {
	if r.byReal == nil {
		r.byReal = make(map[string]int, len(r.made))
		for i, m := range r.made {
			for _, p := range m.parts {
				r.byReal[p.real] = i
			}
		}
	}
	at, found = r.byReal[real]
	return at, found
}

// Refresh is Read where it is known which files changed since the last reading,
// by their absolute paths without symlinks: it looks at no others, as far as
// that is enough. A change of an environment variable or of a file that tags look
// at is not among what it finds.
func (r *Reader) Refresh(ctx context.Context, paths, changed []string) (*Set, error) {
	sources, enough := r.changedSources(paths, changed)
	if !enough {
		return r.Read(ctx, paths)
	}
	now := *r.last
	now.made = slices.Clone(r.last.made)
	return r.make(ctx, &now, sources)
}

// changedSources reads the sources that changed; those of the last reading that
// did not are empty. It is not enough where there may be other sources than
// before.
func (r *Reader) changedSources(paths, changed []string) (sources []source, enough bool) {
	if r.last == nil || !slices.Equal(paths, r.last.paths) {
		return nil, false
	}
	cue, named := false, map[int]bool{}
	for _, real := range changed {
		at, known := r.last.find(real)
		switch {
		case known:
			named[at] = true
		case textfile.IsBlueprint(real):
			return nil, false // it is new, or of a CUE module
		}
		cue = cue || filepath.Ext(real) == ".cue"
	}
	sources = make([]source, len(r.last.made))
	for i, m := range r.last.made {
		if !named[i] && !(cue && len(m.seen) > 0) {
			continue
		}
		if sources[i], enough = m.reread(); !enough {
			return nil, false
		}
	}
	return sources, true
}

// reread reads the parts again. That is not enough where one is gone, or belongs
// to another package than before.
func (m made) reread() (s source, enough bool) {
	s.parts = slices.Clone(m.parts)
	for i := range s.parts {
		p := &s.parts[i]
		before := p.pack
		if err := p.read(); err != nil || p.pack != before {
			return source{}, false
		}
	}
	return s, true
}

// make makes those of a reading's files whose sources are not empty, as far as
// they changed, and then remembers the reading.
func (r *Reader) make(ctx context.Context, now *reading, sources []source) (*Set, error) {
	defer r.cue.Stop()
	r.cue.Begin()
	set := &Set{Files: make([]*File, len(sources)), Empty: now.empty}
	for i, s := range sources {
		if s.parts != nil {
			now.made[i] = r.readSource(ctx, s, now.policy, now.made[i])
			if err := ctx.Err(); err != nil {
				return nil, fmt.Errorf("reading blueprints: %w", err)
			}
		}
		set.Files[i] = now.made[i].file
	}
	r.last = now
	return set, nil
}
