package sync

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// SavedFormat is the version of the form of a saved plan. One of another
// version is not taken.
const SavedFormat = "4"

// SavedPlan is a plan in a file: what was looked at is what is done. It is the
// plan's own data, with what tells whether an object has moved since. It holds no
// secret: those are named in it, and apply takes them from the blueprints again.
type SavedPlan struct {
	Format string `json:"aksync_plan"`
	// Server is the address of the authentik that it was made for.
	Server  string        `json:"server"`
	Version string        `json:"authentik_version"`
	Changes []SavedChange `json:"changes"`
	// Names are Plan.Names, in order.
	Names []SavedName `json:"names,omitempty"`
}

// SavedName is what people call an object that changes refer to: by a key of a model,
// which may be a base.
type SavedName struct {
	Refers string `json:"refers"`
	Key    string `json:"key"`
	Model  string `json:"model"`
	Name   string `json:"name"`
	PK     string `json:"pk"`
}

// SavedChange is one change of a saved plan; its words are those of Change.
type SavedChange struct {
	ID       int            `json:"id"`
	Action   Action         `json:"action"`
	Model    string         `json:"model"`
	Name     string         `json:"name"`
	PK       string         `json:"pk,omitempty"`
	Key      string         `json:"key,omitempty"`
	File     string         `json:"file"`
	Line     int            `json:"line"`
	Column   int            `json:"column"`
	Path     string         `json:"path"`
	State    tree.State     `json:"state"`
	Users    []schema.User  `json:"users,omitempty"`
	Declared map[string]any `json:"declared,omitempty"`
	// Secrets are the declared fields that nobody may read, which Declared lacks, and
	// Sets the fields that an update sets.
	Secrets []string       `json:"secrets,omitempty"`
	Sets    []string       `json:"sets,omitempty"`
	Permits *SavedPermits  `json:"permits,omitempty"`
	Live    map[string]any `json:"live,omitempty"`
	After   []int          `json:"after,omitempty"`
	Of      *int           `json:"of,omitempty"`
}

// Save writes the plan for the server at an address.
func (p *Plan) Save(w io.Writer, server string) error {
	saved := SavedPlan{Format: SavedFormat, Server: server, Version: p.Version, Changes: []SavedChange{}}
	kept := map[int]bool{}
	for _, c := range p.Changes {
		if c.Action == NoOp {
			continue
		}
		secrets, err := c.secrets()
		if err != nil {
			return fmt.Errorf("saving the plan: %w", err)
		}
		kept[c.ID] = true
		saved.Changes = append(saved.Changes, SavedChange{
			ID: c.ID, Action: c.Action, Model: c.Model, Name: c.Name, PK: c.PK, Key: c.Key,
			File: c.Source.File, Line: c.Source.Line, Column: c.Source.Column, Path: c.Path, State: c.State, Users: c.Users,
			Declared: packFields(c.shown(c.Declared)), Live: packFields(c.shown(c.Live)),
			Secrets: secrets, Sets: c.updates(), Permits: c.Permits.save(c),
			After: slices.DeleteFunc(slices.Clone(c.After), func(id int) bool { return !kept[id] }), Of: c.Of,
		})
	}
	saved.Names = p.saveNames()
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(saved); err != nil {
		return fmt.Errorf("saving the plan: %w", err)
	}
	return nil
}

// The words by which a saved value is not what JSON has for it.
const (
	idWord   = "$id"   // the number of the change whose object's key it is
	textWord = "$text" // a list of text and of ids
	mapWord  = "$map"  // a mapping that could be taken for one of the others
)

func packFields(fields map[string]any) map[string]any {
	if fields == nil {
		return nil
	}
	packed := make(map[string]any, len(fields))
	for name, value := range fields {
		packed[name] = pack(value)
	}
	return packed
}

// pack returns plain data as JSON can have it.
func pack(plain any) any {
	switch plain := plain.(type) {
	case tree.ID:
		return map[string]any{idWord: plain.Change}
	case tree.Text:
		parts := make([]any, len(plain))
		for i, part := range plain {
			parts[i] = pack(part)
		}
		return map[string]any{textWord: parts}
	case []any:
		list := make([]any, len(plain))
		for i, element := range plain {
			list[i] = pack(element)
		}
		return list
	case map[string]any:
		packed := packFields(plain)
		for word := range plain {
			if len(plain) == 1 && strings.HasPrefix(word, "$") {
				return map[string]any{mapWord: packed}
			}
		}
		return packed
	default:
		return plain
	}
}

// errDamaged is the error of a saved plan that this program has not written so.
var errDamaged = errors.New("the saved plan is damaged: make it again")

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w (%s)", errDamaged, fmt.Sprintf(format, args...))
}

// unpack is the way back.
func unpack(data any) (any, error) {
	switch data := data.(type) {
	case []any:
		list := make([]any, len(data))
		for i, element := range data {
			var err error
			if list[i], err = unpack(element); err != nil {
				return nil, err
			}
		}
		return list, nil
	case map[string]any:
		for word, value := range data {
			if len(data) == 1 && strings.HasPrefix(word, "$") {
				return unpackWord(word, value)
			}
		}
		return unpackFields(data)
	default:
		return tree.PlainJSON(data), nil
	}
}

func unpackWord(word string, data any) (any, error) {
	switch word {
	case idWord:
		if id, isNumber := tree.PlainJSON(data).(int64); isNumber {
			return tree.ID{Change: int(id)}, nil
		}
	case textWord:
		if parts, isList := data.([]any); isList {
			return unpackText(parts)
		}
	case mapWord:
		if fields, isMap := data.(map[string]any); isMap {
			return unpackFields(fields)
		}
	}
	return nil, damaged("%q holds what it can't hold", word)
}

func unpackText(parts []any) (any, error) {
	text := make(tree.Text, len(parts))
	for i, part := range parts {
		value, err := unpack(part)
		if err != nil {
			return nil, err
		}
		switch value.(type) {
		case string, tree.ID:
			text[i] = value
		default:
			return nil, damaged("%s within a text", tree.TypeName(value))
		}
	}
	return text, nil
}

func unpackFields(data map[string]any) (map[string]any, error) {
	if data == nil {
		return nil, nil
	}
	fields := make(map[string]any, len(data))
	for name, value := range data {
		var err error
		if fields[name], err = unpack(value); err != nil {
			return nil, err
		}
	}
	return fields, nil
}

// LoadPlan reads a saved plan.
func LoadPlan(r io.Reader) (*SavedPlan, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("reading the saved plan: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var header struct {
		Format string `json:"aksync_plan"`
	}
	if err := json.Unmarshal(text, &header); err != nil || header.Format == "" {
		return nil, errors.New("this is no saved plan: want a file that plan --out has written")
	}
	if header.Format != SavedFormat {
		return nil, fmt.Errorf("the saved plan has the format %q, and this aksync reads %q: make it again", header.Format, SavedFormat)
	}
	decoder.DisallowUnknownFields()
	saved := &SavedPlan{}
	if err := decoder.Decode(saved); err != nil {
		return nil, damaged("%v", err)
	}
	return saved, nil
}

// ApplySaved does what a saved plan says, if the objects are as they were when
// it was made. If one is not, that is a problem that names it, and nothing is
// done; or the rest is, if partial is set.
func (r *Reconciler) ApplySaved(ctx context.Context, saved *SavedPlan, partial bool) *Pass {
	pass := &Pass{Trigger: TriggerRequest, Started: time.Now()}
	defer func() { pass.Duration = time.Since(pass.Started) }()
	plan, err := saved.restore(r.Schema)
	if err != nil {
		pass.Err = err
		return pass
	}
	lacking, err := r.takeSecrets(ctx, saved, plan)
	if err != nil {
		pass.Err = err
		return pass
	}
	live, needs := Live{keys: plan.spokenKeys}, plan.needs(r.Schema)
	if live.Version, pass.Err = r.API.Version(ctx); pass.Err != nil {
		return pass
	}
	if r.Schema.WordsOfUnknown(live.Version) != "" { // what it answers to a question is not sure
		needs.all(slices.Collect(maps.Keys(needs))...)
	}
	if pass.Err = live.fetch(ctx, r.Schema, r.API, needs); pass.Err != nil {
		return pass
	}
	if pass.Plan, pass.Err = r.guarded(ctx, plan.unmoved(r.Schema, saved, live, lacking, partial), &live); pass.Err == nil {
		r.carryOut(ctx, pass)
	}
	return pass
}

// restore makes the plan that was saved. Nothing in the file is taken on trust:
// it may have been written by anybody.
func (s *SavedPlan) restore(sch *schema.Schema) (*Plan, error) {
	plan := &Plan{Version: s.Version, Failed: map[string]int{}, Live: map[string]int{}, Names: RestoreNames(sch, s.Names)}
	seen := map[int]*Change{}
	for _, saved := range s.Changes {
		change, err := saved.restore(sch)
		if err != nil {
			return nil, err
		}
		if seen[change.ID] != nil {
			return nil, damaged("two changes have the number %d", change.ID)
		}
		for _, before := range change.After {
			if seen[before] == nil {
				return nil, damaged("change %d waits for change %d", change.ID, before)
			}
		}
		if change.Of != nil && (!slices.Contains(change.After, *change.Of) || seen[*change.Of].Action != Create) {
			return nil, damaged("change %d is of change %d and does not wait for it", change.ID, *change.Of)
		}
		for _, id := range idsOf(change) {
			if !slices.Contains(change.After, id) || seen[id].Action != Create {
				return nil, damaged("change %d refers to change %d and does not wait for it", change.ID, id)
			}
		}
		seen[change.ID] = change
		plan.Changes = append(plan.Changes, change)
	}
	return plan, nil
}

func (s SavedChange) restore(sch *schema.Schema) (*Change, error) {
	kind := sch.Kind(s.Model)
	if kind == nil || !kind.Managed {
		return nil, fmt.Errorf("the saved plan changes a %s, which this aksync does not manage", s.Model)
	}
	c := &Change{
		ID: s.ID, Action: s.Action, Model: kind.Model, Title: kind.Title, Name: s.Name, PK: s.PK, Key: s.Key,
		Source: tree.Place{File: s.File, Line: s.Line, Column: s.Column}, Path: s.Path, State: s.State, Users: s.Users, After: s.After, Of: s.Of,
	}
	var err error
	if c.Declared, err = unpackFields(s.Declared); err != nil {
		return nil, err
	}
	if c.Live, err = unpackFields(s.Live); err != nil {
		return nil, err
	}
	for name, value := range c.Declared {
		field := kind.Fields.Field(name)
		switch {
		case field == nil:
			return nil, damaged("a %s has no field %q", kind.Title, name)
		case field.Sensitive:
			return nil, damaged("%s is sensitive, and no saved plan holds it", name)
		}
		if problem := field.CheckPlain(value); problem != "" {
			return nil, damaged("%s: %s", name, problem)
		}
	}
	if err := c.expectSecrets(kind, s); err != nil {
		return nil, err
	}
	if s.Permits != nil {
		return c, s.Permits.restore(sch, kind, c)
	}
	return c, c.complete()
}

// complete checks that a restored change is one that a plan can hold.
func (c *Change) complete() error {
	exists := c.PK != "" && c.Key != "" && c.Live != nil
	fits := map[Action]bool{
		Create: c.PK == "" && c.Key == "" && c.Declared != nil && c.State != tree.Absent,
		Update: (exists || c.Of != nil && c.PK == "") && c.Declared != nil && c.State == tree.Present,
		Delete: exists && c.State == tree.Absent,
	}
	if allowed, known := fits[c.Action]; !known || !allowed {
		return damaged("change %d can't be to %q an object that is to be %q", c.ID, string(c.Action), string(c.State))
	}
	return nil
}

// spokenKeys is spokenKeys for the changes of a plan.
func (p *Plan) spokenKeys(kind *schema.Kind) []string {
	var keys []string
	for _, change := range p.Changes {
		if change.Model == kind.Model {
			keys = append(keys, cmp.Or(change.Key, asText(change.Declared[kind.Lookup])))
		}
	}
	return keys
}

// needs are the objects of the plan's changes, and those that are in the way of what it
// creates.
func (p *Plan) needs(s *schema.Schema) Needs {
	needs := Needs{}
	for _, change := range p.Changes {
		kind := s.Kind(change.Model)
		where := []want{{field: kind.ID, value: change.PK}, {field: kind.Lookup, value: change.Key}}
		if change.PK == "" {
			where = []want{{field: kind.Key, value: change.Declared[kind.Key]}}
		}
		needs.speak(s, kind, where)
	}
	return needs
}

// unmoved returns the plan for the objects as they are now: without the changes of
// objects that are not as they were when it was made, and of those that lack a
// secret. Those refuse it as a whole, unless partial is set.
func (p *Plan) unmoved(s *schema.Schema, saved *SavedPlan, live Live, lacking map[int]string, partial bool) *Plan {
	own := p.copied()
	own.Version = live.Version
	s = s.At(live.Version)
	why := map[int]string{}
	tables := map[string]*table{}
	for i, change := range own.Changes {
		kind := s.Kind(change.Model)
		t := tables[kind.Model]
		if t == nil {
			t = newTable(kind, live.Kinds[kind.Model])
			tables[kind.Model] = t
			own.Live[kind.Model] = t.count()
		}
		now, moved := change.now(kind, t, saved.Changes[i])
		own.Changes[i] = now
		if moved = cmp.Or(moved, lacking[change.ID]); moved != "" {
			why[change.ID] = moved
		}
	}
	own = own.without(why)
	if len(own.Problems) > 0 && !partial {
		own = own.refused("nothing is changed, since something has moved since the plan was made: make it again, or do the rest with --partial")
	}
	return own
}

// now returns a saved change for its object as it is now, and says how that has
// moved.
func (c *Change) now(kind *schema.Kind, t *table, saved SavedChange) (change *Change, moved string) {
	own := *c
	sinceThen := func(how string) (*Change, string) {
		return &own, fmt.Sprintf("the %s has moved since the plan was made: %s", c.what(), how)
	}
	if t.Err != nil {
		return &own, t.Err.Error()
	}
	if c.Of != nil {
		if c.Permits == nil {
			own.Fields = createdFields(kind, c.Declared)
		}
		return &own, ""
	}
	if c.Action == Create {
		own.Fields = createdFields(kind, c.Declared)
		if name, has := c.Declared[kind.Key]; has && tree.Known(name) && len(t.having([]want{{field: kind.Key, value: name}})) > 0 {
			return sinceThen("it exists now")
		}
		return &own, ""
	}
	object := t.byID[c.PK]
	if object == nil {
		return sinceThen("it is gone")
	}
	answer, err := kind.ReadAnswer(object)
	if err != nil {
		return &own, err.Error()
	}
	if key := kind.KeyOf(answer); key != c.Key {
		return sinceThen(fmt.Sprintf("its %s was %s and is %s", kind.Lookup, quote(c.Key), quote(key)))
	}
	if c.Permits != nil {
		return &own, "" // given twice it does no harm
	}
	if differences := movedFields(kind, c.Live, answer.Fields); len(differences) > 0 {
		return sinceThen(strings.Join(differences, ", "))
	}
	own.Users, own.Live = answer.Users, answer.Fields
	if c.Action == Update {
		own.Fields = append(updatedFields(kind, c.Declared, answer.Fields), saved.unshown(kind, c.Declared, object)...)
	}
	for _, name := range saved.Secrets {
		if own.sets(name) && !slices.Contains(saved.Sets, name) {
			return sinceThen(name + ", which the plan did not change, is not as it was, here or there")
		}
	}
	return &own, ""
}

// movedFields says which fields are not as they were.
func movedFields(kind *schema.Kind, before, now map[string]any) []string {
	var differences []string
	for _, field := range kind.Fields.Fields {
		if field.Sensitive || field.Via.Lists() {
			continue // not saved; not in the object
		}
		if was, is := before[field.Name], now[field.Name]; !reflect.DeepEqual(was, is) {
			differences = append(differences, fmt.Sprintf("%s was %s and is %s", field.Name, field.Describe(was), field.Describe(is)))
		}
	}
	return differences
}
