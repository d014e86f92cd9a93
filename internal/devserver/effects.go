package devserver

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// clock tells the time.
type clock func() time.Time

// effect is what a write does to a field beside what the body says.
type effect struct {
	Field string `json:"field"`
	// On is create or update, or both if empty.
	On string `json:"on"`
	// Missing is set where it is done only if the body has nothing for the field;
	// When are fields of the object as it is to be, with the values for which it
	// is done.
	Missing bool             `json:"missing"`
	When    map[string][]any `json:"when"`
	// Value is what the field gets; or a text of other fields; or Caller, who
	// asks; or Expires, an instant in half an hour; or Now; or Random, something of that
	// sort.
	Value   json.RawMessage `json:"value"`
	Text    string          `json:"text"`
	Caller  bool            `json:"caller"`
	Expires bool            `json:"expires"`
	Now     bool            `json:"now"`
	Random  string          `json:"random"`
	// Adds are objects, by a field of theirs, that a list holds always.
	Adds *additions `json:"adds"`
	// Makes is an object of another kind that the field refers to then.
	Makes *making `json:"makes"`
	// Sets are texts of other fields that those of what the field refers to get, or
	// of what Through refers to there.
	Sets    map[string]string `json:"sets"`
	Through string            `json:"through"`
	schema.Span
}

type additions struct {
	Model string `json:"model"`
	Field string `json:"field"`
	Is    []any  `json:"is"`
}

// making is an object that comes with another one.
type making struct {
	Model  string         `json:"model"`
	Fields map[string]any `json:"fields"`
}

// lifetime is how long a token lives if nothing else is said.
const lifetime = 30 * time.Minute

// change is one write, before it is stored.
type change struct {
	*check
	fields map[string]any // of the object as it is to be
	isNew  bool
	id     any // of what is new
	caller *object
	given  map[string]any // by the body
}

// apply does what a write does to fields beside what the body says.
func (ch *change) apply() {
	for _, effect := range ch.table.about.Writes {
		switch {
		case !effect.applies(ch):
		case effect.Sets != nil:
			effect.setOther(ch)
		default:
			ch.fields[effect.Field] = effect.value(ch)
		}
	}
	for _, field := range ch.table.kind.Fields.Fields {
		ch.settle(field)
	}
}

func (e *effect) applies(ch *change) bool {
	if e.On == "create" && !ch.isNew || e.On == "update" && ch.isNew {
		return false
	}
	return (!e.Missing || ch.given[e.Field] == nil) && holds(ch.fields, e.When)
}

func (e *effect) value(ch *change) any {
	switch {
	case e.Caller:
		if ch.caller == nil {
			return nil
		}
		return ch.caller.id
	case e.Expires:
		return instant(ch.now().Add(lifetime))
	case e.Now:
		return instant(ch.now())
	case e.Random != "":
		return random(e.Random)
	case e.Adds != nil:
		return ch.withAll(ch.fields[e.Field], e.Adds)
	case e.Text != "":
		return view{store: ch.store}.text(ch.object(), e.Text)
	case e.Makes != nil:
		return ch.make(e.Makes)
	}
	value, _ := plainJSON(e.Value)
	return value
}

// setOther changes the object that comes with another one (scimsource/patch-one).
func (e *effect) setOther(ch *change) {
	other := ch.find(ch.table.refers(e.Field), ch.fields[e.Field])
	if other != nil && e.Through != "" {
		other = ch.find(other.table.refers(e.Through), other.fields[e.Through])
	}
	if other == nil {
		return
	}
	fields := map[string]any{}
	for name, text := range e.Sets {
		fields[name] = view{store: ch.store}.text(ch.object(), text)
	}
	ch.set(other, fields)
}

// withAll adds objects to a list.
func (ch *change) withAll(value any, adds *additions) any {
	list, _ := value.([]any)
	list = slices.Clone(list)
	for _, t := range ch.members[adds.Model] {
		for _, o := range t.inPKOrder.objects {
			if slices.Contains(adds.Is, o.fields[adds.Field]) && !slices.Contains(list, o.id) {
				list = append(list, o.id)
			}
		}
	}
	return list
}

// make adds an object that comes with another one, and returns its primary key.
func (ch *change) make(what *making) any {
	t := ch.kinds[what.Model]
	if t == nil {
		return nil
	}
	fields := ch.newFields(t)
	for name, value := range what.Fields {
		switch value := value.(type) {
		case string:
			fields[name] = view{store: ch.store}.text(ch.object(), value)
		case map[string]any:
			if sort, isText := value["random"].(string); isText {
				fields[name] = random(sort)
				continue
			}
			model, _ := value["model"].(string)
			with, _ := value["fields"].(map[string]any)
			fields[name] = ch.make(&making{Model: model, Fields: with})
		default:
			fields[name] = tree.PlainJSON(value)
		}
	}
	for name := range t.unique {
		if value, has := uniqueValue(fields[name]); has && t.unique[name][value] != nil {
			return t.unique[name][value].id
		}
	}
	ch.makeUp(t, fields, true, ch.now())
	return ch.put(t, ch.newPK(t), fields).id
}

// object is what the change is about, as it is to be.
func (ch *change) object() *object {
	if ch.self != nil {
		return &object{table: ch.table, id: ch.self.id, pk: ch.self.pk, fields: ch.fields}
	}
	return &object{table: ch.table, id: ch.id, pk: pkText(ch.id), fields: ch.fields}
}

func plainJSON(text json.RawMessage) (any, error) {
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return nil, err
	}
	return tree.PlainJSON(value), nil
}
