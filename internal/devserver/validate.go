package devserver

import (
	"net/http"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// complaints are what is wrong with a body, by field.
type complaints map[string]any

func (c complaints) add(field string, messages ...string) { c[field] = messages }

// validated is what a body comes to.
type validated struct {
	fields     map[string]any
	complaints complaints
	// crashes is set where the server meets an exception that it does not
	// handle, and answers an empty 405.
	crashes bool
}

// refusal returns the answer to a body that is not taken, or nil.
func (v *validated) refusal(method string) *response {
	switch {
	case len(v.complaints) > 0:
		return &response{status: http.StatusBadRequest, body: encode(v.complaints)}
	case v.crashes:
		answer := unhandled(method, http.StatusInternalServerError)
		return &answer
	}
	return nil
}

// check is the reading of one body. The store has to be held.
type check struct {
	*store
	table *table
	body  tree.Map
	// method is what was asked for, and self the object that is changed, or nil.
	method string
	self   *object
	now    clock
	validated
}

// validate goes through the fields, and then asks of the body as a whole what has
// to hold, as Django REST Framework does. A PATCH leaves out what is not given
// (patch-one); else required fields have to be there. Unknown and read-only fields
// are ignored (post-unknown-field, post-with-readonly-noflowset).
func (c *check) validate() *validated {
	c.fields, c.complaints = map[string]any{}, complaints{}
	for _, field := range c.table.kind.Fields.Fields {
		if field.Via == nil {
			c.checkField(field)
		}
	}
	c.checkUsers()
	if len(c.complaints) == 0 {
		c.checkTogether()
	}
	if len(c.complaints) == 0 {
		c.checkRules()
	}
	c.crashes = c.crashes && len(c.complaints) == 0
	return &c.validated
}

func (c *check) checkField(field *schema.Field) {
	value, given := c.body.Get(field.Name)
	if !given {
		if field.Required && c.method != http.MethodPatch {
			c.complaints.add(field.Name, "This field is required.")
		}
		return
	}
	normalized := field.Normalize(value)
	if problem := c.complain(field, value, normalized); problem != nil {
		c.complaints[field.Name] = problem
		return
	}
	plain := normalized.Plain()
	c.fields[field.Name] = plain
	if text, isText := plain.(string); isText && c.table.unique[field.Name] != nil && !fitsIndex(text) {
		c.crashes = true // post-name-6k-incompressible
	}
}

// self's primary key, or nothing.
func (c *check) selfPK() string {
	if c.self == nil {
		return ""
	}
	return c.self.pk
}

func (c *check) complainOfNull(field *schema.Field) any {
	if field.Nullable {
		return nil
	}
	return []string{"This field may not be null."}
}

// complain says what is wrong with one value, in the server's words.
func (c *check) complain(field *schema.Field, value, normalized tree.Value) any {
	if value.Data == nil {
		return c.complainOfNull(field)
	}
	var problem any
	switch {
	case field.Refers != "" && field.Type == schema.List:
		problem = c.complainOfPointers(field, value)
	case field.Refers != "":
		problem = c.complainOfPointer(field, value)
	default:
		problem = c.complainOfData(field, field.Name, value, normalized)
	}
	if problem != nil {
		return problem
	}
	return c.complainOfUnique(field, normalized.Plain())
}
