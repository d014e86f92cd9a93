package genkinds

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
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
		_, of, _ := strings.Cut(model, ".")
		own := slices.DeleteFunc(list.Items.Properties.Permission.Enum, func(name string) bool {
			return slices.Contains([]string{"view_" + of, "add_" + of, "change_" + of, "delete_" + of}, name)
		})
		slices.Sort(own)
		found[model] = own
	}
	return found, nil
}

// mergePermissions gathers what each version permits beside what there is for all.
func mergePermissions(versions []string, models []*Model) []permitted {
	var names []string
	for _, model := range models {
		names = append(names, model.Permissions...)
	}
	slices.Sort(names)
	var together []permitted
	for _, name := range slices.Compact(names) {
		s := spanOf(versions, func(i int) bool { return slices.Contains(models[i].Permissions, name) })
		together = append(together, permitted{name, s})
	}
	return together
}

// permitted is one thing that somebody can be permitted to do with an object.
type permitted struct {
	name string
	span
}
