package genkinds

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// distil makes the facts of a version from its OpenAPI document and its schema of
// blueprints. Without that, models are those that the document counts, and what only
// blueprints have is as it was before. lookups are the paths of models that
// blueprints have no entries of.
func distil(version, openapi, blueprints string, before *Facts, lookups map[string]string) (*Facts, error) {
	doc, err := readDocument(openapi)
	if err != nil {
		return nil, err
	}
	declared, permissions, err := doc.declared(blueprints, before)
	if err != nil {
		return nil, err
	}
	paths, err := doc.pathsOfClasses()
	if err != nil {
		return nil, err
	}
	facts := &Facts{Version: version}
	for model, fields := range declared {
		_, name, _ := strings.Cut(model, ".")
		facts.Models = append(facts.Models, &Model{Model: model, Path: paths[name], Blueprint: fields, Permissions: permissions[model]})
	}
	for model, path := range lookups {
		if doc.Paths[listPath(path)] != nil && declared[model] == nil {
			facts.Models = append(facts.Models, &Model{Model: model, Path: path})
		}
	}
	slices.SortFunc(facts.Models, func(a, b *Model) int { return cmp.Compare(a.Model, b.Model) })
	for _, model := range facts.Models {
		if model.Path == "" {
			model.Blueprint = nil
			continue
		}
		if err := doc.describe(model); err != nil {
			return nil, fmt.Errorf("the model %s: %w", model.Model, err)
		}
	}
	return facts, nil
}

// declared gives the fields of each model that blueprints can have and the API may not
// take, and what can be permitted beside what there is for all models. Where there is
// no schema of blueprints they are as before.
func (d *document) declared(blueprints string, before *Facts) (map[string][]*Fact, map[string][]string, error) {
	if blueprints == "" {
		permissions := map[string][]string{}
		if before != nil {
			for _, model := range before.Models {
				permissions[model.Model] = model.Permissions
			}
		}
		fields, err := d.models(before)
		return fields, permissions, err
	}
	schema, err := loadBlueprintSchema(blueprints)
	if err != nil {
		return nil, nil, err
	}
	fields, err := schema.fields(blueprints)
	if err != nil {
		return nil, nil, err
	}
	permissions, err := schema.permissions()
	return fields, permissions, err
}

// modelForm is the name of one of authentik's own models.
var modelForm = regexp.MustCompile(`^authentik_\w+\.\w+$`)

// models gives the models that a document counts: an event matcher policy can be
// told any. The order between blueprints is none, and stays.
func (d *document) models(before *Facts) (map[string][]*Fact, error) {
	var counted []string
	for _, schema := range d.Components.Schemas {
		var models []string
		for _, value := range schema.Enum {
			if text, isText := value.(string); isText && modelForm.MatchString(text) {
				models = append(models, text)
			}
		}
		if len(models) > len(counted) {
			counted = models
		}
	}
	if len(counted) == 0 {
		return nil, fmt.Errorf("the OpenAPI document does not count the models: want the schema of blueprints, too")
	}
	models := map[string][]*Fact{}
	for _, model := range counted {
		models[model] = []*Fact{}
	}
	if before == nil {
		return models, nil
	}
	for _, model := range before.Models {
		if models[model.Model] != nil || model.Path == "" {
			models[model.Model] = slices.Concat([]*Fact{}, model.Blueprint)
		}
	}
	return models, nil
}

// listPath is a path as documents write it.
func listPath(path string) string { return "/" + path + "/" }

// pathsOfClasses gives the path of the list of each class, by the class's name in
// small letters, which is how blueprints call the model. Where a class has several
// it is the one that makes objects, and then the one whose objects can be had.
func (d *document) pathsOfClasses() (map[string]string, error) {
	paths := map[string]string{}
	best := map[string]int{}
	for _, path := range slices.Sorted(keysOf(d.Paths)) {
		inside := strings.Trim(path, "/")
		if strings.Contains(inside, "{") {
			continue
		}
		class, can, err := d.classOf(path)
		if err != nil {
			return nil, err
		}
		if class != "" && can > best[class] {
			best[class], paths[class] = can, inside
		}
	}
	return paths, nil
}

// classOf gives the class of the objects of a list, in small letters, and how much
// can be done with them.
func (d *document) classOf(path string) (class string, can int, err error) {
	post, err := d.operation(path, "post")
	if err != nil {
		return "", 0, err
	}
	if detail, _ := d.detail(path); detail != "" {
		get, err := d.operation(detail, "get")
		if err != nil {
			return "", 0, err
		}
		if class, can = strings.ToLower(get.answer()), 2; post != nil {
			can++
		}
	} else if post != nil {
		class, can = strings.ToLower(post.answer()), 1
	}
	return class, can, nil
}

// detail gives the path of a list's objects, and its parameter.
func (d *document) detail(path string) (detail, parameter string) {
	for _, candidate := range slices.Sorted(keysOf(d.Paths)) {
		rest, below := strings.CutPrefix(candidate, path)
		parameter := strings.Trim(rest, "{}/")
		if below && rest == "{"+parameter+"}/" && d.Paths[candidate]["get"] != nil {
			return candidate, parameter
		}
	}
	return "", ""
}

// describe adds to a model what its path says of it.
func (d *document) describe(model *Model) error {
	path := listPath(model.Path)
	detail, parameter := d.detail(path)
	model.ID = parameter
	operations := map[string]*operation{}
	for _, m := range []struct{ method, path, verb string }{
		{"list", path, "get"}, {"create", path, "post"},
		{"retrieve", detail, "get"}, {"put", detail, "put"}, {"patch", detail, "patch"}, {"delete", detail, "delete"},
		{"used_by", detail + "used_by/", "get"},
	} {
		op, err := d.operation(m.path, m.verb)
		if err != nil {
			return err
		}
		if op != nil {
			operations[m.method] = op
			model.Methods = append(model.Methods, m.method)
		}
	}
	if list := operations["list"]; list != nil {
		model.Filters = d.filters(list)
	}
	model.Class = cmp.Or(operations["retrieve"].answer(), operations["create"].answer())
	request := cmp.Or(operations["create"].request(), operations["put"].request(), operations["patch"].request())
	return d.describeFields(model, d.Components.Schemas[request], d.Components.Schemas[model.Class])
}

// describeFields adds the fields of a model, whose request has none where nothing
// can be written. Fields of an answer that are not read-only are then those that
// it has.
func (d *document) describeFields(model *Model, request, answer *property) error {
	if answer == nil {
		return fmt.Errorf("no component is its answer")
	}
	declared := model.Blueprint
	model.Blueprint = nil
	of := func(m member) *Fact { return d.fact(m.name, parsed(m)) }
	if request == nil {
		request = &property{}
		of = func(m member) *Fact { return shallow(d.fact(m.name, parsed(m))) }
		for _, m := range answer.Properties {
			if !parsed(m).ReadOnly {
				request.Properties = append(request.Properties, m)
			}
		}
	}
	for _, m := range request.Properties {
		fact := of(m)
		fact.Required = slices.Contains(request.Required, m.name)
		fact.WriteOnly = answer.Properties.get(m.name) == nil
		model.Fields = append(model.Fields, fact)
	}
	for _, m := range answer.Properties {
		if request.Properties.get(m.name) == nil {
			model.ReadOnly = append(model.ReadOnly, shallow(d.fact(m.name, parsed(m))))
		}
	}
	for _, fact := range declared {
		if request.Properties.get(fact.Name) == nil {
			model.Blueprint = append(model.Blueprint, fact)
		}
	}
	return nil
}

// shallow leaves out what is within the objects of an answer: nobody writes them.
func shallow(fact *Fact) *Fact {
	copied := *fact
	if copied.Type == "object" {
		copied.Type, copied.Mapping, copied.Fields = "json", true, nil
	}
	if copied.Element != nil {
		copied.Element = shallow(copied.Element)
	}
	return &copied
}

func keysOf[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for key := range m {
			if !yield(key) {
				return
			}
		}
	}
}

// blueprintSchema is as much of a schema of blueprints as says which models there
// are: since 2025.8 below $defs, and before within the entries.
type blueprintSchema struct {
	Defs       map[string]json.RawMessage `json:"$defs"`
	Properties struct {
		Entries struct {
			Items blueprintEntry `json:"items"`
		} `json:"entries"`
	} `json:"properties"`
}

type blueprintEntry struct {
	OneOf []struct {
		Properties struct {
			Model struct {
				Const string `json:"const"`
			} `json:"model"`
			Attrs struct {
				Ref string `json:"$ref"`
			} `json:"attrs"`
		} `json:"properties"`
	} `json:"oneOf"`
}

// loadBlueprintSchema reads a schema of blueprints.
func loadBlueprintSchema(name string) (*blueprintSchema, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	schema := &blueprintSchema{}
	if err := json.Unmarshal(text, schema); err != nil {
		return nil, fmt.Errorf("reading the schema of blueprints %s: %w", name, err)
	}
	return schema, nil
}

// fields gives the fields of each model that blueprints can have. Only their names are
// to be relied on: the types are those of authentik's serializers for the most part,
// and not always those that the API takes.
func (schema *blueprintSchema) fields(name string) (map[string][]*Fact, error) {
	entry := schema.Properties.Entries.Items
	if text, found := schema.Defs["blueprint_entry"]; found {
		if err := json.Unmarshal(text, &entry); err != nil {
			return nil, fmt.Errorf("reading the entries of %s: %w", name, err)
		}
	}
	models := map[string][]*Fact{}
	doc := &document{}
	for _, one := range entry.OneOf {
		attrs := &property{}
		if err := json.Unmarshal(schema.Defs[referred(one.Properties.Attrs.Ref)], attrs); err != nil {
			return nil, fmt.Errorf("reading %s in %s: %w", one.Properties.Model.Const, name, err)
		}
		fields := []*Fact{}
		for _, m := range attrs.Properties {
			fields = append(fields, nameOnly(doc.fact(m.name, parsed(m))))
		}
		models[one.Properties.Model.Const] = fields
	}
	if len(models) == 0 {
		return nil, fmt.Errorf("%s has no models: it is no schema of blueprints", name)
	}
	return models, nil
}

// nameOnly leaves out what a field's elements are: those that blueprints alone have
// are long lists of names of permissions.
func nameOnly(fact *Fact) *Fact {
	fact.Values, fact.Pattern, fact.Fields = nil, "", nil
	fact.Min, fact.Max = "", ""
	if fact.Element != nil {
		fact.Element = nameOnly(fact.Element)
	}
	return fact
}
