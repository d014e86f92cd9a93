// Package export writes live objects as a blueprint, in YAML or in CUE, so that
// a server that was set up by hand can be managed by files. It is generic over
// kinds: all it knows of them comes from the schema.
package export

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// The formats of a blueprint.
const (
	YAML = "yaml"
	CUE  = "cue"
)

// Options say what is exported, and how.
type Options struct {
	// Format is YAML or CUE; YAML if empty.
	Format string
	// Models are the models to export; if there are none, all of which objects can
	// be created.
	Models []string
	// Names are globs, as path.Match has them, one of which an object's name
	// has to match, or to be; all objects do if there are none.
	Names []string
	// Full writes fields that hold the server's default too.
	Full bool
	// Want, if not nil, says which objects are exported.
	Want func(model, id string) bool
	// Secrets says how a folder wants its secrets: ByEnv, or ByFile. ByEnv if empty.
	Secrets string
	// Granted are the elements of lists that no answer shows and that were asked for,
	// such as the permissions of roles.
	Granted map[sync.Grant]sync.Granted
	// Permitted is who may do what with single objects; only a folder and a part have it.
	Permitted []sync.Permitted
	// Server is the version of the server that the objects are from, for the
	// comment at the top; it may be empty.
	Server string
}

// Needs gives the models whose live objects Write has to be given: those that
// are exported, and those that they refer to. It is an error when the options are no
// use: an unknown format, a model that is not managed, a glob that is none.
func Needs(s *schema.Schema, o Options) ([]string, error) {
	kinds, err := o.kinds(s)
	if err != nil {
		return nil, err
	}
	needed := map[string]bool{}
	for _, kind := range kinds {
		needed[kind.Model] = true
		needed[kind.Among] = true
		for _, field := range kind.Fields.Fields {
			needTarget(s, field.Refers, needed)
		}
	}
	var models []string
	for _, kind := range s.Kinds() {
		if needed[kind.Model] && kind.Path != "" {
			models = append(models, kind.Model)
		}
	}
	return models, nil
}

// NeedsAll gives the models whose live objects MakeFolder and MakePart have to be given.
func NeedsAll(s *schema.Schema) ([]string, error) {
	var o Options
	for _, kind := range filed(s) {
		o.Models = append(o.Models, kind.Model)
	}
	return Needs(s, o)
}

// filed are the kinds of which a folder has objects.
func filed(s *schema.Schema) []*schema.Kind {
	return slices.DeleteFunc(s.Managed(), func(kind *schema.Kind) bool { return !kind.IsFiled() })
}

// needTarget adds what finding the objects of a model needs: their list, or those
// of all that the model is the base of where the API has none; and what finding
// those needs that have no key of their own.
func needTarget(s *schema.Schema, model string, needed map[string]bool) {
	kind := s.Kind(model)
	if kind == nil || needed[model] {
		return
	}
	needed[model] = true
	if kind.Path == "" {
		for _, member := range s.Members(model) {
			needTarget(s, member.Model, needed)
		}
	}
	if kind.Key == "" {
		for _, name := range kind.KnownBy() {
			if field := kind.Fields.Field(name); field != nil {
				needTarget(s, field.Refers, needed)
			}
		}
	}
}

// Write writes the objects, as the API lists them by model, as a blueprint to
// w. version is aksync's own, for the comment at the top. The same objects give
// the same bytes, in whatever order they are listed: objects that others refer
// to come first, since authentik applies entries one after the other, and
// otherwise models and then names decide.
//
// It is an error when an object is not as the schema knows it or can't be
// declared, when it refers to one that is not among objects, and when nothing
// matches a glob that o names. Then nothing is written. Errors of several objects are
// joined.
func Write(w io.Writer, s *schema.Schema, version string, objects map[string][]schema.Object, o Options) error {
	entries, err := gather(s, objects, o)
	if err != nil {
		return err
	}
	header := "Exported by aksync" + inComment(version)
	if server := inComment(o.Server); server != "" {
		header += " from authentik" + server
	}
	var text []byte
	if o.Format == CUE {
		text, err = writeCUE(header+".", entries)
	} else {
		text, err = writeYAML(header+".", entries)
	}
	if err != nil {
		return fmt.Errorf("writing the blueprint: %w", err)
	}
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("writing the blueprint: %w", err)
	}
	return nil
}

// inComment gives a version with a space before it, as far as it can stand in
// a comment: a server's comes from anywhere, and a line break in it would end
// the comment.
func inComment(version string) string {
	kept := strings.Map(func(r rune) rune {
		if r > ' ' && r <= '~' {
			return r
		}
		return -1
	}, version)
	if kept == "" {
		return ""
	}
	return " " + kept
}

// kinds gives those that are exported.
func (o Options) kinds(s *schema.Schema) ([]*schema.Kind, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if len(o.Models) == 0 {
		return slices.DeleteFunc(s.Managed(), func(kind *schema.Kind) bool { return !kind.Create || kind.Path == "" }), nil
	}
	wanted := map[*schema.Kind]bool{}
	var problems []error
	for _, model := range o.Models {
		kind := s.Kind(model)
		if kind == nil || !kind.Managed {
			problems = append(problems, fmt.Errorf("%q is no model that can be exported%s", model, instead(s, kind, model)))
			continue
		}
		wanted[kind] = true
	}
	var kinds []*schema.Kind
	for _, kind := range s.Managed() {
		if wanted[kind] {
			kinds = append(kinds, kind)
		}
	}
	return kinds, errors.Join(problems...)
}

// instead says what was probably meant by a model that can't be exported, or why it
// can't be.
func instead(s *schema.Schema, kind *schema.Kind, model string) string {
	var managed []string
	for _, kind := range s.Managed() {
		managed = append(managed, kind.Model)
	}
	if near := schema.Nearest(model, managed); kind == nil && near != "" {
		return fmt.Sprintf(": did you mean %q?", near)
	}
	switch {
	case kind == nil:
		return ": aksync does not know it"
	case len(kind.Members) > 0:
		return ": want one that is based on it, such as " + kind.Members[0]
	case kind.Why != "":
		return ": " + kind.Why
	default:
		return ": it can only be looked up"
	}
}
