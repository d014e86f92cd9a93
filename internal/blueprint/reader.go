// Package blueprint reads blueprint files, in YAML with authentik's tags and in
// CUE, into entries with places. It knows files and no server: what only a
// server can tell stays schema.Pending.
package blueprint

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/aksync/aksync/internal/blueprint/cue"
	"github.com/aksync/aksync/internal/blueprint/tags"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// Options say how blueprints are read.
type Options struct {
	// Schema is what entries are checked against.
	Schema *schema.Schema
	// EnvAllow are globs of the environment variables that !Env may read.
	// Where there are none it may read all, but those whose names or values
	// look like a secret's for sensitive fields alone. The variables that hold a
	// token, and aksync's own, are never read.
	EnvAllow []string
	// FileRoots are the folders that !File may read below. Where there are
	// none it may read below the paths that blueprints are read from, and below
	// SecretRoots for sensitive fields alone.
	FileRoots []string
	// SecretRoots are /run/secrets and /var/run/secrets where they are nil: the
	// folders that containers find mounted secrets in.
	SecretRoots []string
	// ForbiddenFiles are never read by !File, under whatever name.
	ForbiddenFiles []string
	// LookupEnv is os.LookupEnv where it is nil.
	LookupEnv func(string) (string, bool)
	// Tags are the values of @tag attributes in CUE.
	Tags map[string]string
	// NoLiteralSecrets makes a secret that is written out a problem, and not a
	// warning.
	NoLiteralSecrets bool
	// StrictModels makes an entry of a model that is not managed a problem.
	StrictModels bool
	// Sketch reads no more of an entry than what finds its object: that is what an
	// old version of a blueprint is asked for, which may not be valid any more, and
	// whose secrets may be gone. What is wrong with an entry then does not concern
	// the others of its file.
	Sketch bool
	// Skipped reads the attrs and the permissions of entries whose conditions are false,
	// too, as far as they can be read: what is wrong with them is no problem.
	Skipped bool
	// NameOf returns what the user calls a file, where that is not its path; nil where
	// it is.
	NameOf func(file string) string
	// EvaluationTime is how long the CUE of one blueprint may take, in CPU time where
	// CUEWorker is given; 10 seconds where it is 0.
	EvaluationTime time.Duration
	// CUEWorker is a command, with its arguments, that calls ServeCUE on its
	// standard input and output. CUE is evaluated in it, since CUE's
	// evaluator can't be stopped and knows no bounds. Where there is none,
	// CUE is evaluated in this process: one that takes too long is given up
	// and goes on beside it, and nothing bounds its memory.
	CUEWorker []string
}

// File is what one blueprint says. It is not changed once it is made.
type File struct {
	// Path is the file as the user names it; for a CUE package of several
	// files the first of them.
	Path string
	// Parts are all files of a CUE package; nil where there is one.
	Parts  []string
	Status tree.FileState
	// Entries are those of managed kinds, evaluated as far as that needs no
	// server, normalized and checked, without those whose conditions are
	// false. In an invalid file they are those that could be read, without
	// the values that could not: nothing of them may be applied, and the
	// objects they speak of are to be left as they are.
	Entries []*tree.Entry
	// Silent are entries of managed kinds that ask for nothing, with their
	// identifiers only, if Skipped does not want more: their conditions are false, or
	// the file is switched off.
	Silent []*tree.Entry
	// Unmanaged counts entries of other models, by model.
	Unmanaged map[string]int
	// Problems are all that is wrong, in the order of their places, and Warnings
	// what authentik takes and what does no harm, but is hardly meant.
	Problems, Warnings tree.Problems

	name     string  // metadata.name
	applies  []Apply // the blueprints that come before this one
	inputs   *tags.Looks
	imported []string // the files of CUE's imports
}

// Inputs are what the file has looked at so far: resolving Pending values may
// look at more.
func (f *File) Inputs() tags.Inputs {
	if f.inputs == nil {
		return tags.Inputs{}
	}
	names := f.inputs.Names()
	names.Files = append(names.Files, f.imported...)
	return names
}

// Set is what was read below some paths.
type Set struct {
	// Files are sorted by path.
	Files []*File
	// Empty are the folders that hold no blueprint, as the user names them.
	Empty []string
}

// Problems gives those of all files, in order.
func (s *Set) Problems() tree.Problems {
	var problems tree.Problems
	for _, file := range s.Files {
		problems = append(problems, file.Problems...)
	}
	return problems
}

// Inputs gives those of all files, each once.
func (s *Set) Inputs() tags.Inputs {
	var all tags.Inputs
	for _, file := range s.Files {
		inputs := file.Inputs()
		all.Env = append(all.Env, inputs.Env...)
		all.Files = append(all.Files, inputs.Files...)
	}
	slices.Sort(all.Env)
	slices.Sort(all.Files)
	return tags.Inputs{Env: slices.Compact(all.Env), Files: slices.Compact(all.Files)}
}

// Reader reads blueprints and remembers them: a file that did not change, and
// whose inputs did not, is the same *File again. It is not for concurrent use.
type Reader struct {
	options  Options
	language tags.Language
	cue      *cue.Runner
	last     *reading // nil before the first one
}

// NewReader makes a Reader that has read nothing yet.
func NewReader(options Options) *Reader {
	if options.LookupEnv == nil {
		options.LookupEnv = os.LookupEnv
	}
	if options.SecretRoots == nil {
		options.SecretRoots = []string{"/run/secrets", "/var/run/secrets"}
	}
	options.EvaluationTime = cmp.Or(options.EvaluationTime, 10*time.Second)
	return &Reader{options: options, language: tags.NewLanguage(), cue: cue.NewRunner(options.CUEWorker, options.EvaluationTime, tags.NewLanguage())}
}

// Read reads the files that the paths name, and those in the folders that they
// name. It is an error only where a path itself can't be read; whatever is
// wrong with a file is among its problems.
func (r *Reader) Read(ctx context.Context, paths []string) (*Set, error) {
	found, empty, err := findSources(paths)
	if err != nil {
		return nil, err
	}
	now := &reading{paths: slices.Clone(paths), policy: r.policy(paths), made: make([]made, len(found)), empty: empty}
	r.rename(found)
	before := r.last.byKey()
	for i, s := range found {
		now.made[i] = before[s.key()]
	}
	return r.make(ctx, now, found)
}

// rename calls files as the user does.
func (r *Reader) rename(sources []source) {
	if r.options.NameOf == nil {
		return
	}
	for _, s := range sources {
		for i := range s.parts {
			s.parts[i].name = r.options.NameOf(s.parts[i].name)
		}
		if s.problem != nil {
			s.problem.Place.File = r.options.NameOf(s.problem.Place.File)
		}
	}
}

// policy says what tags may look at when blueprints are read from paths.
func (r *Reader) policy(paths []string) *tags.Policy {
	folders, secrets := r.options.FileRoots, []string(nil)
	if len(folders) == 0 {
		secrets = r.options.SecretRoots
		folders = Folders(paths)
	}
	return &tags.Policy{
		EnvAllow: r.options.EnvAllow, Roots: existing(folders), Secrets: existing(secrets),
		Forbidden: r.options.ForbiddenFiles, LookupEnv: r.options.LookupEnv,
	}
}

// Folders gives the folders that paths name: that of a file is the one it lies in.
func Folders(paths []string) []string {
	folders := make([]string, len(paths))
	for i, path := range paths {
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			path = filepath.Dir(path)
		}
		folders[i] = path
	}
	return folders
}

// existing gives the real paths of those folders that there are.
func existing(folders []string) []string {
	var real []string
	for _, folder := range folders {
		if path, err := realPath(folder); err == nil {
			real = append(real, path)
		}
	}
	return real
}
