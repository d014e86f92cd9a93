package devserver

import (
	"bytes"
	"compress/flate"
	"fmt"
	"math/big"
	"strconv"
	"strings"

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

// validate goes through the fields in the order of the schema. partial leaves
// out what is not given (patch-one); else required fields have to be there.
// Unknown and read-only fields are ignored (post-unknown-field,
// post-with-readonly-noflowset). self is the pk of the object that is changed,
// or empty. The store has to be held.
func (s *Server) validate(kind *schema.Kind, body tree.Map, partial bool, self string) validated {
	v := validated{fields: map[string]any{}, complaints: complaints{}}
	for _, field := range kind.Fields.Fields {
		value, given := body.Get(field.Name)
		if !given {
			if field.Required && !partial {
				v.complaints.add(field.Name, "This field is required.")
			}
			continue
		}
		normalized := field.Normalize(value)
		if problem := s.complain(kind, field, value, normalized, self); problem != nil {
			v.complaints[field.Name] = problem
			continue
		}
		v.fields[field.Name] = normalized.Plain()
		if text, isText := normalized.Data.(string); isText && field.Name == kind.Key && !fitsIndex(text) {
			v.crashes = true // post-name-6k-incompressible
		}
	}
	if users, given := body.Get(kind.Users.Field); given && kind.Users.Field != "" {
		if problem := s.complainOfUsers(kind, users); problem != nil {
			v.complaints[kind.Users.Field] = problem
		} else {
			v.crashes = true // post-flowset-empty, post-flowset-new
		}
	}
	v.crashes = v.crashes && len(v.complaints) == 0
	return v
}

// complain says what is wrong with one value, in the server's words.
func (s *Server) complain(kind *schema.Kind, field *schema.Field, value, normalized tree.Value, self string) any {
	if value.Data == nil && !field.Nullable {
		return []string{"This field may not be null."}
	}
	switch field.Type {
	case schema.Text:
		return s.complainOfText(kind, field, value, normalized, self)
	case schema.Integer:
		return complainOfInteger(field, normalized)
	case schema.Boolean:
		if _, isBool := normalized.Data.(bool); !isBool {
			return []string{"Must be a valid boolean."}
		}
	case schema.List:
		return s.complainOfList(field, value)
	case schema.Pointer:
		return s.complainOfPointer(field, value, normalized)
	case schema.JSON, schema.Struct, schema.Number, schema.Time:
		for _, problem := range field.Check(field.Name, normalized) {
			return []string{problem.Message}
		}
	}
	return nil
}

func (s *Server) complainOfText(kind *schema.Kind, field *schema.Field, value, normalized tree.Value, self string) any {
	text, isText := normalized.Data.(string)
	switch {
	case !isText:
		return []string{"Not a valid string."} // post-name-bool
	case s.takes(field, tree.Value{Data: text}):
	case len(field.Values) > 0:
		return []string{fmt.Sprintf("\"%s\" is not a valid choice.", text)}
	case text == "":
		return []string{"This field may not be blank."} // post-name-spaces
	case strings.Contains(text, "\x00"):
		return []string{"Null characters are not allowed."} // post-name-nul
	default:
		return []string{field.Check(field.Name, value)[0].Message}
	}
	if field.Name == kind.Key && s.store.taken(kind, text, self) {
		return []string{fmt.Sprintf("%s with this %s already exists.", scopeOf(kind), field.Name)} // post-dup-name
	}
	return nil
}

// takes tells whether the field takes the value in the server's version.
func (s *Server) takes(field *schema.Field, value tree.Value) bool {
	return len(field.Check(field.Name, value)) == 0 && len(field.CheckVersion(field.Name, value, s.config.Version)) == 0
}

func complainOfInteger(field *schema.Field, normalized tree.Value) any {
	number := new(big.Int)
	switch data := normalized.Data.(type) {
	case int64:
		number.SetInt64(data)
	case *big.Int:
		number = data
	default:
		return []string{"A valid integer is required."}
	}
	switch {
	case !number.IsInt64() && !number.IsUint64():
		return []string{"A valid integer is required."} // post-failed-07: read as a float
	case field.Max != nil && number.Cmp(field.Max) > 0:
		return []string{fmt.Sprintf("Ensure this value is less than or equal to %s.", field.Max)}
	case field.Min != nil && number.Cmp(field.Min) < 0:
		return []string{fmt.Sprintf("Ensure this value is greater than or equal to %s.", field.Min)}
	}
	return nil
}

func (s *Server) complainOfList(field *schema.Field, value tree.Value) any {
	list, isList := value.Data.(tree.List)
	if !isList {
		return []string{fmt.Sprintf("Expected a list of items but got type \"%s\".", pythonType(value))} // post-backends-str
	}
	elements := complaints{}
	for i, element := range list {
		one := tree.Value{Data: tree.List{element}}
		switch {
		case s.takes(field, one):
		case element.Data == nil:
			elements.add(strconv.Itoa(i), "This field may not be null.") // post-backends-item-null
		default:
			elements.add(strconv.Itoa(i), fmt.Sprintf("\"%s\" is not a valid choice.", pythonString(element)))
		}
	}
	if len(elements) > 0 {
		return elements
	}
	if len(field.Check(field.Name, value)) > 0 {
		return []string{"This list may not be empty."} // post-backends-empty
	}
	return nil
}

func (s *Server) complainOfPointer(field *schema.Field, value, normalized tree.Value) any {
	if normalized.Data == nil {
		return nil // post-cf-null, post-cf-empty
	}
	text := pythonString(value)
	if _, isNumber := value.Data.(int64); !isNumber && len(field.Check(field.Name, normalized)) > 0 {
		return []string{fmt.Sprintf("“%s” is not a valid UUID.", text)} // post-cf-notuuid
	}
	if pk, isText := normalized.Data.(string); !isText || s.store.get(field.Refers, pk) == nil {
		return []string{fmt.Sprintf("Invalid pk \"%s\" - object does not exist.", text)} // post-cf-unknown
	}
	return nil
}

// complainOfUsers says what is wrong with the users of an object, sent along
// with it: the server tries to create them (post-flowset-*).
func (s *Server) complainOfUsers(kind *schema.Kind, value tree.Value) any {
	list, isList := value.Data.(tree.List)
	switch {
	case value.Data == nil:
		return []string{"This field may not be null."} // post-flowset-null
	case !isList:
		return complaints{"non_field_errors": []string{fmt.Sprintf("Expected a list of items but got type \"%s\".", pythonType(value))}}
	}
	users := s.config.Schema.Kind(kind.Users.Model)
	wrong := false
	all := make([]complaints, len(list))
	for i, element := range list {
		all[i] = complaints{}
		fields, isMap := element.Data.(tree.Map)
		if !isMap {
			all[i].add("non_field_errors", fmt.Sprintf("Invalid data. Expected a dictionary, but got %s.", pythonType(element))) // post-flowset-uuidstr
		} else {
			all[i] = s.validate(users, fields, false, "").complaints // post-flowset-existing, post-flowset-pkonly
		}
		wrong = wrong || len(all[i]) > 0
	}
	if !wrong {
		return nil
	}
	return all
}

// scopeOf is what the server calls the kind when its key is taken: the class
// that holds the key.
func scopeOf(kind *schema.Kind) string {
	if kind.Scope != "" {
		return kind.Scope
	}
	return className(kind)
}

// maxIndexed is how long an entry of PostgreSQL's index may be, in bytes.
const maxIndexed = 2704

// fitsIndex tells whether a key fits into the unique index of its column.
// PostgreSQL compresses it first, by no more than about 87 to 1
// (post-name-10k, post-name-1m, post-name-6k-incompressible).
func fitsIndex(text string) bool {
	if len(text) <= maxIndexed {
		return true
	}
	var compressed bytes.Buffer
	// Neither fails: the level is valid, and a buffer takes all.
	writer, _ := flate.NewWriter(&compressed, flate.BestSpeed)
	_, _ = writer.Write([]byte(text))
	_ = writer.Close()
	return max(compressed.Len(), len(text)/87) <= maxIndexed
}

// pythonType is the name of a value's type in Python.
func pythonType(v tree.Value) string {
	switch v.Data.(type) {
	case string:
		return "str"
	case bool:
		return "bool"
	case int64, *big.Int:
		return "int"
	case float64:
		return "float"
	case tree.List:
		return "list"
	case tree.Map:
		return "dict"
	default:
		return "NoneType"
	}
}

// pythonString is a value as Python's str writes it (post-cf-dict). A body holds
// nothing that it can't write.
func pythonString(v tree.Value) string {
	text, err := tree.PythonText(v.Data)
	if err != nil {
		return tree.TypeName(v.Data)
	}
	return text
}
