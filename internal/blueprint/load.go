package blueprint

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"path/filepath"

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
func (s source) hash() digest {
	h := sha256.New()
	for _, p := range s.parts {
		for _, piece := range [][]byte{[]byte(p.name), p.text} {
			var length [8]byte
			binary.BigEndian.PutUint64(length[:], uint64(len(piece)))
			h.Write(length[:])
			h.Write(piece)
		}
	}
	return digest(h.Sum(nil))
}

// readSource gives a source's file: the one before where nothing changed.
func (r *Reader) readSource(ctx context.Context, s source, p *policy, before made) made {
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
func (r *Reader) load(ctx context.Context, s source, p *policy) (file *File, imports []seen, again bool) {
	file = &File{Path: s.parts[0].name, Status: tree.Valid, Unmanaged: map[string]int{}, inputs: newInputs(p)}
	d := &document{
		file:   file,
		shapes: newShapes(),
		strict: r.options.StrictModels,
		scope:  &scope{schema: r.options.Schema, language: r.language, inputs: file.inputs, ids: map[string]int{}},
	}
	var root tree.Value
	var found bool
	if filepath.Ext(s.parts[0].name) == ".cue" {
		result := r.loadCUE(ctx, s, file)
		if result.root != nil {
			root, found = *result.root, true
		}
		imports, again = result.seen, result.again
		for _, s := range imports {
			if !s.Folder && s.Hash != (digest{}) {
				file.imported = append(file.imported, s.Path)
			}
		}
	} else {
		root, found, file.Problems = readYAML(file.Path, s.parts[0].text, r.language)
		if len(s.parts[0].text) == 0 {
			// A file that is being written is empty for a moment. It must
			// not look as if it declared nothing on purpose.
			file.Problems = tree.Problems{{Place: tree.Place{File: file.Path}, Message: "is empty: want a mapping with entries"}}
		}
	}
	if ctx.Err() != nil {
		return &File{}, nil, false
	}
	d.findings.add(file.Problems...)
	switch {
	case found:
		d.read(root)
	case len(file.Problems) == 0:
		file.Status = tree.Disabled
	}
	file.Problems = d.findings.problems.Sort()
	if filepath.Ext(file.Path) == ".cue" {
		file.Problems = onePerCause(file.Problems)
	}
	file.Problems = shown(file.Path, file.Problems, d.findings.full())
	if len(file.Problems) > 0 {
		file.Status = tree.Invalid
	}
	return file, imports, again
}

// loadCUE gives what a source in CUE says.
func (r *Reader) loadCUE(ctx context.Context, s source, f *File) cueResult {
	job := cueJob{Tags: r.options.Tags}
	for _, p := range s.parts {
		job.Parts = append(job.Parts, cuePart{p.name, p.path, p.text})
		f.Parts = append(f.Parts, p.name)
	}
	if len(f.Parts) == 1 {
		f.Parts = nil
	}
	result, err := r.cue.run(ctx, job)
	if err != nil {
		return cueResult{} // the time was up, as Read says
	}
	f.Problems = result.problems
	return result
}
