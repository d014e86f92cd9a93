package export

import (
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/token"

	"github.com/aksync/aksync/schema"
)

// packageName is what a blueprint in CUE calls the schema by.
const packageName = "schema"

// names are what the schema's definitions call values and models, so that a
// blueprint in CUE reads as people would write it.
type names struct {
	// values are the texts that a definition such as #Backends names.
	values map[string]string
	// entries are the definitions of entries, such as #PasswordStage, by
	// model.
	entries map[string]string
}

// readNames finds them in the schema that a blueprint can import, which is the
// embedded one.
func readNames() (names, error) {
	n := names{values: map[string]string{}, entries: map[string]string{}}
	files, err := schema.ParseFiles(schema.Files())
	if err != nil {
		return n, err
	}
	for _, file := range files {
		for _, declaration := range file.Decls {
			if definition, isField := declaration.(*ast.Field); isField {
				n.add(definition)
			}
		}
	}
	return n, nil
}

func (n names) add(definition *ast.Field) {
	label, isIdent := definition.Label.(*ast.Ident)
	if !isIdent || !isDefinition(label.Name) {
		return
	}
	name := packageName + "." + label.Name
	switch value := definition.Value.(type) {
	case *ast.StructLit:
		constants := texts(value)
		if len(constants) < len(value.Elts) {
			return // it is a shape and no list of constants
		}
		for member, text := range constants {
			n.values[text] = name + "." + member
		}
	case *ast.BinaryExpr:
		fields, isStruct := value.Y.(*ast.StructLit)
		if base, isIdent := value.X.(*ast.Ident); !isStruct || value.Op != token.AND || !isIdent || base.Name != "#Entry" {
			return
		}
		if model, given := texts(fields)["model"]; given && len(fields.Elts) == 1 {
			n.entries[model] = name
		}
	}
}

// isDefinition tells whether a name is that of a definition that others
// can use.
func isDefinition(name string) bool { return len(name) > 1 && name[0] == '#' }

// texts gives the fields of a struct whose values are written out as text.
func texts(fields *ast.StructLit) map[string]string {
	found := map[string]string{}
	for _, element := range fields.Elts {
		field, isField := element.(*ast.Field)
		if !isField {
			continue
		}
		name, _, err := ast.LabelName(field.Label)
		basic, isBasic := field.Value.(*ast.BasicLit)
		if err != nil || !isBasic || basic.Kind != token.STRING {
			continue
		}
		if text, err := literal.Unquote(basic.Value); err == nil {
			found[name] = text
		}
	}
	return found
}
