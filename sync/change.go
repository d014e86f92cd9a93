package sync

import (
	"cmp"
	"fmt"
	"reflect"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// makeChange decides on the action by the state of the object's entry.
func (p *planner) makeChange(g *group, entry *tree.Entry) (*Change, tree.Problems) {
	change := &Change{
		ID: g.number, Action: NoOp, Model: g.kind.Model, Title: g.kind.Title, Name: p.nameOf(g),
		Source: entry.Place, Path: entry.Path, State: state(entry), Elsewhere: g.elsewhere(entry), Edited: p.isEdited(g), Hidden: g.kind.Hidden(),
	}
	var live schema.Answer
	if g.object != nil {
		var err error
		if live, err = g.kind.ReadAnswer(g.object); err != nil {
			return nil, tree.Problems{{Place: entry.Place, Path: entry.Path, Message: err.Error()}}
		}
		change.PK, change.Key, change.Users = schema.IDText(live.ID), g.kind.KeyOf(live), live.Users
		if problems := p.addGrants(g, entry, &live); len(problems) > 0 {
			return nil, problems
		}
	}
	var problems tree.Problems
	switch {
	case change.State == tree.Absent:
		if g.object != nil && !g.kind.Delete {
			problems = p.cannot(change, "deleted")
		} else if g.object != nil {
			change.Action = Delete
			change.Live = live.Fields
		}
	case g.object == nil && !g.kind.Create:
		problems = p.cannotCreate(change)
	case g.object == nil:
		change.Action = Create
		change.Declared = declaredBy(g.kind, entry)
		change.Fields = createdFields(g.kind, change.Declared)
		problems = g.kind.CheckCreate(*entry)
	case change.State == tree.MustCreated:
		return nil, tree.Problems{{Place: entry.State.Place, Path: entry.Path + ".state",
			Message: "the " + change.what() + " exists already: must_created allows only a new one, use created or present"}}
	case change.State != tree.Created:
		problems = p.update(change, g, entry, live)
	}
	return change, append(problems, p.clashes(g, change)...)
}

// elsewhere are the files of the group's entries but for that of one of them.
func (g *group) elsewhere(entry *tree.Entry) []string {
	var files []string
	for _, c := range g.members {
		if file := c.entry.Place.File; file != entry.Place.File {
			files = append(files, file)
		}
	}
	return unique(files)
}

// clashes says which values of a change the server would take for others, since they are
// in one request.
func (p *planner) clashes(g *group, change *Change) tree.Problems {
	sent := map[string]any{}
	for _, field := range change.Fields {
		sent[field.Name] = field.After
	}
	var problems tree.Problems
	for _, field := range change.Fields {
		if why := g.kind.Fields.Field(field.Name).Clashes(field.After, sent); why != "" {
			problems = append(problems, *p.fieldProblem(g, field.Name, why))
		}
	}
	return problems
}

// update makes an update of a change where what is declared differs from the live
// object.
func (p *planner) update(change *Change, g *group, entry *tree.Entry, live schema.Answer) tree.Problems {
	declared := declaredBy(g.kind, entry)
	problems := p.unanswered(g, live, declared)
	if len(problems) > 0 {
		return problems
	}
	fields := updatedFields(g.kind, declared, p.withoutServers(g.kind, declared, live.Fields))
	fields = append(fields, p.unshown(change, g, declared, live.Fields)...)
	if len(fields) > 0 && !g.kind.Update {
		return p.cannot(change, "changed")
	}
	if problems := p.keepsID(change, g, fields); len(problems) > 0 {
		return problems
	}
	if len(fields) > 0 {
		change.Action, change.Fields, change.Declared, change.Live = Update, fields, declared, live.Fields
		change.splitAlong(g.kind)
	}
	return nil
}

// keepsID refuses to change a primary key: where a server takes that, it makes a second
// object and leaves the first one (kinds-2026.2.2+variations, agentconnector).
func (p *planner) keepsID(change *Change, g *group, fields []FieldChange) tree.Problems {
	for _, field := range fields {
		if field.Name == g.kind.ID {
			return tree.Problems{*p.fieldProblem(g, field.Name,
				fmt.Sprintf("is the primary key, which stays what it is: that of the %s is %v", change.what(), field.Before))}
		}
	}
	return nil
}

// cannot says what the API does not let be done to a kind.
func (p *planner) cannot(change *Change, done string) tree.Problems {
	return tree.Problems{change.problem(fmt.Sprintf("the %s can't be %s: authentik's API has no way to", change.what(), done))}
}

// cannotCreate says that the server creates no such object, and which one does.
func (p *planner) cannotCreate(change *Change) tree.Problems {
	problems := p.cannot(change, "created, only changed: it has to be there")
	if whole, version := p.schema.Whole(); version != "" && whole.Kind(change.Model).Create {
		problems[0].Message += fmt.Sprintf(" before authentik %s: this one is %s", whole.Kind(change.Model).Created, version)
	}
	return problems
}

// addGrants adds what a request of its own shows of an object, for those fields that
// are declared. Where it was not asked for it notes that the plan needs it.
func (p *planner) addGrants(g *group, entry *tree.Entry, live *schema.Answer) tree.Problems {
	var problems tree.Problems
	for _, field := range g.kind.Fields.Fields {
		value, declared := entry.Field(field.Name)
		key := fieldKey{g.kind.Model, schema.IDText(live.ID), field.Name}
		// What is viewed is so once: afterwards this process knows it.
		views := declared && field.Via.Views() && p.live.Sent.tells(key, value.Plain()) == schema.Unknown
		if !declared || !field.Via.Lists() && !views {
			continue
		}
		grant := Grant{Model: g.kind.Model, ID: schema.IDText(live.ID), Field: field.Name}
		if views {
			grant.Key = g.kind.KeyOf(*live)
		}
		granted, asked := p.live.Grants[grant]
		if !asked {
			p.plan.NeedsGrants = append(p.plan.NeedsGrants, grant)
		}
		switch {
		case granted.Err != nil:
			problems = append(problems, *p.fieldProblem(g, field.Name, "can't be compared: "+p.unasked(granted.Err)))
		case field.Via.Lists():
			live.Fields[field.Name] = granted.Values
		case len(granted.Values) == 1:
			live.Fields[field.Name] = granted.Values[0]
		}
	}
	return problems
}

// unasked is what went wrong when the server was asked for something that one object
// needs. Where it did not answer, the next pass should come soon.
func (p *planner) unasked(err error) string {
	p.plan.Unanswered = p.plan.Unanswered || is(err, Failure.NoAnswer)
	return err.Error()
}

// unanswered says which declared fields the server's object has not got, or has
// otherwise than aksync knows, and warns of the rest.
func (p *planner) unanswered(g *group, live schema.Answer, declared map[string]any) tree.Problems {
	kind := g.kind
	var problems tree.Problems
	for _, field := range kind.Fields.Fields {
		odd, isOdd := live.Odd[field.Name]
		_, isDeclared := declared[field.Name]
		_, isLive := live.Fields[field.Name]
		isOther := isOdd && field.Type == schema.Text && len(field.Values) > 0 // a value that may be changed into a known one
		switch {
		case isDeclared && isOdd && !isOther:
			problems = append(problems, *p.fieldProblem(g, field.Name, fmt.Sprintf(
				"the server's %s has another kind of value there than aksync knows (%s): leave the field out, or use an aksync that knows authentik %s", kind.Title, odd, p.plan.Version)))
		case isDeclared && !isLive && !isOdd && field.Answers():
			problems = append(problems, *p.fieldProblem(g, field.Name, fmt.Sprintf(
				"no %s of this server, authentik %s, has %s: leave it out", kind.Title, p.plan.Version, field.Name)))
		case isOdd:
			p.plan.Warnings = append(p.plan.Warnings, tree.Problem{Message: fmt.Sprintf("the server's %s %s is not as aksync knows it: %s: %s", kind.Title, quote(p.liveName(kind, live)), field.Name, p.oddWords(g, field, odd))})
		}
	}
	return problems
}

// oddWords say what is odd about a live value: authentik keeps one that it had formerly.
func (p *planner) oddWords(g *group, field *schema.Field, odd string) string {
	whole := p.whole.Kind(g.kind.Model).Fields.Field(field.Name)
	for _, choice := range whole.Values {
		if choice.Value == g.object[field.Name] && choice.Gone(p.plan.Version) {
			return choice.Lacks(p.plan.Version)
		}
	}
	return odd
}

func (p *planner) liveName(kind *schema.Kind, live schema.Answer) string {
	return cmp.Or(asText(live.Fields[kind.Key]), schema.IDText(live.ID))
}

// declaredBy returns the declared fields as they are sent.
func declaredBy(kind *schema.Kind, entry *tree.Entry) map[string]any {
	declared := map[string]any{}
	for _, field := range kind.Fields.Fields {
		if value, given := entry.Field(field.Name); given {
			declared[field.Name] = value.Plain()
		}
	}
	return declared
}

// createdFields are all that are declared.
func createdFields(kind *schema.Kind, declared map[string]any) []FieldChange {
	var fields []FieldChange
	for _, field := range kind.Fields.Fields {
		if value, given := declared[field.Name]; given {
			fields = append(fields, FieldChangeOf(field, nil, value))
		}
	}
	return fields
}

// FieldChangeOf is a change of a field, with what says how its values may be shown.
func FieldChangeOf(field *schema.Field, before, after any) FieldChange {
	return FieldChange{
		Name: field.Name, Before: before, After: after, Choices: len(field.Values) > 0,
		Sensitive: field.Sensitive, WriteOnly: !field.Shown(), Refers: field.Refers,
	}
}

// updatedFields are those that an update of an object sets.
func updatedFields(kind *schema.Kind, declared, live map[string]any) []FieldChange {
	return append(changedFields(kind, declared, live), droppedElements(kind, declared, live)...)
}

// changedFields are those that are declared and differ from the live ones, as far
// as that can be said.
func changedFields(kind *schema.Kind, declared, live map[string]any) []FieldChange {
	var fields []FieldChange
	for _, field := range kind.Fields.Fields {
		value, given := declared[field.Name]
		if given && differs(field, declared, live) {
			fields = append(fields, FieldChangeOf(field, live[field.Name], value))
		}
	}
	return fields
}

// differs reports whether a declared field is not as the object has it. One that
// can't be read back, or that the server makes up with each write, does not.
func differs(field *schema.Field, declared, live map[string]any) bool {
	if !field.Shown() {
		return false
	}
	for name, value := range field.Unless {
		other, given := declared[name]
		if !given {
			other = live[name]
		}
		if reflect.DeepEqual(other, value) {
			return false
		}
	}
	return !field.Same(declared[field.Name], live[field.Name])
}
