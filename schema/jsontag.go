package schema

import "slices"

// tagShapes makes the schemas of lists that follow a tag which can give a value
// of a field. Lists that could be any tag's are kept from looking like lists
// that the field is given as they stand.
type tagShapes struct {
	itself object // what the field takes
	text   object // the names that may follow a tag
	field  *Field
	schema *Schema
}

// anything is an argument of a tag of which nothing is known.
var anything = object{}

// modelName is what the name of a model looks like.
const modelName = `^[A-Za-z0-9_]+\.[A-Za-z0-9_]+$`

// arguments is a list of so many of the given arguments.
func arguments(least int, each ...object) object {
	return object{"type": "array", "items": each, "minItems": least, "additionalItems": false}
}

// tagsOfText are the tags that give text.
func tagsOfText() []object {
	return tagShapes{itself: anything, text: object{"type": "string"}, field: &Field{Data: Data{Type: Text}}}.all()
}

// tagRow says what lists that follow some tags look like, in the JSON schema of the
// fields that those can give a value of.
type tagRow struct {
	tags   []string
	gives  func(*Field) bool // which fields; nil: all
	shapes func(tagShapes) []object
}

// tagRows is what the JSON schema knows of tags, all of which have to be here.
func tagRows() []tagRow {
	is := func(t Type) func(*Field) bool { return func(field *Field) bool { return field.Type == t } }
	refers := func(field *Field) bool { return field.Type == Pointer || field.Refers != "" && field.Type != List }
	return []tagRow{
		// Of these there is only text, or what no field takes.
		{tags: []string{"!KeyOf", "!ParseJSON", "!Index", "!Value", "!FindObject"}},
		{tags: []string{"!Env", "!File", "!Context"}, shapes: tagShapes.withDefault},
		{tags: []string{"!If"}, shapes: tagShapes.choice},
		{tags: []string{"!AtIndex"}, shapes: tagShapes.atIndex},
		{tags: []string{"!Enumerate"}, gives: is(List), shapes: tagShapes.enumerate},
		{tags: []string{"!If"}, gives: is(Boolean), shapes: tagShapes.truth},
		{tags: []string{"!Condition"}, gives: is(Boolean), shapes: tagShapes.condition},
		{tags: []string{"!Find"}, gives: refers, shapes: tagShapes.find},
		{tags: []string{"!Format"}, gives: func(field *Field) bool { return field.Type != List && field.Type != Struct }, shapes: tagShapes.format},
	}
}

// JSONSchemaTags gives the names of the tags that the JSON schema knows, sorted.
func JSONSchemaTags() []string {
	var names []string
	for _, row := range tagRows() {
		names = append(names, row.tags...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// all gives the shapes of every tag that can give what the field takes.
func (t tagShapes) all() []object {
	var shapes []object
	for _, row := range tagRows() {
		if row.shapes != nil && (row.gives == nil || row.gives(t.field)) {
			shapes = append(shapes, row.shapes(t)...)
		}
	}
	return shapes
}

// choice is !If with values to choose from, truth is !If without.
func (t tagShapes) choice() []object { return []object{arguments(3, anything, t.itself, t.itself)} }
func (t tagShapes) truth() []object  { return []object{arguments(1, anything)} }

func (t tagShapes) enumerate() []object {
	return []object{arguments(3, anything, object{"enum": []string{"SEQ", "MAP"}}, anything)}
}

func (t tagShapes) condition() []object {
	modes := []string{"AND", "NAND", "OR", "NOR", "XOR", "XNOR"}
	return []object{{"type": "array", "items": []object{{"enum": modes}}, "minItems": 2}}
}

// unlikeModel is a name that is not a model's, as the first argument of !Find
// would be.
func unlikeModel() object {
	return object{"type": "string", "not": object{"pattern": modelName}}
}

// withDefault is !Env, !File or !Context with a default. A list that begins as
// !Find does is none of them, unless the field takes lists: that would let
// every !Find pass.
func (t tagShapes) withDefault() []object {
	if t.field.Type == List {
		return []object{arguments(2, t.text, t.itself)}
	}
	noList := object{"allOf": []object{t.itself, {"not": object{"type": "array"}}}}
	name := object{"allOf": []object{t.text, unlikeModel()}}
	return []object{arguments(2, t.text, noList), arguments(2, name, t.itself)}
}

// atIndex is !AtIndex of a list or a mapping, or of a tag that gives one.
func (t tagShapes) atIndex() []object {
	return []object{
		arguments(2, object{"type": []string{"array", "object"}}, anything, t.itself),
		arguments(2, t.text, object{"type": []string{"integer", "string"}}, t.itself),
	}
}

// format is !Format: with something to fill in, or with none and no values.
func (t tagShapes) format() []object {
	filled := object{"type": "array", "items": []object{{"type": "string", "pattern": "%"}}, "minItems": 1}
	if t.field.Type == Pointer {
		return []object{filled}
	}
	return []object{filled, arguments(1, t.text)}
}

// find is !Find of an object that the field can refer to: of the model, a special
// case of it, or a base of it.
func (t tagShapes) find() []object {
	model := []object{unlikeModel()} // a tag that gives the model
	field := object{"type": "string"}
	if kind := t.schema.Kind(t.field.Refers); kind != nil {
		names, fields := t.findable(kind)
		model = append([]object{{"enum": names}}, model...)
		if len(fields) > 0 {
			field = object{"enum": fields}
		}
	}
	return []object{findShape(model, field)}
}

// findable gives the models that a reference to a kind may name, and their fields.
func (t tagShapes) findable(kind *Kind) (models, fields []string) {
	kinds := append([]*Kind{kind}, t.schema.Members(kind.Model)...)
	for _, base := range kind.Bases {
		if base := t.schema.Kind(base); base != nil {
			kinds = append(kinds, base)
		}
	}
	fields = []string{PK}
	for _, kind := range kinds {
		models = append(models, kind.Model)
		fields = append(fields, kind.AnswerNames()...)
	}
	slices.Sort(fields)
	return models, slices.Compact(fields)
}

func findShape(model []object, field object) object {
	return object{
		"type":            "array",
		"items":           []object{{"anyOf": model}},
		"additionalItems": arguments(2, field, anything),
		"minItems":        2,
	}
}
