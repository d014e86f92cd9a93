package genkinds

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aksync/aksync/schema"
)

// permissions are what a schema of blueprints says that somebody can be permitted to
// do with an object of each model, but for what there is for all: to view, add, change
// and delete it.
func (s *blueprintSchema) permissions() (map[string][]string, error) {
	found := map[string][]string{}
	for name, text := range s.Defs {
		model, isModel := strings.CutPrefix(name, "model_")
		model, isPermissions := strings.CutSuffix(model, "_permissions")
		if !isModel || !isPermissions {
			continue
		}
		var list struct {
			Items struct {
				Properties struct {
					Permission struct {
						Enum []string `json:"enum"`
					} `json:"permission"`
				} `json:"properties"`
			} `json:"items"`
		}
		if err := json.Unmarshal(text, &list); err != nil {
			return nil, fmt.Errorf("reading the permissions of %s: %w", model, err)
		}
		ofAll := (&schema.Kind{Model: model}).Permitted()
		own := slices.DeleteFunc(list.Items.Properties.Permission.Enum, func(name string) bool { return slices.Contains(ofAll, name) })
		slices.Sort(own)
		found[model] = own
	}
	return found, nil
}

// mergePermissions gathers what each version permits beside what there is for all, and
// since and until when.
func mergePermissions(versions []string, models []*Model) map[string]span {
	together := map[string]span{}
	for _, model := range models {
		for _, name := range model.Permissions {
			together[name] = spanOf(versions, func(i int) bool { return slices.Contains(models[i].Permissions, name) })
		}
	}
	return together
}
