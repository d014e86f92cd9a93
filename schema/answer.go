package schema

import (
	"fmt"
	"strconv"

	"github.com/aksync/aksync/internal/tree"
)

// Object is an object as the server answered it, decoded with
// json.Decoder.UseNumber.
type Object = map[string]any

// Answer is an object as the server answered it, read by its kind.
type Answer struct {
	// ID is the object's primary key, a string or an int64.
	ID any
	// Fields are the writable fields, as Value.Plain has them. A field that the
	// server has not got, or that is odd, is not among them.
	Fields map[string]any
	// Odd says what is wrong with the fields that are not as the schema knows
	// them, by name.
	Odd map[string]string
	// Users are what uses the object, in the server's order.
	Users []User
}

// User is an object that uses another one.
type User struct {
	// Model and ID say which it is; ID is its primary key as text.
	Model string `json:"model"`
	ID    string `json:"pk"`
	Name  string `json:"name"`
	// Entrance is set where people log in through it.
	Entrance bool `json:"entrance,omitempty"`
}

// AnswerNames returns the names of all fields that an answer has.
func (k *Kind) AnswerNames() []string {
	names := k.Fields.Names()
	for _, readOnly := range k.ReadOnly {
		if k.Fields.Field(readOnly.Name) == nil { // which some versions can write
			names = append(names, readOnly.Name)
		}
	}
	return names
}

// IDOf returns an object's primary key, a string or an int64, and reports
// whether it has one.
func (k *Kind) IDOf(object Object) (id any, has bool) {
	switch id := tree.PlainJSON(object[k.ID]).(type) {
	case string:
		return id, id != ""
	case int64:
		return id, true
	default:
		return nil, false
	}
}

// ReadAnswer reads what the server answered for one object. It is an error where
// the primary key is not as the schema says: nothing is known about such an
// object. Unknown keys are no error, since every new version brings some, and a
// missing one is none, since an older version has not got it.
func (k *Kind) ReadAnswer(answer Object) (Answer, error) {
	id, has := k.IDOf(answer)
	if !has || k.field(k.ID).CheckPlain(id) != "" {
		return Answer{}, fmt.Errorf("the server's answer for a %s is not as aksync knows it: its %s is %s", k.Title, k.ID, tree.Describe(tree.PlainJSON(answer[k.ID])))
	}
	read := Answer{ID: id, Fields: make(map[string]any, len(k.Fields.Fields))}
	for _, field := range k.Fields.Fields {
		if data, given := answer[field.answered()]; given {
			read.add(field, data)
		}
	}
	if data, given := answer[k.Users.Field]; given {
		read.Users = k.Users.read(tree.FromJSON(data))
	}
	return read, nil
}

func (a *Answer) add(field *Field, data any) {
	if data == nil && field.Via != nil { // nothing was ever set
		a.Fields[field.Name] = nil
		return
	}
	value := tree.FromJSON(data)
	if problems := field.Check(field.Name, value); len(problems) > 0 {
		if a.Odd == nil {
			a.Odd = map[string]string{}
		}
		a.Odd[field.Name] = problems[0].Message
		return
	}
	a.Fields[field.Name] = value.Plain()
}

// read names the users in a list, and those of them that people log in through.
func (u Users) read(list tree.Value) []User {
	elements, _ := list.Data.(tree.List)
	users := make([]User, 0, len(elements))
	for _, element := range elements {
		user, isMap := element.Data.(tree.Map)
		label, _ := user.Get(u.Label)
		if !isMap || text(label) == "" {
			continue
		}
		id, _ := user.Get(PK)
		by, _ := user.Get(u.Entrance.Field)
		users = append(users, User{
			Model: u.Model, ID: text(id), Name: text(label),
			Entrance: u.Entrance.Is != "" && text(by) == u.Entrance.Is,
		})
	}
	return users
}

// KeyOf returns what ends the path of an object in the API.
func (k *Kind) KeyOf(a Answer) string {
	if k.Lookup != k.ID {
		if key, isText := a.Fields[k.Lookup].(string); isText {
			return key
		}
	}
	return IDText(a.ID)
}

// IDText returns a primary key as paths have it, or nothing where there is none.
func IDText(id any) string {
	switch id := id.(type) {
	case string:
		return id
	case int64:
		return strconv.FormatInt(id, 10)
	default:
		return ""
	}
}
