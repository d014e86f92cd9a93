// Package exemplar makes an object of each kind that the API can create, for tests that
// are about all of them.
package exemplar

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/schema"
)

// untried are the kinds that can't be made of values by type, and why.
var untried = map[string]string{
	"authentik_enterprise.license": "it takes a key that authentik has signed",
}

// also are fields that an object has to have for what others of it are by default.
var also = map[string][]string{
	"authentik_outposts.kubernetesserviceconnection": {"local"},
	"authentik_providers_proxy.proxyprovider":        {"internal_host"},
	"authentik_sources_oauth.oauthsource":            {"authorization_url", "access_token_url", "profile_url"},
	"authentik_stages_redirect.redirectstage":        {"target_static"},
}

// Exemplar makes values of a kind's fields.
type Exemplar struct {
	t      testing.TB
	schema *schema.Schema
	server *devserver.Server
	kind   *schema.Kind
	made   map[string]any // the key of an object of each model, by model and turn
}

// Of returns what makes values of the kind's fields; the objects that they refer to are
// put into the server. The schema is that of the server's version.
func Of(t testing.TB, s *schema.Schema, server *devserver.Server, kind *schema.Kind) *Exemplar {
	return &Exemplar{t: t, schema: s, server: server, kind: kind, made: map[string]any{}}
}

// For is Of for another kind, with the same objects to refer to.
func (e *Exemplar) For(kind *schema.Kind) *Exemplar {
	own := *e
	own.kind = kind
	return &own
}

// Untried says why an object of the kind can't be made of values by type, or nothing.
func Untried(kind *schema.Kind) string { return untried[kind.Model] }

// Least returns values of the fields without which no object can be made.
func (e *Exemplar) Least() map[string]any {
	return e.Fields(0, func(f *schema.Field) bool { return f.Required || slices.Contains(also[e.kind.Model], f.Name) })
}

// Names reports whether objects of the kind are found by the field.
func (e *Exemplar) Names(field string) bool {
	if e.kind.Key != "" {
		return field == e.kind.Key
	}
	key := e.kind.Label
	if len(e.kind.Keys) > 0 {
		key = e.kind.Keys[0]
	}
	return slices.Contains(key, field)
}

// Fields returns, as tree.Value.Plain has it, a value for each of the fields that are wanted; turn tells one from
// another.
func (e *Exemplar) Fields(turn int, wanted func(*schema.Field) bool) map[string]any {
	fields := map[string]any{}
	for _, field := range e.kind.Fields.Fields {
		if e.Names(field.Name) {
			fields[field.Name] = e.value(e.kind, field, 0)
		} else if wanted(field) && !e.unwise(field) {
			fields[field.Name] = e.value(e.kind, field, turn)
		}
	}
	for _, names := range e.kind.OneOf {
		if !slices.ContainsFunc(names, func(name string) bool { _, has := fields[name]; return has }) {
			fields[names[0]] = e.value(e.kind, e.kind.Fields.Field(names[0]), turn)
		}
	}
	return fields
}

// unwise reports whether a field is left alone, since the others rule it out.
func (e *Exemplar) unwise(field *schema.Field) bool {
	return slices.Contains(leftOut[e.kind.Model], field.Name)
}

// leftOut are fields that others rule out, or that need a licence.
var leftOut = map[string][]string{
	"authentik_core.token":                      {"expires"}, // it may not be later than half an hour from now
	"authentik_policies.policybinding":          {"group", "user"},
	"authentik_providers_radius.radiusprovider": {"certificate"},
	"authentik_providers_scim.scimprovider":     {"auth_mode", "auth_oauth", "auth_oauth_params"},
}

func (e *Exemplar) value(kind *schema.Kind, field *schema.Field, turn int) any {
	for _, name := range []string{kind.Model + "." + field.Name, field.Name} {
		if values := known[name]; len(values) > 0 && field.Type != schema.List || kind.Model+"."+field.Name == name && len(values) > 0 {
			return values[turn%len(values)]
		}
	}
	switch {
	case strings.HasSuffix(field.Name, "_url") || strings.HasSuffix(field.Name, "_uri"):
		return fmt.Sprintf("https://example.com/%s-%d", field.Name, turn)
	case field.Type == schema.List && field.Element != nil:
		return []any{e.value(kind, field.Element, turn)}
	case field.Refers != "":
		return e.refer(field.Refers, turn)
	case len(field.Values) > 0:
		return field.Values[turn%len(field.Values)].Value
	}
	switch field.Type {
	case schema.Text:
		switch {
		case field.Duration:
			return fmt.Sprintf("hours=%d", turn+1)
		case field.Pattern != "":
			return fmt.Sprintf("%s-%d", field.Name, turn)
		}
		return fmt.Sprintf("%s %d", field.Name, turn)
	case schema.Pointer:
		return fmt.Sprintf("00000000-0000-4000-8000-%012d", turn+1)
	case schema.Integer:
		return int64(turn) + 3
	case schema.Number:
		return float64(turn) + 0.5
	case schema.Boolean:
		return turn%2 == 0
	case schema.Time:
		return fmt.Sprintf("2031-01-0%dT00:00:00Z", turn+1)
	case schema.Struct:
		object := map[string]any{}
		for _, part := range field.Fields.Fields {
			object[part.Name] = e.value(kind, part, turn)
		}
		return object
	default:
		return map[string]any{"turn": int64(turn)}
	}
}

// refer returns the key of an object of a model that is there for others to refer to.
func (e *Exemplar) refer(model string, turn int) any {
	name := fmt.Sprintf("%s %d", model, turn)
	if key, made := e.made[name]; made {
		return key
	}
	kind := e.schema.Kind(model)
	if member := members[model]; member != "" && e.kind.Model == "authentik_outposts.outpost" && model == "authentik_core.provider" {
		kind = e.schema.Kind("authentik_providers_proxy.proxyprovider")
	} else if member != "" {
		kind = e.schema.Kind(member)
	}
	if kind.Model == e.kind.Model {
		turn += 5 // it is not the object itself
	}
	fields := map[string]any{}
	for _, field := range kind.Fields.Fields {
		if field.Required || field.Generated && field.Unique {
			fields[field.Name] = e.value(kind, field, turn)
			if text, isText := fields[field.Name].(string); isText && field.Unique {
				fields[field.Name] = strings.ReplaceAll(kind.Title, " ", "-") + "-" + text
			}
		}
	}
	pk, err := e.server.Put(kind.Model, "", fields)
	if err != nil {
		e.t.Fatalf("making a %s to refer to: %v", kind.Title, err)
	}
	var key any = pk
	if target := e.schema.Kind(model); target.ID != "" {
		object := e.server.Get(kind.Model, pk)
		key = object[kind.ID]
	}
	e.made[name] = key
	return key
}
