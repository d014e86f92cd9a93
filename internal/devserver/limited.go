package devserver

import (
	"net/http"
	"slices"
	"strings"

	"github.com/aksync/aksync/schema"
)

// refuse gives the refusal of a request whose user has only some permissions, for all
// objects of a model and for no single one (authentik/rbac/permissions.py, filters.py,
// decorators.py). What belongs to users, and what is open to everybody, is not refused.
func (r *route) refuse(method string, may []string) *response {
	if r.table == nil || r.table.kind.Open || len(r.table.about.Owned) > 0 || method == http.MethodOptions {
		return nil
	}
	if slices.ContainsFunc(r.takes(method), func(permission string) bool { return !slices.Contains(may, permission) }) {
		answer := detail(http.StatusForbidden, noPermission)
		return &answer
	}
	return nil
}

// takes are the permissions that a request takes. What is not seen can't be written
// either, but by a request of its own.
func (r *route) takes(method string) []string {
	app, name, _ := strings.Cut(r.table.kind.Model, ".")
	verb := map[string]string{
		http.MethodPost: "add", http.MethodPut: "change", http.MethodPatch: "change", http.MethodDelete: "delete",
	}[method]
	view, write := app+".view_"+name, app+"."+verb+"_"+name
	_, action, single := strings.Cut(r.pattern, "{key}/")
	switch {
	case verb == "":
		return []string{view}
	case !single:
		return []string{write}
	case action == "":
		return []string{view, write}
	case r.needs == nil:
		return []string{write, app + ".change_" + name}
	default:
		return append([]string{write}, r.needs...)
	}
}

func permissions(needs []schema.Need) []string {
	var names []string
	for _, need := range needs {
		names = append(names, need.Permission)
	}
	return names
}
