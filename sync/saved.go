package sync

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aksync/aksync/schema"

	"github.com/aksync/aksync/internal/tree"
)

// SavedFormat is the version of the form of a saved plan. One of another
// version is not taken.
const SavedFormat = "1"

// SavedPlan is a plan in a file: what was looked at is what is done. It holds
// what is needed to tell whether an object has moved since, and no secret.
type SavedPlan struct {
	Format string `json:"aksync_plan"`
	// Server is the address of the authentik that it was made for.
	Server  string        `json:"server"`
	Version string        `json:"authentik_version"`
	Changes []SavedChange `json:"changes"`
}

// SavedChange is one change of a saved plan.
type SavedChange struct {
	Action Action `json:"action"`
	Model  string `json:"model"`
	Name   string `json:"name"`
	PK     string `json:"pk,omitempty"`
	// File, Line, Column and Path are where it is declared.
	File   string     `json:"file"`
	Line   int        `json:"line"`
	Column int        `json:"column"`
	Path   string     `json:"path"`
	State  tree.State `json:"state"`
	// Declared are the declared fields as they are sent.
	Declared map[string]any `json:"declared,omitempty"`
	// Live are the writable fields that the object had; none before creation.
	Live map[string]any `json:"live,omitempty"`
	// After are the changes before this one, by their number from 0.
	After []int `json:"after,omitempty"`
}

// Save writes the plan for the server at an address.
func (p *Plan) Save(w io.Writer, server string) error {
	saved := SavedPlan{Format: SavedFormat, Server: server, Version: p.Version, Changes: []SavedChange{}}
	numbers := map[*Change]int{}
	for _, change := range p.Changes {
		if change.Action == NoOp {
			continue
		}
		one, err := change.save(numbers)
		if err != nil {
			return err
		}
		numbers[change] = len(saved.Changes)
		saved.Changes = append(saved.Changes, one)
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(saved); err != nil {
		return fmt.Errorf("saving the plan: %w", err)
	}
	return nil
}

func (c *Change) save(numbers map[*Change]int) (SavedChange, error) {
	place := c.Entry.Place
	saved := SavedChange{
		Action: c.Action, Model: c.Kind.Model, Name: c.Name, PK: c.PK, State: state(c.Entry),
		File: place.File, Line: place.Line, Column: place.Column, Path: c.Entry.Path,
		Declared: map[string]any{}, Live: c.live.Fields,
	}
	for _, field := range c.Kind.Fields.Fields {
		value, given := c.Entry.Field(field.Name)
		if !given {
			continue
		}
		if value.HasPending() {
			return saved, tree.Problem{Place: value.Place, Path: c.Entry.Path + ".attrs." + field.Name,
				Message: "is known only after apply, and can't be saved: apply without a saved plan"}
		}
		saved.Declared[field.Name] = value.Plain()
	}
	for _, before := range c.After {
		if number, waits := numbers[before]; waits {
			saved.After = append(saved.After, number)
		}
	}
	return saved, nil
}

// LoadPlan reads a saved plan.
func LoadPlan(r io.Reader) (*SavedPlan, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("reading the saved plan: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	saved := &SavedPlan{}
	if err := decoder.Decode(saved); err != nil {
		return nil, fmt.Errorf("this is no saved plan: %w", err)
	}
	if saved.Format != SavedFormat {
		return nil, fmt.Errorf("the saved plan has the format %q, and this aksync reads %q: make it again", saved.Format, SavedFormat)
	}
	return saved, nil
}

// ApplySaved does what a saved plan says, if the objects are as they were when
// it was made. If one is not, that is a problem that names it, and nothing is
// done; or the rest is, if partial is set.
func (r *Reconciler) ApplySaved(ctx context.Context, saved *SavedPlan, partial bool) *Pass {
	pass := &Pass{Trigger: TriggerRequest, Started: time.Now()}
	defer func() { pass.Duration = time.Since(pass.Started) }()
	if pass.Plan, pass.Err = r.restore(ctx, saved, partial); pass.Err != nil {
		return pass
	}
	r.carryOut(ctx, pass)
	return pass
}

// restore makes the plan again for the objects as they are now.
func (r *Reconciler) restore(ctx context.Context, saved *SavedPlan, partial bool) (*Plan, error) {
	var models []string
	for _, change := range saved.Changes {
		kind := r.Schema.Kind(change.Model)
		if kind == nil || !kind.Managed {
			return nil, fmt.Errorf("the saved plan changes a %s, which this aksync does not manage", change.Model)
		}
		if !slices.Contains(models, kind.Model) {
			models = append(models, kind.Model)
		}
	}
	live := Live{Objects: map[string][]schema.Object{}}
	if err := r.fetch(ctx, &live, models); err != nil {
		return nil, err
	}
	plan := &Plan{Version: live.Version, Failed: map[string]int{}}
	p := &planner{schema: r.Schema, live: indexLive(r.Schema, live), plan: plan}
	restored := make([]*Change, len(saved.Changes))
	for i, one := range saved.Changes {
		change, problem := p.restore(one)
		for _, number := range one.After {
			if number < 0 || number >= i {
				return nil, fmt.Errorf("the saved plan is damaged: change %d waits for change %d", i, number)
			}
			if before := restored[number]; before != nil {
				change.After = append(change.After, before)
			} else if problem == nil {
				problem = &tree.Problem{Message: "it waits for a change that is not made any more"}
			}
		}
		if problem != nil {
			plan.Failed[change.Kind.Model]++
			plan.Problems = append(plan.Problems, tree.Problem{Place: change.Entry.Place, Path: change.Entry.Path, Message: problem.Message})
			continue
		}
		restored[i] = change
		plan.Changes = append(plan.Changes, change)
	}
	plan.checkLimits(r.Guards, p.countLive())
	if len(plan.Problems) > 0 && !partial && plan.Refusal == "" {
		plan.Refusal = "nothing is changed, since something has moved since the plan was made: make it again, or do the rest with --partial"
		plan.Problems = append(plan.Problems, tree.Problem{Message: plan.Refusal})
	}
	return plan, r.checkInUse(ctx, plan)
}

// restore makes one change again. It is a problem when the object has moved.
func (p *planner) restore(saved SavedChange) (*Change, *tree.Problem) {
	kind := p.schema.Kind(saved.Model)
	place := tree.Place{File: saved.File, Line: saved.Line, Column: saved.Column}
	change := &Change{Action: saved.Action, Kind: kind, Name: saved.Name, PK: saved.PK, Entry: &tree.Entry{
		Place: place, Path: saved.Path, Model: kind.Model, State: tree.Value{Place: place, Data: string(saved.State)},
	}}
	for _, field := range kind.Fields.Fields {
		if data, declared := saved.Declared[field.Name]; declared {
			value := tree.FromJSON(data)
			change.Entry.Attrs = append(change.Entry.Attrs, tree.Member(place, field.Name, tree.Value{Place: place, Data: value.Data}))
		}
	}
	moved := func(format string, args ...any) (*Change, *tree.Problem) {
		return change, &tree.Problem{Message: fmt.Sprintf("the %s %s has moved since the plan was made: ", kind.Title, quote(saved.Name)) + fmt.Sprintf(format, args...)}
	}
	ix := p.index(kind)
	if saved.Action == Create {
		if ix.byKey[saved.Name] != nil {
			return moved("it exists now")
		}
		change.Fields = createdFields(&candidate{entry: change.Entry, kind: kind})
		return change, nil
	}
	object := ix.byPK[saved.PK]
	if object == nil {
		return moved("it is gone")
	}
	answer, err := kind.ReadAnswer(object)
	if err != nil {
		return change, &tree.Problem{Message: err.Error()}
	}
	if differences := movedFields(kind, saved.Live, answer.Fields); len(differences) > 0 {
		return moved("%s", strings.Join(differences, ", "))
	}
	change.live, change.UsedBy, change.Entrances = answer, answer.Users, answer.Entrances
	if saved.Action == Update {
		change.Fields = changedFields(&candidate{entry: change.Entry, kind: kind}, answer)
	}
	return change, nil
}

// movedFields says which fields are not as they were.
func movedFields(kind *schema.Kind, before, now map[string]any) []string {
	var differences []string
	for _, field := range kind.Fields.Fields {
		was := tree.FromJSON(before[field.Name]).Plain()
		if !reflect.DeepEqual(was, now[field.Name]) {
			differences = append(differences, fmt.Sprintf("%s was %v and is %v", field.Name, was, now[field.Name]))
		}
	}
	return differences
}
