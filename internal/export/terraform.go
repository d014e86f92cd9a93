package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// terraformPrefix begins the types of the resources of Terraform's authentik provider.
const terraformPrefix = "authentik_"

// Resource is a resource of a Terraform state.
type Resource struct {
	// Address is what Terraform calls it.
	Address string
	values  map[string]any
}

// terraformState is a state as Terraform keeps it, or as terraform show -json prints it.
type terraformState struct {
	Resources []struct {
		Mode      string `json:"mode"`
		Module    string `json:"module"`
		Type      string `json:"type"`
		Name      string `json:"name"`
		Instances []struct {
			IndexKey   any            `json:"index_key"`
			Attributes map[string]any `json:"attributes"`
		} `json:"instances"`
	} `json:"resources"`
	Values *struct {
		Root terraformModule `json:"root_module"`
	} `json:"values"`
}

type terraformModule struct {
	Resources []struct {
		Address string         `json:"address"`
		Mode    string         `json:"mode"`
		Type    string         `json:"type"`
		Values  map[string]any `json:"values"`
	} `json:"resources"`
	Children []terraformModule `json:"child_modules"`
}

// ReadTerraform reads the resources of Terraform's authentik provider in a state: a file
// that Terraform keeps, or what terraform show -json prints.
func ReadTerraform(text []byte) ([]Resource, error) {
	var state terraformState
	if err := json.Unmarshal(text, &state); err != nil {
		return nil, fmt.Errorf("reading the state of Terraform: %w", err)
	}
	var all []Resource
	for _, resource := range state.Resources {
		if resource.Mode != "managed" || !strings.HasPrefix(resource.Type, terraformPrefix) {
			continue
		}
		for _, instance := range resource.Instances {
			address := strings.TrimPrefix(resource.Module+"."+resource.Type+"."+resource.Name, ".")
			if instance.IndexKey != nil {
				key, _ := json.Marshal(instance.IndexKey)
				address += "[" + string(key) + "]"
			}
			all = append(all, Resource{address, instance.Attributes})
		}
	}
	if state.Values != nil {
		all = append(all, state.Values.Root.resources()...)
	}
	if len(all) == 0 {
		return nil, errors.New("the state of Terraform has no resource of the authentik provider: want a file terraform.tfstate, or what terraform show -json prints")
	}
	return all, nil
}

func (m terraformModule) resources() []Resource {
	var all []Resource
	for _, resource := range m.Resources {
		if resource.Mode == "managed" && strings.HasPrefix(resource.Type, terraformPrefix) {
			all = append(all, Resource{resource.Address, resource.Values})
		}
	}
	for _, child := range m.Children {
		all = append(all, child.resources()...)
	}
	return all
}

// WantTerraform returns what o.Want has to be for exactly the objects of resources, and
// says which resources none of the objects is.
func WantTerraform(s *schema.Schema, objects map[string][]schema.Object, resources []Resource) (want func(model, id string) bool, problems []error) {
	wanted := map[identity]bool{}
	objects = ownObjects(s, objects)
	for _, resource := range resources {
		found := resource.in(s, objects)
		if len(found) == 1 {
			wanted[found[0]] = true
		} else {
			problems = append(problems, fmt.Errorf("%s is %d of the objects that can be exported", resource.Address, len(found)))
		}
	}
	return func(model, id string) bool { return wanted[identity{model, id}] }, problems
}

// in finds the object of a resource. Its id, or its uuid, is the object's primary key;
// for what has a slug or a number, what it is known by has to be the same too.
func (r Resource) in(s *schema.Schema, objects map[string][]schema.Object) []identity {
	keys := map[string]bool{}
	for _, name := range []string{"id", "uuid"} {
		if key := schema.IDText(tree.PlainJSON(r.values[name])); key != "" {
			keys[key] = true
		}
	}
	var found []identity
	for _, kind := range s.Managed() {
		for _, object := range objects[kind.Model] {
			id, has := kind.IDOf(object)
			text := schema.IDText(id)
			if !has {
				continue
			}
			known := kind.Key != "" && object[kind.Key] == r.values[kind.Key]
			isNumber := len(text) < len(uuidLike)
			bySlug := kind.Lookup != kind.ID && keys[schema.IDText(object[kind.Lookup])]
			if keys[text] && (!isNumber || known) || bySlug && known && r.values["uuid"] == nil {
				found = append(found, identity{kind.Model, text})
			}
		}
	}
	return found
}

// uuidLike is as long as a primary key that no two objects have, of whatever kind.
const uuidLike = "00000000-0000-0000-0000-000000000000"
