package schema

import (
	"fmt"

	"github.com/aksync/aksync/internal/tree"
)

// Object is an object as the server answered it, decoded with
// json.Decoder.UseNumber.
type Object = map[string]any

// Answer is an object as the server answered it, read by its kind.
type Answer struct {
	// PK is the object's primary key.
	PK string
	// Fields are the writable fields, as Value.Plain gives them.
	Fields map[string]any
	// Users names what uses the object, in the server's order.
	Users []string
	// Entrances are those of the users that people log in through.
	Entrances []string
	// Warnings say what is not as the schema knows it among fields that
	// aksync only shows.
	Warnings []string
}

// AnswerNames gives the names of all fields that an answer has.
func (k *Kind) AnswerNames() []string {
	names := k.Fields.Names()
	for _, readOnly := range k.ReadOnly {
		names = append(names, readOnly.Name)
	}
	return names
}

// ReadAnswer reads what the server answered for one object. It is an error when the primary key or a writable
// field is not as the schema says: nothing is guessed about such an object.
// Unknown keys are no error, since every new version brings some.
func (k *Kind) ReadAnswer(answer Object) (Answer, error) {
	read := Answer{Fields: make(map[string]any, len(k.Fields.Fields))}
	for _, field := range k.Fields.Fields {
		value, problem := field.readAnswer(answer)
		if problem != "" {
			return Answer{}, fmt.Errorf("the server's answer for a %s is not as aksync knows it: %s", k.Title, problem)
		}
		read.Fields[field.Name] = value.Plain()
	}
	for _, readOnly := range k.ReadOnly {
		value, problem := readOnly.field.readAnswer(answer)
		if problem != "" && readOnly.Name == PK {
			return Answer{}, fmt.Errorf("the server's answer for a %s is not as aksync knows it: %s", k.Title, problem)
		}
		if problem != "" {
			read.Warnings = append(read.Warnings, problem)
		}
		switch readOnly.Name {
		case PK:
			read.PK = text(value)
		case k.Users.Field:
			read.Users, read.Entrances = k.Users.read(value)
		}
	}
	return read, nil
}

// readAnswer gives the field's value in an answer, or what is wrong with it.
func (f *Field) readAnswer(answer Object) (tree.Value, string) {
	data, given := answer[f.Name]
	if !given {
		return tree.Value{}, fmt.Sprintf("%s is missing", f.Name)
	}
	value := tree.FromJSON(data)
	if problems := f.Check(f.Name, value); len(problems) > 0 {
		return value, problems[0].Error()
	}
	return value, ""
}

// read names the users in a list, and those of them that people log in through.
func (u Users) read(list tree.Value) (names, entrances []string) {
	elements, _ := list.Data.(tree.List)
	names = make([]string, 0, len(elements))
	for _, element := range elements {
		user, isMap := element.Data.(tree.Map)
		label, _ := user.Get(u.Label)
		if !isMap || text(label) == "" {
			continue
		}
		names = append(names, text(label))
		if by, _ := user.Get(u.Entrance.Field); u.Entrance.Is != "" && text(by) == u.Entrance.Is {
			entrances = append(entrances, text(label))
		}
	}
	return names, entrances
}
