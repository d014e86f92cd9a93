package sync

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// A server can hold far more objects of a kind than blueprints speak of: one user of a
// hundred thousand. Where the first page of a list says so, what they speak of is asked
// for object by object, by the filters of the list whose fields objects are known by. A
// filter that the server ignores does no harm: it answers with too much.

// Question asks for the objects of a kind that have a value in a field: their primary
// key, a text that they are known by, or the primary key of what they are bound to.
type Question struct{ Field, Value string }

// Need is what has to be known of the objects of a kind.
type Need struct {
	// All asks for all of them, and Questions for those that answer one.
	All       bool
	Questions []Question
	// As are values that stand for those of questions: the server's filter knows what a
	// policy binding binds to by another id than its answers (KINDS.md 3.9).
	As map[Question]string
	// About is how many further objects blueprints speak of, in words that no question
	// can be made of yet.
	About int
}

// Needs are what has to be known, by model.
type Needs map[string]Need

// all adds all objects of the models.
func (n Needs) all(models ...string) {
	for _, model := range models {
		n[model] = Need{All: true}
	}
}

// whole are the needs of all objects of the models.
func whole(models []string) Needs {
	needs := Needs{}
	needs.all(models...)
	return needs
}

// ask adds questions.
func (n Needs) ask(model string, questions ...Question) {
	need := n[model]
	if need.All {
		return
	}
	need.Questions = append(need.Questions, questions...)
	n[model] = need
}

// as adds the value that stands for that of a question.
func (n Needs) as(model string, q Question, value string) {
	need := n[model]
	if need.As == nil {
		need.As = map[Question]string{}
	}
	need.As[q] = value
	n[model] = need
}

// expect adds how many objects are spoken of.
func (n Needs) expect(model string, about int) {
	need := n[model]
	need.About += about
	n[model] = need
}

const (
	// pageRows is how many objects a list gives in a page, and what a question may be
	// answered with.
	pageRows = 200
	// pageQuestions is how many questions are worth one page more: a page costs the
	// server as much as some seven of them, and each of those is a request.
	pageQuestions = 4
)

// worthwhile is how many objects of a kind are listed rather than asked for by so many
// questions.
func worthwhile(questions int) int { return pageRows * (1 + questions/pageQuestions) }

// askable returns the fields by which objects of a kind can be asked for, the best first:
// the primary key, texts that they are known by, and what a binding binds to.
func askable(kind *schema.Kind) []string {
	var names []string
	if kind.Lookup == kind.ID {
		names = append(names, kind.ID)
	}
	known := []string{kind.Lookup, kind.Key}
	for _, key := range kind.Keys {
		if len(key) == 1 {
			known = append(known, key...)
		}
	}
	for _, name := range known {
		field := kind.Fields.Field(name)
		if field != nil && field.Type == schema.Text && !field.Sensitive && (field.Filter || name == kind.Lookup) {
			names = append(names, name)
		}
	}
	for _, name := range kind.Label {
		if field := kind.Fields.Field(name); field != nil && field.Refers != "" && field.Filter {
			names = append(names, name)
		}
	}
	return names
}

// canAsk reports whether objects of a kind can be asked for by something else than their
// primary key.
func canAsk(kind *schema.Kind) bool {
	return slices.ContainsFunc(askable(kind), func(name string) bool { return name != kind.ID })
}

// questionOf returns what finds the objects of a kind that are as where says, if one of
// the fields can be asked for. Text that the server would take otherwise can't.
func questionOf(kind *schema.Kind, where []want) (q Question, can bool) {
	for _, name := range askable(kind) {
		for _, w := range where {
			if value := w.text(); w.field == name && canAskFor(kind, name, value) {
				return Question{name, value}, true
			}
		}
	}
	return Question{}, false
}

// canAskFor reports whether the server takes the value of a field as it is.
func canAskFor(kind *schema.Kind, name, value string) bool {
	if name == kind.ID {
		return kind.IsID(value)
	}
	return value != "" && value == strings.TrimFunc(value, tree.IsPythonSpace) && !strings.ContainsRune(value, 0)
}

// text is a value as a question has it.
func (w want) text() string { return cmp.Or(asText(w.value), schema.IDText(w.value)) }

// speakOf adds what an entry and the references in it speak of, as far as it is written
// there.
func (n Needs) speakOf(s *schema.Schema, entry *tree.Entry) {
	if kind := s.Kind(entry.Model); kind != nil {
		where, _ := literalWants(entry)
		if pk, has := entry.Identifiers.Get(schema.PK); has && !pk.HasPending() {
			where = append(where, want{field: kind.ID, value: pk.Plain()})
		}
		n.speak(s, kind, where)
	}
	values := []tree.Map{entry.Identifiers, entry.Attrs}
	for _, permission := range entry.Permissions {
		values = append(values, permission.Fields)
	}
	for _, values := range values {
		for _, member := range values {
			for _, ref := range member.Value.References() {
				n.speakOfReference(s, ref)
			}
		}
	}
}

// speakOfReference adds what a reference speaks of.
func (n Needs) speakOfReference(s *schema.Schema, ref tree.Reference) {
	kind := s.Kind(ref.Model)
	if kind == nil {
		return
	}
	where, err := wants(kind, ref.Where)
	if err != nil {
		where = nil // what is wrong is said where it is resolved
	}
	n.speak(s, kind, where)
}

// speak adds that objects of a kind are spoken of that are as where says.
func (n Needs) speak(s *schema.Schema, kind *schema.Kind, where []want) {
	if kind.Path != "" {
		q, can := questionOf(kind, where)
		switch {
		case can:
			n.ask(kind.Model, q)
		case canAsk(kind):
			n.expect(kind.Model, 1)
		default:
			n.all(kind.Model)
		}
	}
	if among := s.Kind(kind.Among); among != nil {
		n.expect(among.Model, 1)
	}
}

// read adds what is needed of a kind to what is known of it.
func (l Listing) read(ctx context.Context, api Reader, kind *schema.Kind, need Need) Listing {
	var questions []Question
	seen := map[Question]bool{}
	for _, q := range need.Questions {
		if !l.answered[q] && !seen[q] {
			seen[q], questions = true, append(questions, q)
		}
	}
	total := len(l.answered) + len(questions) + need.About
	all := need.All || !canAsk(kind) && kind.Lookup != kind.ID
	if l.answered == nil || all || l.Count <= worthwhile(total) {
		most := worthwhile(total)
		if all {
			most = 0
		}
		objects, err := list(ctx, api, kind, most)
		count, long := tooLong(err)
		if !long {
			return Listing{Objects: objects, Err: err}
		}
		l.Count = count // what is known of it stays so
		if l.answered == nil {
			l.answered = map[Question]bool{}
		}
	}
	return l.ask(ctx, api, kind, questions, need.As)
}

// ask adds the answers to questions. Where a filter can't be trusted all objects are
// listed instead.
func (l Listing) ask(ctx context.Context, api Reader, kind *schema.Kind, questions []Question, as map[Question]string) Listing {
	answers := make([][]schema.Object, len(questions))
	group, asking := errgroup.WithContext(ctx)
	for i, q := range questions {
		group.Go(func() (err error) {
			answers[i], err = q.ask(asking, api, kind, as[q])
			return err
		})
	}
	err := group.Wait()
	if _, long := tooLong(err); long || is(err, Failure.Validation) {
		objects, err := list(ctx, api, kind, 0)
		return Listing{Objects: objects, Err: err}
	}
	if err != nil {
		return Listing{Err: fmt.Errorf("asking for each %s: %w", kind.Title, lacking(err, kind.Rights(schema.ToView)))}
	}
	return l.with(kind, questions, answers)
}

// with adds what questions were answered with, each object once.
func (l Listing) with(kind *schema.Kind, questions []Question, answers [][]schema.Object) Listing {
	now := Listing{Count: l.Count, Objects: slices.Clone(l.Objects), answered: map[Question]bool{}}
	for q := range l.answered {
		now.answered[q] = true
	}
	seen := map[string]bool{}
	for _, object := range now.Objects {
		id, _ := kind.IDOf(object)
		seen[schema.IDText(id)] = true
	}
	for i, objects := range answers {
		now.answered[questions[i]] = true
		for _, object := range objects {
			id, _ := kind.IDOf(object)
			if key := schema.IDText(id); !seen[key] {
				seen[key] = key != ""
				now.Objects = append(now.Objects, object)
			}
		}
	}
	return now
}

// ask asks the question, with another value in its place unless as is empty.
func (q Question) ask(ctx context.Context, api Reader, kind *schema.Kind, as string) ([]schema.Object, error) {
	if q.Field == kind.Lookup && (q.Field == kind.ID || kind.Filtered) {
		object, err := api.Retrieve(ctx, kind.Path, q.Value)
		if is(err, Failure.NotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return []schema.Object{object}, nil
	}
	query := queryOf(kind)
	query.Set(q.Field, cmp.Or(as, q.Value))
	return api.List(ctx, kind.Path, kind.ID, query, pageRows)
}
