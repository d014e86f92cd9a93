package devserver_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// The recordings began with servers that held what a fresh authentik holds, and
// some users, roles and devices that the recorder had made past the API. All that is
// known of it is what the answers show.

const (
	permissionModel = "auth.permission"
	tokenModel      = "authentik_core.token"
	userModel       = "authentik_core.user"
	roleModel       = "authentik_rbac.role"
)

// seed makes a seeded server hold what the recording began with.
func (r *kindReplayer) seed() {
	r.t.Helper()
	r.renumberPermissions()
	r.forgetOutpost()
	created := map[string]bool{}
	for _, x := range r.exchanges {
		if x.Request.Method == "POST" {
			for _, o := range r.paths.shown(x) {
				created[o.key()] = true
			}
		}
	}
	others := r.adoptDefaults(r.notCreated(created))
	r.adoptReferred(created)
	for range 2 { // what one refers to may come after it
		for _, o := range others {
			if isRecorders(o) {
				r.late[o.key()] = o
			} else {
				r.put(o)
			}
		}
	}
}

// notCreated are the objects that answers show and no request has made, by number
// where they have one.
func (r *kindReplayer) notCreated(created map[string]bool) []shownObject {
	var objects []shownObject
	seen := maps.Clone(created)
	for _, find := range []func(x exchange) []shownObject{
		func(x exchange) []shownObject { return within(r.schema, x) }, r.paths.shown,
	} {
		for _, x := range r.exchanges {
			for _, o := range find(x) {
				if !seen[o.key()] && x.Request.Method != "POST" {
					seen[o.key()] = true
					objects = append(objects, o)
				}
			}
		}
	}
	slices.SortStableFunc(objects, func(a, b shownObject) int {
		m, isNumber := tree.PlainJSON(a.fields[a.kind.ID]).(int64)
		n, isNumberToo := tree.PlainJSON(b.fields[b.kind.ID]).(int64)
		if !isNumber || !isNumberToo {
			return 0
		}
		return int(m - n)
	})
	return objects
}

// adoptDefaults gives the server's defaults the primary keys of the recording, and
// returns what is none of them.
func (r *kindReplayer) adoptDefaults(objects []shownObject) []shownObject {
	for {
		rest := slices.DeleteFunc(slices.Clone(objects), r.adoptDefault)
		if len(rest) == len(objects) {
			return rest
		}
		objects = rest
	}
}

// adoptDefault reports whether an object is a default.
func (r *kindReplayer) adoptDefault(o shownObject) bool {
	plain, _ := tree.PlainJSON(o.fields).(map[string]any)
	id, _ := o.kind.IDOf(o.fields)
	return slices.ContainsFunc(o.kind.Keys, func(key []string) bool {
		same := map[string]any{}
		for _, name := range key {
			if plain[name] != nil {
				same[name] = plain[name]
			}
		}
		return len(same) == len(key) && r.server.Rekey(o.kind.Model, same, id, plain)
	})
}

// adoptReferred takes defaults for the objects that requests refer to and no answer
// shows.
func (r *kindReplayer) adoptReferred(created map[string]bool) {
	for _, x := range r.exchanges {
		var body map[string]any
		kind := r.paths.of(x.Request.Path)
		taken := x.Response.Status <= 201 || strings.Contains(encoded(x.Response.Body), "Enterprise is required")
		if kind == nil || !taken || json.Unmarshal(x.Request.Body, &body) != nil {
			continue
		}
		for _, field := range kind.Fields.Fields {
			of := r.schema.Kind(field.Refers)
			text, _ := body[field.Name].(string)
			id, err := uuid.Parse(text)
			if err == nil && of != nil && !r.isCreated(created, of, id.String()) && r.server.Get(of.Model, id.String()) == nil {
				r.server.RekeyOne(of.Model, id.String())
			}
		}
	}
}

// isCreated reports whether a request creates the object that a reference to a kind, or
// to a special case of it, means.
func (r *kindReplayer) isCreated(created map[string]bool, of *schema.Kind, id string) bool {
	return created[of.Model+" "+id] || slices.ContainsFunc(r.schema.Members(of.Model), func(member *schema.Kind) bool {
		return created[member.Model+" "+id]
	})
}

// isRecorders reports whether the recorder made an object past the API, just before
// it shows for the first time.
func isRecorders(o shownObject) bool {
	return slices.ContainsFunc([]string{"name", "slug", "username", "identifier", "description"}, func(name string) bool {
		text, _ := o.fields[name].(string)
		return strings.Contains(text, "rec-") || strings.Contains(text, "var-")
	})
}

// put adds an object, with the token, the user and the roles that show within it.
func (r *kindReplayer) put(o shownObject) {
	r.t.Helper()
	o.fields = maps.Clone(o.fields)
	roles, _ := o.fields["roles_obj"].([]any)
	for _, role := range roles {
		r.putWithin(roleModel, role)
	}
	if o.kind.Model != "authentik_policies.policybinding" {
		r.putWithin(tokenModel, o.fields["token_obj"])
		r.putWithin(userModel, o.fields["user_obj"])
	}
	if token, has := o.fields["token_obj"].(map[string]any); has {
		o.fields["token"] = token["pk"]
	}
	plain, _ := tree.PlainJSON(o.fields).(map[string]any)
	if _, err := r.server.Put(o.kind.Model, o.pk, plain); err != nil && !r.adoptDefault(o) {
		r.t.Errorf("the recording shows what can't be put: %v", err)
	}
	r.known[o.key()] = true
}

func (r *kindReplayer) putWithin(model string, shown any) {
	r.t.Helper()
	fields, isObject := shown.(map[string]any)
	if o := (shownObject{r.schema.Kind(model), fmt.Sprint(fields["pk"]), fields}); isObject && !r.known[o.key()] {
		r.put(o)
	}
}

// renumberPermissions gives permissions the numbers that the recording shows, and
// the others numbers above these.
func (r *kindReplayer) renumberPermissions() {
	r.t.Helper()
	name := func(o map[string]any) string { return fmt.Sprint(o["app_label"], ".", o["codename"]) }
	shown := map[string]map[string]any{}
	for _, x := range r.exchanges {
		walk(x.Response.Body, func(o map[string]any) {
			if o["codename"] != nil && o["model_verbose"] != nil && o["object_pk"] == nil {
				shown[name(o)] = o
			}
		})
	}
	fresh := r.server.All(permissionModel)
	for _, o := range fresh {
		r.server.Remove(permissionModel, fmt.Sprint(o["id"]))
	}
	for _, o := range shown {
		r.put(shownObject{r.schema.Kind(permissionModel), fmt.Sprint(o["id"]), o})
	}
	for i, o := range fresh {
		if shown[name(o)] == nil {
			r.put(shownObject{r.schema.Kind(permissionModel), fmt.Sprint(10_000 + i), o})
		}
	}
}

// forgetOutpost removes the user and the token of the embedded outpost: they are
// named after its primary key, which is another one in the recording.
func (r *kindReplayer) forgetOutpost() {
	for _, model := range []string{tokenModel, userModel} {
		for _, o := range r.server.All(model) {
			if strings.HasPrefix(fmt.Sprint(o[r.schema.Kind(model).Key]), "ak-outpost-") {
				r.server.Remove(model, fmt.Sprint(o["pk"]))
			}
		}
	}
}
