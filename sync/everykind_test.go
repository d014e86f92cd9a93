package sync_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// Every kind that the API creates is created, changed field by field, and deleted,
// and after each step nothing is left to do. The embedded server takes what a real
// one takes, and turns down what that turns down.
func TestEveryKind(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	s = s.At("2025.10")
	for _, kind := range s.Managed() {
		if !kind.Create || kind.Enterprise || untried[kind.Model] != "" {
			continue
		}
		t.Run(kind.Model, func(t *testing.T) {
			reconciler, server := started(t, s, sync.Desired{})
			reconciler.Guards.AllowSelf = true // the embedded server knows one user, and gives him all tokens
			e := &exemplar{t: t, schema: s, server: server, kind: kind, made: map[string]any{}}
			state := func(step string, fields map[string]any, state string, changes int) {
				t.Helper()
				e.settle(reconciler, step, e.entry(fields, state), changes)
			}
			least := e.fields(0, func(f *schema.Field) bool { return f.Required || slices.Contains(also[kind.Model], f.Name) })
			state("least", least, "present", 1)
			full := e.fields(0, func(*schema.Field) bool { return true })
			state("full", full, "present", -1)
			other := e.fields(1, func(*schema.Field) bool { return true })
			for _, field := range kind.Fields.Fields {
				if value, has := other[field.Name]; has && field.Shown() && !e.names(field.Name) {
					full[field.Name] = value
					state("changing "+field.Name, full, "present", -1)
				}
			}
			state("deleting", full, "absent", 1)
		})
	}
}

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

// exemplar makes values of a kind's fields.
type exemplar struct {
	t      *testing.T
	schema *schema.Schema
	server *devserver.Server
	kind   *schema.Kind
	made   map[string]any // the key of an object of each model, by model and turn
}

// names reports whether objects of the kind are found by the field.
func (e *exemplar) names(field string) bool {
	if e.kind.Key != "" {
		return field == e.kind.Key
	}
	key := e.kind.Label
	if len(e.kind.Keys) > 0 {
		key = e.kind.Keys[0]
	}
	return slices.Contains(key, field)
}

// fields returns a value for each of the fields that are wanted; turn tells one from
// another.
func (e *exemplar) fields(turn int, wanted func(*schema.Field) bool) map[string]any {
	fields := map[string]any{}
	for _, field := range e.kind.Fields.Fields {
		if e.names(field.Name) {
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
func (e *exemplar) unwise(field *schema.Field) bool {
	return slices.Contains(leftOut[e.kind.Model], field.Name)
}

// leftOut are fields that others rule out, or that need a licence.
var leftOut = map[string][]string{
	"authentik_core.token":                      {"expires"}, // it may not be later than half an hour from now
	"authentik_policies.policybinding":          {"group", "user"},
	"authentik_providers_radius.radiusprovider": {"certificate"},
	"authentik_providers_scim.scimprovider":     {"auth_mode", "auth_oauth", "auth_oauth_params"},
}

func (e *exemplar) value(kind *schema.Kind, field *schema.Field, turn int) any {
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
	case schema.Integer:
		return turn + 3
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
		return map[string]any{"turn": turn}
	}
}

// refer returns the key of an object of a model that is there for others to refer to.
func (e *exemplar) refer(model string, turn int) any {
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
	pk, err := e.server.Put(kind.Model, "", plain(fields))
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

func plain(fields map[string]any) map[string]any {
	for name, value := range fields {
		if number, isInt := value.(int); isInt {
			fields[name] = int64(number)
		}
	}
	return fields
}

// members are the kinds whose objects stand for those of a base.
var members = map[string]string{
	"authentik_core.provider":                     "authentik_providers_oauth2.oauth2provider",
	"authentik_core.source":                       "authentik_sources_plex.plexsource",
	"authentik_core.propertymapping":              "authentik_providers_oauth2.scopemapping",
	"authentik_flows.stage":                       "authentik_stages_dummy.dummystage",
	"authentik_policies.policy":                   "authentik_policies_dummy.dummypolicy",
	"authentik_policies.policybindingmodel":       "authentik_core.application",
	"authentik_outposts.outpostserviceconnection": "authentik_outposts.dockerserviceconnection",
}

// known are values that a rule of authentik wants, by field or by model and field.
var known = map[string][]any{
	"email":          {"a@example.com", "b@example.com"},
	"from_address":   {"a@example.com", "b@example.com"},
	"icon":           {"https://example.com/a.png", "https://example.com/b.png"},
	"background":     {"https://example.com/a.png", "https://example.com/b.png"},
	"template":       {"email/password_reset.html", "email/account_confirmation.html"},
	"email_template": {"email/event_notification.html", "email/password_reset.html"},
	"external_host":  {"https://a.example.com", "https://b.example.com"},
	"internal_host":  {"http://a:8000", "http://b:8000"},
	"server_uri":     {"ldap://a.example.com", "ldap://b.example.com"},
	"scope_name":     {"one", "two"},
	"token_expiry":   {"minutes=5", "minutes=6"},

	"authentik_brands.brand.default": {false},
	"authentik_core.token.user":      {int64(1)}, "authentik_core.token.intent": {"app_password"},
	"authentik_core.user.permissions":                           {[]any{"authentik_core.view_user"}, []any{"authentik_core.view_group"}},
	"authentik_rbac.role.permissions":                           {[]any{"authentik_core.view_user"}, []any{"authentik_core.view_group"}},
	"authentik_core.user.type":                                  {"internal", "external"},
	"authentik_crypto.certificatekeypair.certificate_data":      {certificate},
	"authentik_crypto.certificatekeypair.key_data":              {""},
	"authentik_flows.flowstagebinding.evaluate_on_plan":         {true},
	"authentik_policies_reputation.reputationpolicy.check_ip":   {true},
	"authentik_outposts.outpost.type":                           {"proxy"},
	"authentik_outposts.kubernetesserviceconnection.local":      {true},
	"authentik_outposts.kubernetesserviceconnection.kubeconfig": {map[string]any{}},
	"authentik_sources_oauth.oauthsource.provider_type":         {"openidconnect"},
	"authentik_stages_redirect.redirectstage.target_static":     {"https://example.com/a", "https://example.com/b"},
}

// certificate is one for example.com, whose key nobody has.
const certificate = `-----BEGIN CERTIFICATE-----
MIIBgjCCASmgAwIBAgIUdls3+NOygZoTDeUhWkZuCbH7xNQwCgYIKoZIzj0EAwIw
FjEUMBIGA1UEAwwLZXhhbXBsZS5jb20wIBcNMjYxMTI2MDM0ODE4WhgPMjEyNjEx
MDIwMzQ4MThaMBYxFDASBgNVBAMMC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEA0C+COtOTRhxVPBUUUb4g0g2BBjtVu91QUy+olNmVujpH/6r
GWlR/wEmK5YK8t5tuZ++6yAnXYDvS5oJ5vikJKNTMFEwHQYDVR0OBBYEFCFYoj/O
04UQjDxdLqnJGA8M7h8sMB8GA1UdIwQYMBaAFCFYoj/O04UQjDxdLqnJGA8M7h8s
MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgO8GVAAKXM5ouH1+s
1H3s9K/p+fp+CDHP/svybk74RN4CIFuJlda4M7eYYQuTYLFJhCBWBsmq5guXtD4P
As8PcSNM
-----END CERTIFICATE-----
`

// entry is a blueprint of the one object.
func (e *exemplar) entry(fields map[string]any, state string) string {
	identifiers, attrs := map[string]any{}, map[string]any{}
	for name, value := range fields {
		if e.names(name) {
			identifiers[name] = value
		} else {
			attrs[name] = value
		}
	}
	text, err := json.Marshal(map[string]any{"version": 1, "entries": []any{map[string]any{
		"model": e.kind.Model, "state": state, "identifiers": identifiers, "attrs": attrs,
	}}})
	if err != nil {
		e.t.Fatal(err)
	}
	return string(text)
}

// settle applies a blueprint and plans it again: nothing is left to do. changes is
// how many there have to be, -1 for any number.
func (e *exemplar) settle(reconciler *sync.Reconciler, step, text string, changes int) {
	e.t.Helper()
	reconciler.Source = &sourceOf{read: &sync.Blueprints{Desired: read(e.t, e.schema, map[string]string{"a.yaml": text})}}
	reconciler.Guards.AllowInUse = true
	pass := reconciler.Apply(context.Background(), sync.TriggerRequest)
	if pass.Err != nil || pass.Verdict() != sync.Success {
		e.t.Fatalf("%s: the pass is %s: %v %v %v\n%s", step, pass.Verdict(), pass.Err, pass.Problems(), outcomes(pass.Report), text)
	}
	if changes >= 0 && len(pass.Report.Results) != changes {
		e.t.Fatalf("%s: %d changes, want %d", step, len(pass.Report.Results), changes)
	}
	again := reconciler.Plan(context.Background(), sync.TriggerRequest)
	if again.Err != nil || again.Plan.HasChanges() || len(again.Plan.Problems) > 0 {
		e.t.Fatalf("%s: the next plan is not empty: %v %v", step, sketch(again.Plan), again.Err)
	}
}
