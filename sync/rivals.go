package sync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// A rival is a blueprint that authentik applies by itself and that is a file here too:
// both change the same objects, and nobody knows who comes last.
type rival struct {
	kind   *schema.Kind
	object schema.Object
	// file is the one here, and why says by what it is known.
	file, why string
}

// instanceModels returns the models whose objects are blueprints that authentik applies
// by itself.
func instanceModels(s *schema.Schema) []string {
	var models []string
	for _, kind := range s.OwnBlueprints() {
		if kind.Path != "" {
			models = append(models, kind.Model)
		}
	}
	return models
}

// looksForRivals reports whether a pass asks for authentik's own blueprints: the first
// one does, and those that somebody asks for or a change of files causes; a pass that
// only time causes does as long as there are any.
func (r *Reconciler) looksForRivals(pass *Pass) bool {
	return r.ReadOwn != nil &&
		(r.before == nil || r.before != pass.Blueprints || pass.Trigger == TriggerRequest || r.rivals > 0)
}

// warnOfRivals warns of those that the plan does not switch off itself. Where they can't
// be listed nothing is said: no plan needs that right.
func (p *planner) warnOfRivals(desired Desired) {
	if desired.ReadOwn == nil {
		return
	}
	for _, rival := range findRivals(p.schema, p.live, desired) {
		g := p.groupOf(p.table(rival.kind), rival.object)
		if g != nil {
			if on, _ := p.after(g, rival.kind.Instance.On); on == false {
				continue
			}
		}
		p.plan.Rivals++
		p.plan.Warnings = append(p.plan.Warnings, rival.warning())
	}
}

func (r rival) warning() tree.Problem {
	return tree.Problem{Place: tree.Place{File: r.file}, Message: fmt.Sprintf(
		"authentik applies this too, by its %s %s (%s): both change the same objects, and whoever comes last wins; aksync adopt switches that one off",
		r.kind.Title, quote(asText(r.object[r.kind.Key])), r.why)}
}

// findRivals returns the blueprints of authentik's own that are switched on and that are
// files here too, in the order in which the server lists them.
func findRivals(s *schema.Schema, live Live, desired Desired) []rival {
	var rivals []rival
	own := &ownFiles{}
	for _, file := range desired.Files {
		if file.State != tree.Disabled {
			paths := file.paths()
			for i, path := range paths {
				paths[i] = rooted(path)
			}
			own.files = append(own.files, ownFile{file, paths})
		}
	}
	for _, model := range instanceModels(s) {
		kind := s.Kind(model)
		for _, object := range live.Kinds[model].Objects {
			if on, _ := object[kind.Instance.On].(bool); !on {
				continue
			}
			if file, why := own.same(s, kind, object, desired); file != "" {
				rivals = append(rivals, rival{kind, object, file, why})
			}
		}
	}
	return rivals
}

// ownFiles are the files here.
type ownFiles struct {
	files []ownFile
	// spoken finds the file that declares an object; nil until somebody asks.
	spoken map[string]string
}

// ownFile is a file with its paths as if they began at the top of all.
type ownFile struct {
	Blueprint
	rooted []string
}

// same returns the file that a blueprint of authentik's own is, and why that is known;
// nothing where there is none.
func (o *ownFiles) same(s *schema.Schema, kind *schema.Kind, object schema.Object, desired Desired) (file, why string) {
	metadata, _ := object[kind.Instance.Metadata].(schema.Object)
	said := asText(metadata["name"])
	name, where := cmp.Or(said, asText(object[kind.Key])), asText(object[kind.Instance.Path])
	full := ""
	if where != "" && !strings.Contains(where, "://") {
		full = rooted(where)
	}
	for _, file := range o.files {
		switch {
		case file.Name != "" && file.Name == name:
			return file.Path, "of the same name"
		case file.Name != "" && said != "": // two names for two blueprints
		case full != "" && file.hasPath(full):
			return file.Path, "of the file " + where
		}
	}
	text := asText(object[kind.Instance.Content])
	if where != "" || strings.TrimSpace(text) == "" {
		return "", ""
	}
	if o.spoken == nil {
		o.speak(s, desired.Entries)
	}
	shared := 0
	theirs := desired.ReadOwn(text)
	for _, entry := range theirs {
		if known := o.spoken[speech(s, entry)]; known != "" {
			file = cmp.Or(file, known)
			shared++
		}
	}
	return file, fmt.Sprintf("%d of its %d entries are about objects that are declared here", shared, len(theirs))
}

func (o *ownFiles) speak(s *schema.Schema, entries []*tree.Entry) {
	o.spoken = make(map[string]string, len(entries))
	for _, entry := range entries {
		if said := speech(s, entry); said != "" {
			o.spoken[said] = entry.Place.File
		}
	}
}

// speech is the same for entries that say the same of which object they are about, and
// nothing for one of which only the server can tell.
func speech(s *schema.Schema, entry *tree.Entry) string {
	kind := s.Kind(entry.Model)
	where, complete := literalWants(entry)
	if kind == nil || !complete || len(where) == 0 {
		return ""
	}
	return kind.Model + " " + fingerprint(where)
}

// hasPath reports whether a path below a folder that is not known here is one of the
// file: where one is the end of the other.
func (f ownFile) hasPath(other string) bool {
	return slices.ContainsFunc(f.rooted, func(own string) bool {
		return strings.HasSuffix(own, other) || strings.HasSuffix(other, own)
	})
}

// rooted is a path as if it began at the top of all.
func rooted(name string) string { return path.Clean("/" + name) }

// Adopt switches off the blueprints of authentik's own that are files here too, after
// they were shown and confirmed as those of a plan are. The objects that they made stay
// (authentik/blueprints/v1/tasks.py).
func (r *Reconciler) Adopt(ctx context.Context) *Pass {
	pass := r.read(ctx, TriggerRequest)
	if pass.Err != nil {
		return pass
	}
	live := Live{}
	models := instanceModels(r.Schema)
	if pass.Err = live.fetch(ctx, r.Schema, r.API, whole(models)); pass.Err != nil {
		return pass
	}
	for _, model := range models {
		pass.Err = errors.Join(pass.Err, live.Kinds[model].Err)
	}
	if pass.Err != nil {
		return pass
	}
	desired := pass.Blueprints.Desired
	desired.Files, desired.ReadOwn = pass.Blueprints.Files, r.ReadOwn
	rivals := findRivals(r.Schema.At(live.Version), live, desired)
	pass.Plan = MakePlan(r.Schema, switchedOff(rivals), live)
	for _, rival := range rivals {
		pass.Plan.Warnings = append(pass.Plan.Warnings, rival.warning())
	}
	pass.Blueprints = pass.Blueprints.onlyProblems()
	r.carryOut(ctx, pass)
	return pass
}

// switchedOff declares the blueprints as switched off, in the files that they are here.
func switchedOff(rivals []rival) Desired {
	var desired Desired
	for _, rival := range rivals {
		place := tree.Place{File: rival.file}
		value := func(data any) tree.Value { return tree.Value{Place: place, Data: data} }
		pair := func(name string, data any) tree.Map { return tree.Map{{Key: value(name), Value: value(data)}} }
		id, _ := rival.kind.IDOf(rival.object)
		desired.Entries = append(desired.Entries, &tree.Entry{
			Place: place, Model: rival.kind.Model, State: value(string(tree.Present)),
			Identifiers: pair(schema.PK, id), Attrs: pair(rival.kind.Instance.On, false),
		})
	}
	return desired
}

// onlyProblems are the files with what is wrong in them, and nothing that a plan of their
// entries would say.
func (b *Blueprints) onlyProblems() *Blueprints {
	only := &Blueprints{}
	for _, file := range b.Files {
		if len(file.Problems) > 0 {
			only.Files = append(only.Files, Blueprint{Path: file.Path, State: file.State, Problems: file.Problems})
		}
	}
	return only
}
