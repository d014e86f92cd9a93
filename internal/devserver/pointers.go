package devserver

import (
	"fmt"
	"math/big"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// complainOfPointers says what is wrong with a list of primary keys: the first that
// is.
func (c *check) complainOfPointers(field *schema.Field, value tree.Value) any {
	list, isList := value.Data.(tree.List)
	if !isList {
		return []string{fmt.Sprintf("Expected a list of items but got type \"%s\".", pythonType(value))}
	}
	if len(list) == 0 && c.needsElements(field) {
		return []string{"This list may not be empty."}
	}
	for _, element := range list {
		if problem := c.complainOfPointer(field, element); problem != nil {
			return problem
		}
	}
	return nil
}

func (c *check) complainOfPointer(field *schema.Field, value tree.Value) any {
	if value.Data == "" && field.Type != schema.List {
		return c.complainOfNull(field) // post-cf-empty
	}
	target, problem := c.target(field, value)
	if problem != "" {
		return []string{problem}
	}
	if c.find(field.Refers, target) == nil {
		return []string{fmt.Sprintf("Invalid pk \"%s\" - object does not exist.", pythonString(value))} // post-cf-unknown
	}
	return nil
}

// target reads a primary key, or says why it is none.
func (c *check) target(field *schema.Field, value tree.Value) (pk any, problem string) {
	text := pythonString(value)
	if c.pointsByNumber(field) {
		number := integerField.Normalize(value)
		if _, isBool := value.Data.(bool); isBool {
			return nil, fmt.Sprintf("Incorrect type. Expected pk value, received %s.", pythonType(value))
		}
		switch number.Data.(type) {
		case int64, *big.Int:
			return number.Data, ""
		default:
			return nil, fmt.Sprintf("Incorrect type. Expected pk value, received %s.", pythonType(value))
		}
	}
	if number, isNumber := value.Data.(int64); isNumber {
		return fmt.Sprint(number), ""
	}
	id := uuidField.Normalize(tree.Value{Data: text})
	if canonical, _ := id.Data.(string); isUUID(canonical) {
		return canonical, ""
	}
	return nil, fmt.Sprintf("“%s” is not a valid UUID.", text) // post-cf-notuuid
}

var (
	integerField = &schema.Field{Data: schema.Data{Type: schema.Integer}}
	uuidField    = &schema.Field{Data: schema.Data{Type: schema.Pointer}}
)

// pointsByNumber reports whether the primary keys that a field holds are numbers.
func (s *store) pointsByNumber(field *schema.Field) bool {
	if field.Type == schema.List && field.Element != nil {
		return field.Element.Type == schema.Integer
	}
	return field.Type == schema.Integer
}
