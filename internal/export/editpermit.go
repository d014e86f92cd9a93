package export

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/aksync/aksync/internal/yamledit"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// undeclared are the permissions with a live object that no entry of it declares.
func undeclared(e *entry, change *sync.Change) [][]field {
	if e == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(e.permissions), func(permission []field) bool {
		name, _ := permission[0].value.(string)
		_, codename, _ := strings.Cut(name, ".")
		holder, _ := permission[1].value.(reference)
		return slices.ContainsFunc(change.Permitted, func(declared sync.Permitting) bool {
			return declared.Model == permission[1].of.Refers && schema.IDText(declared.ID) == holder.to.id &&
				slices.Contains(declared.Codenames, codename)
		})
	})
}

// addPermissions returns a YAML file in which the entry at a place permits more, behind
// what it permits already, or else behind its identifiers. No other line changes.
func addPermissions(path string, text []byte, line, column int, permissions [][]field) ([]byte, error) {
	if strings.HasSuffix(path, "."+CUE) {
		return nil, yamledit.ErrByHand
	}
	key, list, err := permissionsAt(text, line, column)
	if err != nil {
		return nil, err
	}
	lines := strings.SplitAfter(strings.TrimSuffix(string(text), "\n")+"\n", "\n")
	indent := key.Column - 1
	end := fieldEnd(lines, key.Line-1, indent)
	has := 0
	if list != nil {
		has, indent = len(list.Content), list.Column-3 // as deep as those that are there
	}
	added := make([]any, len(permissions))
	for i, permission := range permissions {
		added[i] = map[string]any{permission[0].name: permission[0].value, permission[1].name: permission[1].value}
	}
	fresh, err := fieldLines("permissions", added, indent)
	if err != nil {
		return nil, err
	}
	if list != nil {
		fresh = fresh[1:] // without the name
	}
	edited := []byte(strings.Join(slices.Insert(lines, end, fresh...), ""))
	if _, list, err = permissionsAt(edited, line, column); err != nil || list == nil || len(list.Content) != has+len(added) {
		return nil, yamledit.ErrByHand
	}
	return edited, nil
}

// permissionsAt returns the permissions of the entry that begins at a place, and the key
// behind which others may be added: theirs, or that of the identifiers.
func permissionsAt(text []byte, line, column int) (key, list *yaml.Node, err error) {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, nil, err
	}
	e := yamledit.MappingAt(&root, line, column)
	if e == nil || e.Style&yaml.FlowStyle != 0 {
		return nil, nil, yamledit.ErrByHand
	}
	if key, list = yamledit.Member(e, "permissions"); key == nil {
		key, _ = yamledit.Member(e, "identifiers")
	}
	if key == nil || list != nil && (list.Kind != yaml.SequenceNode || list.Style&yaml.FlowStyle != 0 || len(list.Content) == 0) {
		return nil, nil, yamledit.ErrByHand
	}
	return key, list, nil
}
