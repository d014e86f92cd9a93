package blueprint

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"path/filepath"

	"github.com/aksync/aksync/internal/blueprint/bounds"
	"github.com/aksync/aksync/internal/blueprint/cue"
	"github.com/aksync/aksync/internal/blueprint/tags"
	"github.com/aksync/aksync/internal/blueprint/textfile"
	"github.com/aksync/aksync/internal/blueprint/yaml"
	"github.com/aksync/aksync/internal/tree"
)

// onePerCause keeps the first problem of each value, since where CUE and the
// schema both complain of one they mean the same; and the first of those that
// one expression makes again and again, as in a comprehension.
func onePerCause(problems tree.Problems) tree.Problems {
	type cause struct {
		path  string
		other tree.Problem
	}
	seen := map[cause]bool{}
	kept := problems[:0]
	for _, problem := range problems {
		value, expression := cause{path: problem.Path}, cause{other: problem}
		expression.other.Path = ""
		if problem.Path != "" && seen[value] || seen[expression] {
			continue
		}
		seen[value], seen[expression] = true, true
		kept = append(kept, problem)
	}
	return kept
}

// hash identifies names and contents of a source.
func (s source) hash() textfile.Digest {
	h := sha256.New()
	for _, p := range s.parts {
		for _, piece := range [][]byte{[]byte(p.name), p.text} {
			var length [8]byte
			binary.BigEndian.PutUint64(length[:], uint64(len(piece)))
			h.Write(length[:])
			h.Write(piece)
		}
	}
	return textfile.Digest(h.Sum(nil))
}

// readSource gives a source's file: the one before where nothing changed.
func (r *Reader) readSource(ctx context.Context, s source, p *tags.Policy, before made) made {
	now := made{parts: s.parts}
	if s.problem != nil {
		now.file = &File{Path: s.parts[0].name, Status: tree.Invalid, Problems: tree.Problems{*s.problem}}
		return now
	}
	now.source = s.hash()
	if before.source == now.source && before.unchanged(p) {
		now.file, now.seen, now.tries, now.rest = before.file, before.seen, before.tries, before.rest-1
	} else {
		var again bool
		if now.file, now.seen, again = r.load(ctx, s, p); again {
			now.tries = 1
			if before.source == now.source {
				now.tries = before.tries + 1
			}
			now.rest = restAfter(now.tries)
		}
	}
	for i := range now.parts {
		now.parts[i].text = nil
	}
	return now
}

// restAfter returns how many readings pass before a source is tried again that so
// many tries were in vain with: 0, 2, 6, 14 … and at most 254.
func restAfter(tries int) int { return 1<<min(tries, 8) - 2 }

// load makes the file of a source.
func (r *Reader) load(ctx context.Context, s source, p *tags.Policy) (file *File, imports []cue.Seen, again bool) {
	file = &File{Path: s.parts[0].name, Status: tree.Valid, Unmanaged: map[string]int{}, inputs: tags.NewLooks(p)}
	d := &document{
		file:   file,
		shapes: newShapes(),
		strict: r.options.StrictModels,

		unwritten: r.options.NoLiteralSecrets,
		sketchy:   r.options.Sketch,
		skipping:  r.options.Skipped,
		scope:     &tags.Scope{Schema: r.options.Schema, Language: r.language, Looks: file.inputs, IDs: map[string]int{}},
	}
	var root tree.Value
	var found bool
	if filepath.Ext(s.parts[0].name) == ".cue" {
		result := r.loadCUE(ctx, s, file)
		if result.Root != nil {
			root, found = *result.Root, true
		}
		imports, again = result.Seen, result.Again
		for _, s := range imports {
			if !s.Folder && s.Hash != (textfile.Digest{}) {
				file.imported = append(file.imported, s.Path)
			}
		}
	} else {
		root, found, file.Problems, d.warnings.Problems = yaml.Read(file.Path, s.parts[0].text, r.language)
		if len(s.parts[0].text) == 0 {
			// A file that is being written is empty for a moment. It must
			// not look as if it declared nothing on purpose.
			file.Problems = tree.Problems{{Place: tree.Place{File: file.Path}, Message: "is empty: want a mapping with entries"}}
		}
	}
	if ctx.Err() != nil {
		return &File{}, nil, false
	}
	d.findings.Add(file.Problems...)
	unread := len(file.Problems) > 0
	switch {
	case found:
		d.read(root)
		d.hide(d.findings.Problems[:min(len(file.Problems), len(d.findings.Problems))], filepath.Ext(file.Path) == ".cue")
	case len(file.Problems) == 0:
		file.Status = tree.Disabled
	}
	file.Problems = d.findings.Problems.Sort()
	if filepath.Ext(file.Path) == ".cue" {
		file.Problems = onePerCause(file.Problems)
	}
	file.Problems = bounds.Shown(file.Path, file.Problems, d.findings.Full())
	file.Warnings = bounds.Shown(file.Path, d.warnings.Problems.Sort(), d.warnings.Full())
	if len(file.Problems) > 0 {
		file.Status = tree.Invalid
	}
	if d.sketchy && unread {
		file.Entries = nil
	}
	return file, imports, again
}

// loadCUE gives what a source in CUE says.
func (r *Reader) loadCUE(ctx context.Context, s source, f *File) cue.Result {
	job := cue.Job{Tags: r.options.Tags, Hidden: r.options.Schema.Hidden}
	for _, p := range s.parts {
		job.Parts = append(job.Parts, cue.Part{Name: p.name, Path: p.path, Text: p.text})
		f.Parts = append(f.Parts, p.name)
	}
	if len(f.Parts) == 1 {
		f.Parts = nil
	}
	result, err := r.cue.Run(ctx, job)
	if err != nil {
		return cue.Result{} // the time was up, as Read says
	}
	f.Problems = result.Problems
	return result
}
