package report

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/aksync/aksync/internal/graph"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/sync"
)

// FormatVersion is the version of the JSON form; its first number grows when
// something that was there changes.
const FormatVersion = "1.0"

// About says what made a plan, for which server, and where the files are.
type About struct {
	AksyncVersion string
	ServerURL     string
	// Root is the top of the repository, and Dir the working directory, which
	// the names of files are relative to; both absolute. SARIF and annotations
	// name files from Root. If both are empty, names stay as they are.
	Root, Dir string
	// Picture draws what changes, for Markdown; it may be empty.
	Picture graph.Picture
	// View says which changes are listed, and in Markdown in which groups.
	View View
}

type document struct {
	FormatVersion string   `json:"format_version"`
	AksyncVersion string   `json:"aksync_version"`
	Server        server   `json:"server"`
	Summary       Summary  `json:"summary"`
	Changes       []change `json:"changes"`
	Errors        []fault  `json:"errors"`
	Warnings      []fault  `json:"warnings"`
	Disabled      []string `json:"disabled"`
	// NotCompared are the values that authentik does not show.
	NotCompared []uncompared `json:"not_compared"`
	// Unmanaged are the live objects that no blueprint speaks of, and UnmanagedNotes say
	// of what that is not known; where they were asked for.
	Unmanaged      []undeclared `json:"unmanaged,omitzero"`
	UnmanagedNotes []string     `json:"unmanaged_notes,omitempty"`
}

type server struct {
	URL     string `json:"url"`
	Version string `json:"version"`
}

type change struct {
	Action sync.Action `json:"action"`
	Model  string      `json:"model"`
	Name   string      `json:"name"`
	// PK is null before creation.
	PK     *string  `json:"pk"`
	Source source   `json:"source"`
	UsedBy []string `json:"used_by"`
	Fields []field  `json:"fields"`
	// AfterCreation is set where the same plan creates the object.
	AfterCreation bool `json:"after_creation,omitempty"`
	// SentAlong are fields that are sent beside those that differ, since authentik does
	// not show whether they do.
	SentAlong []string `json:"sent_along,omitempty"`
	// Warnings say how the change can lock people out.
	Warnings []string `json:"warnings,omitempty"`
}

type source struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

type field struct {
	Name            string `json:"name"`
	Before          any    `json:"before"`
	After           any    `json:"after"`
	KnownAfterApply bool   `json:"known_after_apply,omitempty"`
	Sensitive       bool   `json:"sensitive,omitempty"`
	WriteOnly       bool   `json:"write_only,omitempty"`
	// References name the objects whose keys Before and After hold.
	References *references `json:"references,omitempty"`
}

type fault struct {
	source
	Path    string `json:"path"`
	Message string `json:"message"`
}

// JSON writes a planned pass in the form that CI pipelines read: the same
// input gives the same bytes. Objects that are as declared are left out
// unless all is set.
func JSON(w io.Writer, pass *sync.Pass, about About, all bool) error {
	doc := document{
		FormatVersion: FormatVersion,
		AksyncVersion: about.AksyncVersion,
		Server:        server{URL: about.ServerURL, Version: pass.Plan.Version},
		Summary:       Summarize(pass),
		Changes:       []change{},
		Errors:        faults(pass.Problems()),
		Warnings:      faults(pass.Warnings()),
		Disabled:      disabled(pass.Blueprints),
		NotCompared:   uncomparedOf(pass.Plan),
		Unmanaged:     undeclaredOf(pass.Plan),
	}
	if found := surveyOf(pass.Plan); found != nil {
		doc.UnmanagedNotes = undeclaredNotes(found, true)
	}
	names := NewNames(pass.Plan)
	for _, planned := range pass.Plan.Changes {
		if (planned.Action != sync.NoOp || all) && about.View.shows(planned) {
			doc.Changes = append(doc.Changes, asChange(names, planned))
		}
	}
	return encode(w, doc)
}

// Validation writes the outcome of validate in the same form, without a
// server and without changes.
func Validation(w io.Writer, pass *sync.Pass, about About) error {
	return encode(w, struct {
		FormatVersion string   `json:"format_version"`
		AksyncVersion string   `json:"aksync_version"`
		Summary       Summary  `json:"summary"`
		Errors        []fault  `json:"errors"`
		Warnings      []fault  `json:"warnings"`
		Disabled      []string `json:"disabled"`
	}{FormatVersion, about.AksyncVersion, Summarize(pass), faults(pass.Problems()), faults(pass.Warnings()), disabled(pass.Blueprints)})
}

func asChange(names *Names, planned *sync.Change) change {
	c := change{
		Action:   planned.Action,
		Model:    planned.Model,
		Name:     planned.Name,
		Source:   asSource(planned.Source),
		UsedBy:   append([]string{}, planned.UserNames()...),
		Fields:   []field{},
		Warnings: Warnings(planned),

		SentAlong: planned.Along,

		AfterCreation: planned.Of != nil,
	}
	if planned.PK != "" {
		c.PK = &planned.PK
	}
	for _, f := range planned.Fields {
		of := asField(planned.Action, f)
		of.References = names.references(f)
		c.Fields = append(c.Fields, of)
	}
	return c
}

func asField(action sync.Action, f sync.FieldChange) field {
	f = Masked(action, f)
	before, _ := plain(f.Before)
	after, known := plain(f.After)
	if !known {
		after = nil
	}
	return field{Name: f.Name, Before: before, After: after, KnownAfterApply: !known, Sensitive: f.Sensitive, WriteOnly: f.WriteOnly}
}

func asSource(place tree.Place) source {
	return source{File: place.File, Line: place.Line, Column: place.Column}
}

func faults(problems tree.Problems) []fault {
	list := []fault{}
	for _, problem := range problems {
		list = append(list, fault{asSource(problem.Place), problem.Path, problem.Message})
	}
	return list
}

func encode(w io.Writer, doc any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(doc); err != nil {
		return fmt.Errorf("writing the report as JSON: %w", err)
	}
	return nil
}
