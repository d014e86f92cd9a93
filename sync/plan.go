// Package sync is the reconciler: it plans what separates the blueprints from
// the live objects, applies it, and does so again and again. Planning is a
// pure function, and a plan is plain data; applying knows changes and no files;
// the daemon is a loop around the same pass that the commands make.
package sync

import (
	"strconv"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// Action is what a change does to its object.
type Action string

// The actions.
const (
	Create Action = "create"
	Update Action = "update"
	Delete Action = "delete"
	NoOp   Action = "no_op"
)

// Changing returns the actions that change something.
func Changing() []Action { return []Action{Create, Update, Delete} }

// Desired is what the blueprints say, in the order of the files and their
// entries. The entries are shared and never changed.
type Desired struct {
	// Entries are those of the valid files; offline evaluated and checked.
	Entries []*tree.Entry
	// Frozen are those of the invalid files, as far as they could be read.
	// Their objects are left as they are.
	Frozen []*tree.Entry
	// Silent are entries that ask for nothing now, since their conditions are
	// not met or their file is switched off: their objects are spoken of, and
	// not pruned.
	Silent []*tree.Entry
	// Removed are entries that were declared and are not any more.
	Removed []Removed
	// Edited are those of Entries that are not as they were in the pass before;
	// it may be nil.
	Edited map[*tree.Entry]bool
	// SendUnshown is set where values that can't be compared are to be sent.
	SendUnshown bool
	// Warnings are what is wrong with none of the files, and does no harm.
	Warnings tree.Problems
	// Applies are blueprints of authentik's own that files want to be applied before
	// them, and that are none of the files.
	Applies []Instance
	// Survey, if not nil, has the plan look for what no entry speaks of.
	Survey *Survey
	// Files are the blueprint files, and ReadOwn, if not nil, reads what the text of a
	// blueprint of authentik's own declares: those of them that authentik applies too
	// are then warned of.
	Files   []Blueprint
	ReadOwn func(text string) []*tree.Entry
	// Incomplete is set where a file is invalid, and so perhaps an object
	// spoken of that nobody knows of: then nothing is pruned.
	Incomplete bool
}

// Instance is a blueprint of authentik's own that a file wants to be applied before it.
type Instance struct {
	Place tree.Place
	Path  string
	// Model is that of blueprints, and By holds the fields that find the one, such as its
	// name or its path.
	Model string
	By    []tree.Condition
}

// Plan is what has to be done, and what stands in the way. It is plain data:
// applying it evaluates nothing and reads nothing but the server.
type Plan struct {
	// Version is the server's, such as 2025.10.4.
	Version string
	// Changes are in the order in which they are applied; objects that are
	// as declared are among them as NoOp.
	Changes []*Change
	// Problems are entries that can't be planned; their objects are left as
	// they are.
	Problems tree.Problems
	// Failed counts the objects that the problems concern, by model.
	Failed map[string]int
	// Live counts the live objects of the managed kinds that were listed, by
	// model.
	Live map[string]int
	// Warnings are what does no harm but is not as it should be: answers of the
	// server that are not as the schema has them, fields that authentik has
	// dropped.
	Warnings tree.Problems
	// Refusal says why nothing of the plan is done, if a guard refuses it.
	Refusal string
	// Unanswered is set where the server did not answer for a kind: the next
	// pass should come soon.
	Unanswered bool
	// fates say what became of the entries that were Removed, as far as it is known.
	fates map[*tree.Entry]fate
	// unseen are the declared values that no answer shows and nothing is known of, as
	// far as they are not among the changes.
	unseen map[fieldKey]any
	// Surveyed is what is live and nobody speaks of; nil where it was not asked for.
	Surveyed *Surveyed
	// Names are what people call the live objects that changes refer to, as far as that
	// is known.
	Names map[Pointer]Named
	// nameless are those of which it is not.
	nameless []Pointer
	// Rivals counts the blueprints of authentik's own that are files here too.
	Rivals int
	// Needs are objects that entries speak of and Live does not hold,
	// NeedsGrants, NeedsPermits and NeedsContext what else it lacks. A plan that needs any is of
	// no use but to say so.
	Needs        Needs
	NeedsGrants  []Grant
	NeedsPermits []PermitNeed
	NeedsContext []string
}

// asks reports whether the plan lacks anything that the server knows.
func (p *Plan) asks() bool {
	return len(p.Needs) > 0 || len(p.NeedsGrants) > 0 || len(p.NeedsPermits) > 0 || len(p.NeedsContext) > 0
}

// Change is what happens to one object.
type Change struct {
	// ID is the change's number in its plan, by which values of other changes
	// refer to the object that it creates (tree.ID).
	ID     int
	Action Action
	// Model is the model of the object; Title is what people call its kind.
	Model, Title string
	// Name is what people call the object: the value of its kind's key, or what
	// an object without one binds.
	Name string
	// PK is the primary key as text, and Key what ends the object's path in
	// the API; both are empty before creation.
	PK, Key string
	// Source is where the object is declared, Path where in that blueprint, and
	// State what the declaration asks for.
	Source tree.Place
	Path   string
	State  tree.State
	// Elsewhere are the other files that declare the object too.
	Elsewhere []string
	// Users are what uses the object.
	Users []schema.User
	// Fields are those that differ, in the order of the schema: all that
	// are declared for a creation, none for a deletion.
	Fields []FieldChange
	// Declared are all declared fields, as Value.Plain has them; a tree.ID
	// stands for the key of an object that the plan creates. Nil for a NoOp and
	// for a deletion.
	Declared map[string]any
	// Live are the writable fields that the object had when it was planned
	// against. Nil for a NoOp and before creation.
	Live map[string]any
	// Hidden are the fields that nobody may read.
	Hidden []string
	// Permits is set where the change permits somebody something with its object, and
	// changes nothing else. Fields has it for people.
	Permits *Permitting
	// Permitted is what entries declare to be permitted with the object, done or not. A
	// saved plan has not got it.
	Permitted []Permitting
	// After are the numbers of the changes that have to be done before this
	// one.
	After []int
	// Of is the number of the change that creates the object, where this is an
	// update that has to wait for it; else nil.
	Of *int
	// Warnings say what harm the change can do, such as to lock people out.
	Warnings []string
	// Uncompared are the declared fields that the server does not show, and of which
	// nothing else says whether they differ; they stay as they are. Along are those
	// that the update sends all the same, beside what differs. Neither are among Fields.
	Uncompared, Along []string
	// Held says why some of the fields that differ, or all, are left for later;
	// those are not among Fields and Declared.
	Held string
	// Edited is set where the declaration is not as it was in the pass before.
	Edited bool
}

// FieldChange is one field with its old and its new value, as Value.Plain has
// them; a tree.ID or a tree.Text is known only after apply.
type FieldChange struct {
	Name          string
	Before, After any
	// Refers is the model whose key the field, or each element of its list, holds; or
	// empty.
	Refers string
	// Choices is set where the field is one, or a list, of a few known values.
	Choices bool
	// Sensitive values are shown to nobody; WriteOnly ones can't be read back, so
	// that Before is not known.
	Sensitive, WriteOnly bool
}

// KnownAfterApply reports whether the new value depends on an object that the
// plan creates.
func (f FieldChange) KnownAfterApply() bool { return !tree.Known(f.After) }

// HasChanges reports whether there is anything to apply.
func (p *Plan) HasChanges() bool {
	for _, change := range p.Changes {
		if change.Action != NoOp {
			return true
		}
	}
	return false
}

// UserNames returns the names of what uses the object.
func (c *Change) UserNames() []string {
	names := make([]string, len(c.Users))
	for i, user := range c.Users {
		names[i] = user.Name
	}
	return names
}

// Entrances returns the names of those users that people log in through.
func (c *Change) Entrances() []string {
	var names []string
	for _, user := range c.Users {
		if user.Entrance {
			names = append(names, user.Name)
		}
	}
	return names
}

// what names the change's object for a message.
func (c *Change) what() string { return c.Title + " " + quote(c.Name) }

// problem says what is wrong with a change, where it is declared.
func (c *Change) problem(message string) tree.Problem {
	return tree.Problem{Place: c.Source, Path: c.Path, Message: message}
}

func quote(text string) string { return strconv.Quote(text) }
