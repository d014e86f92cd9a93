package devserver

import (
	"cmp"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/aksync/aksync/schema"
)

// table holds the objects of one kind.
type table struct {
	kind  *schema.Kind
	about *about
	// answers is how the fields of an answer come to be that are not as they
	// are stored; names are all fields of an answer.
	answers map[string]*computed
	names   []string
	// integer is set where primary keys are numbers.
	integer bool
	byPK    map[string]*object
	// unique finds objects by the values of unique fields: for each field, the
	// values of all kinds that share it.
	unique map[string]uniques
	// inOrder are the objects in the order of lists, and inPKOrder in that of
	// their primary keys: a client that wants every object on exactly one page
	// asks for it.
	inOrder, inPKOrder index
	// needs are the models whose objects show in answers of this kind.
	needs []string
	// written counts the writes to the kind, saved those that made or changed an
	// object, and made those that made one.
	written, saved, made int64
	// merged are the objects of all kinds that the kind's list holds, where these
	// are several.
	merged atomic.Pointer[merged]
	// byHost is set where answers hold the server's address.
	byHost bool
}

// merged are objects of several kinds in order, as they were when the kinds had been
// written as often as stamp says.
type merged struct {
	objects []*object
	stamp   int64
}

// object is one object.
type object struct {
	table *table
	// pk is the primary key as paths have it, and id as answers have it.
	pk string
	id any
	// row orders the objects as the database's table does.
	row int64
	// fields are replaced as a whole and never changed.
	fields map[string]any
	// answered is the object as it was answered last.
	answered atomic.Pointer[answered]
}

// answered is an object as it is answered, made when the kinds that it shows had
// been written as often as stamp says.
type answered struct {
	json  []byte
	stamp int64
}

// uniques are the objects that hold the values of a unique field.
type uniques map[any]*object

// field returns a writable field that the kind stores, or nil.
func (t *table) field(name string) *schema.Field { return t.kind.Fields.Field(name) }

// readOnly returns the read-only field of that name, or nil.
func (t *table) readOnly(name string) *schema.ReadOnly {
	for _, field := range t.kind.ReadOnly {
		if field.Name == name {
			return field
		}
	}
	return nil
}

// refers returns the model that a stored field refers to.
func (t *table) refers(name string) string {
	if field := t.field(name); field != nil {
		return field.Refers
	}
	for _, how := range t.answers {
		if how.Of == name && how.Refers != "" && how.Key == "" {
			return how.Refers
		}
	}
	return ""
}

// virtual returns how a writable field comes to be that is no column of the kind,
// but the other side of another kind's field.
func (t *table) virtual(name string) *computed {
	if how := t.answers[name]; how != nil && how.Back != "" && t.field(name) != nil {
		return how
	}
	return nil
}

// compareBy orders objects by the fields of a list, and as the table has them
// after that.
func compareBy(fields []string) func(a, b *object) int {
	return func(a, b *object) int {
		for _, field := range fields {
			name, backwards := strings.CutPrefix(field, "-")
			result := compare(a.ordered(name), b.ordered(name))
			if backwards {
				result = -result
			}
			if result != 0 {
				return result
			}
		}
		return cmp.Compare(a.row, b.row)
	}
}

// ordered is what an object is ordered by.
func (o *object) ordered(name string) any {
	if name == o.table.kind.ID || name == schema.PK {
		return o.id
	}
	return o.fields[name]
}

func (t *table) add(o *object) {
	t.byPK[o.pk] = o
	for name, values := range t.unique {
		if value, has := uniqueValue(o.fields[name]); has {
			values[value] = o
		}
	}
	t.inOrder.add(o)
	t.inPKOrder.add(o)
}

func (t *table) remove(o *object) {
	delete(t.byPK, o.pk)
	for name, values := range t.unique {
		if value, has := uniqueValue(o.fields[name]); has && values[value] == o {
			delete(values, value)
		}
	}
	t.inOrder.remove(o)
	t.inPKOrder.remove(o)
}

// uniqueValue returns a value as uniques have it. Nothing is no value.
func uniqueValue(value any) (any, bool) {
	switch value.(type) {
	case string, int64, bool:
		return value, true
	default:
		return nil, false
	}
}

// lookUp returns the object that a path ends with, or nil.
func (t *table) lookUp(key string) *object {
	if t.kind.Lookup == t.kind.ID {
		return t.byPK[key]
	}
	if o := t.byPK[key]; o != nil && slices.Contains(t.about.Lookups, schema.PK) {
		return o
	}
	if values, has := t.unique[t.kind.Lookup]; has {
		if o := values[key]; o != nil && o.table == t {
			return o
		}
		return nil
	}
	at := slices.IndexFunc(t.inOrder.objects, func(o *object) bool { return o.fields[t.kind.Lookup] == key })
	if at < 0 {
		return nil
	}
	return t.inOrder.objects[at]
}
