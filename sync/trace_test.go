package sync_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	gosync "sync"
	"testing"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/devserver/devtest"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// useAsking is an API that counts who is asked for what uses an object, and that lists
// nothing of some paths.
type useAsking struct {
	sync.API
	mutex  gosync.Mutex
	asked  int
	hidden map[string]bool
}

func (a *useAsking) UsedBy(ctx context.Context, path, key string) ([]schema.Object, error) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.asked++
	return a.API.UsedBy(ctx, path, key)
}

func (a *useAsking) List(ctx context.Context, path, id string, query url.Values, most int) ([]schema.Object, error) {
	if a.hidden[path] {
		return nil, errors.New("not for you")
	}
	return a.API.List(ctx, path, id, query, most)
}

// Whether an object is in use is the same whether the server is asked for it or the
// lists of the kinds that refer to it tell it: for each object that authentik brings, in
// each version.
func TestUseByListsIsThatOfTheServer(t *testing.T) {
	whole, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"2024.12.5", "2025.10.4", "2026.2.2"} {
		s := whole.At(version)
		server := devtest.Seeded(t, devserver.Config{Schema: whole, Version: version})
		client := devtest.Client(t, server, devserver.DevToken)
		used, objects := 0, 0
		for _, kind := range s.Managed() {
			if kind.Traced == "" {
				continue
			}
			// What is absent anyway has the lists read.
			text := head
			hidden := map[string]bool{}
			for _, referrer := range s.Referrers(kind) {
				if referrer.Kind != kind {
					text += "- {model: " + referrer.Kind.Model + ", identifiers: {pk: " + nowhere(referrer.Kind) + "}, state: absent}\n"
					hidden[referrer.Kind.Path] = true
				}
			}
			for _, object := range server.All(kind.Model) {
				objects++
				id, _ := kind.IDOf(object)
				entry := fmt.Sprintf("- {model: %s, identifiers: {pk: %q}, state: absent}\n", kind.Model, fmt.Sprint(id))
				lists := &useAsking{API: client}
				byLists := inUse(t, whole, lists, text+entry)
				asks := &useAsking{API: client, hidden: hidden}
				byAsking := inUse(t, whole, asks, head+entry)
				if len(hidden) > 0 && asks.asked == 0 || lists.asked > 0 {
					t.Fatalf("%s %s: %d were asked for, and %d where lists tell", version, kind.Model, asks.asked, lists.asked)
				}
				if (byLists == "") != (byAsking == "") {
					t.Errorf("%s %s %v\nby lists:  %q\nby asking: %q", version, kind.Model, object["name"], byLists, byAsking)
				}
				if byLists != "" {
					used++
				}
			}
		}
		if used == 0 || used == objects {
			t.Errorf("%s: %d of %d objects are in use: want some", version, used, objects)
		}
	}
}

// What lists tell of applications and providers is what the server tells, whatever refers
// to them; and what goes along with an application is asked for.
func TestUseOfApplicationsAndProviders(t *testing.T) {
	whole, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"2024.12.5", "2025.10.4", "2025.12.4", "2026.2.2"} {
		t.Run(version, func(t *testing.T) { useOfApplicationsAndProviders(t, whole, version) })
	}
}

func useOfApplicationsAndProviders(t *testing.T, whole *schema.Schema, version string) {
	const (
		applicationModel = "authentik_core.application"
		oauth2Model      = "authentik_providers_oauth2.oauth2provider"
	)
	s := whole.At(version)
	server := devtest.Seeded(t, devserver.Config{Schema: whole, Version: version})
	client := devtest.Client(t, server, devserver.DevToken)
	flow := server.All(flowModel)[0]["pk"]
	provider := func(model, name string, fields map[string]any) int64 {
		fields["name"], fields["authorization_flow"], fields["invalidation_flow"] = name, flow, flow
		return putNumbered(t, server, model, fields)
	}
	provider(oauth2Model, "free", map[string]any{"client_id": "free"})
	served := provider(oauth2Model, "served", map[string]any{"client_id": "served"})
	trusted := provider(oauth2Model, "trusted", map[string]any{"client_id": "trusted"})
	provider(oauth2Model, "trusting", map[string]any{"client_id": "trusting", "jwt_federation_providers": []any{trusted}})
	remote := provider("authentik_providers_rac.racprovider", "remote", map[string]any{})
	put(t, server, "authentik_providers_rac.endpoint", "", map[string]any{"name": "desk", "protocol": "rdp", "host": "desk", "provider": remote, "property_mappings": []any{}, "maximum_connections": 1})
	outside := provider("authentik_providers_ldap.ldapprovider", "outside", map[string]any{"base_dn": "dc=x"})
	put(t, server, "authentik_outposts.outpost", "", map[string]any{"name": "out", "type": "ldap", "providers": []any{outside}, "config": map[string]any{"authentik_host": "https://x"}})
	scim := provider("authentik_providers_scim.scimprovider", "scim", map[string]any{"url": "https://x", "token": "t"})
	for slug, fields := range map[string]map[string]any{"alone": {}, "main": {}, "parts": {}, "pair": {"provider": served, "backchannel_providers": []any{scim}}} {
		fields["name"], fields["slug"] = slug, slug
		application := putNew(t, server, applicationModel, fields)
		switch slug {
		case "main":
			put(t, server, "authentik_brands.brand", "", map[string]any{"domain": "x.example.com", "default_application": application})
		case "parts":
			put(t, server, "authentik_core.applicationentitlement", "", map[string]any{"name": "e", "app": application})
		}
	}
	for _, model := range []string{applicationModel, oauth2Model, "authentik_providers_rac.racprovider", "authentik_providers_ldap.ldapprovider", "authentik_providers_scim.scimprovider"} {
		kind := s.Kind(model)
		text := head
		for _, referrer := range s.Referrers(kind) {
			if referrer.Kind != kind {
				text += "- {model: " + referrer.Kind.Model + ", identifiers: {pk: " + nowhere(referrer.Kind) + "}, state: absent}\n"
			}
		}
		for _, object := range server.All(model) {
			id, _ := kind.IDOf(object)
			entry := fmt.Sprintf("- {model: %s, identifiers: {pk: %q}, state: absent}\n", model, fmt.Sprint(id))
			lists := &useAsking{API: client}
			byLists, byAsking := inUse(t, whole, lists, text+entry), inUse(t, whole, &useAsking{API: client}, head+entry)
			wantAsked := 0
			if object["slug"] == "pair" {
				wantAsked = 1
			}
			if (byLists == "") != (byAsking == "") || lists.asked != wantAsked {
				t.Errorf("%s %v: %d were asked for, want %d\nby lists:  %q\nby asking: %q", model, object["name"], lists.asked, wantAsked, byLists, byAsking)
			}
		}
	}
}

// What goes with the plan is no user, though a list of another kind has it too, as that of
// OAuth2 providers has proxies.
func TestUseByWhatGoes(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	server := devtest.Seeded(t, devserver.Config{Schema: s})
	flow := server.All(flowModel)[0]["pk"]
	mapping, _ := server.Put(scopeModel, "", map[string]any{"name": "m", "scope_name": "m", "expression": "return {}"})
	put(t, server, proxyModel, "", map[string]any{"name": "p", "client_id": "p", "external_host": "https://p", "authorization_flow": flow, "invalidation_flow": flow, "property_mappings": []any{mapping}})
	text := head + "- {model: " + scopeModel + ", identifiers: {name: m}, state: absent}\n- {model: " + proxyModel + ", identifiers: {name: p}, state: absent}\n"
	for _, referrer := range s.At("2025.10").Referrers(s.Kind(scopeModel)) {
		text += "- {model: " + referrer.Kind.Model + ", identifiers: {pk: " + nowhere(referrer.Kind) + "}, state: absent}\n"
	}
	api := &useAsking{API: devtest.Client(t, server, devserver.DevToken)}
	// The server is asked for the proxy alone: lists don't tell all that uses one.
	if why := inUse(t, s, api, text); why != "" || api.asked != 1 {
		t.Errorf("%d were asked for, and kept, since %q", api.asked, why)
	}
}

// A proxy is listed as an OAuth2 provider that uses another one: where both are deleted it
// is no user, though it is deleted as a proxy.
func TestUseByAProxyThatGoes(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	server := devtest.Seeded(t, devserver.Config{Schema: s})
	flow := server.All(flowModel)[0]["pk"]
	fields := func(name string) map[string]any {
		return map[string]any{"name": name, "client_id": name, "authorization_flow": flow, "invalidation_flow": flow}
	}
	trusted := putNumbered(t, server, "authentik_providers_oauth2.oauth2provider", fields("trusted"))
	proxy := fields("proxy")
	proxy["external_host"], proxy["jwt_federation_providers"] = "https://p", []any{trusted}
	put(t, server, proxyModel, "", proxy)
	text := head + "- {model: authentik_providers_oauth2.oauth2provider, identifiers: {name: trusted}, state: absent}\n"
	api := devtest.Client(t, server, devserver.DevToken)
	if why := inUse(t, s, api, text); !strings.Contains(why, "is used by") {
		t.Errorf("kept, since %q, want that the proxy uses it", why)
	}
	if why := inUse(t, s, api, text+"- {model: "+proxyModel+", identifiers: {name: proxy}, state: absent}\n"); why != "" {
		t.Errorf("kept, since %q", why)
	}
}

// putNumbered is putNew for a kind whose primary keys are numbers.
func putNumbered(t *testing.T, server *devserver.Server, model string, fields map[string]any) int64 {
	t.Helper()
	pk, err := strconv.ParseInt(putNew(t, server, model, fields), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pk
}

// nowhere is a primary key that no object of a kind has.
func nowhere(kind *schema.Kind) string {
	for _, field := range kind.ReadOnly {
		if field.Name == kind.ID && field.Type == schema.Integer {
			return "987654321"
		}
	}
	return "00000000-0000-4000-8000-000000000000"
}

// inUse says why what a blueprint deletes is kept, or nothing.
func inUse(t *testing.T, s *schema.Schema, api sync.API, text string) string {
	t.Helper()
	reconciler := &sync.Reconciler{
		Schema: s, API: api, Parallelism: 8, Guards: sync.Guards{AllowSelf: true},
		Source: &sourceOf{read: &sync.Blueprints{Desired: read(t, s, map[string]string{"a.yaml": text})}},
	}
	pass := reconciler.Plan(context.Background(), sync.TriggerRequest)
	if pass.Err != nil {
		t.Fatal(pass.Err)
	}
	why := ""
	for _, problem := range pass.Plan.Problems {
		why += problem.Message
	}
	return why
}

// A provider is used by its application, of which authentik's used_by does not tell.
func TestUseByAnApplication(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	const (
		applicationModel = "authentik_core.application"
		ldapModel        = "authentik_providers_ldap.ldapprovider"
		scimModel        = "authentik_providers_scim.scimprovider"
	)
	server := devtest.Seeded(t, devserver.Config{Schema: s})
	flow := server.All(flowModel)[0]["pk"]
	own := putNumbered(t, server, ldapModel, map[string]any{"name": "own", "base_dn": "dc=x", "authorization_flow": flow, "invalidation_flow": flow})
	other := putNumbered(t, server, ldapModel, map[string]any{"name": "other", "base_dn": "dc=x", "authorization_flow": flow, "invalidation_flow": flow})
	back := putNumbered(t, server, scimModel, map[string]any{"name": "back", "url": "https://x", "token": "t"})
	putNew(t, server, applicationModel, map[string]any{"name": "A", "slug": "a", "provider": own, "backchannel_providers": []any{back}})
	absent := func(model, name string) string {
		return "- {model: " + model + ", identifiers: {name: " + name + "}, state: absent}\n"
	}
	application := "- {model: " + applicationModel + ", identifiers: {slug: a}, "
	both := absent(ldapModel, "own") + absent(scimModel, "back")
	api := devtest.Client(t, server, devserver.DevToken)
	for name, test := range map[string]struct{ text, want string }{
		"it stays":                 {absent(ldapModel, "own"), `the LDAP provider "own" is used by application a,`},
		"it stays, backchannel":    {absent(scimModel, "back"), `the SCIM provider "back" is used by application a,`},
		"of no application":        {absent(ldapModel, "other"), ""},
		"it goes too":              {both + application + "state: absent}\n", ""},
		"it has another":           {absent(ldapModel, "own") + application + fmt.Sprintf("attrs: {provider: %d}}\n", other), ""},
		"it has none":              {both + application + "attrs: {provider: null, backchannel_providers: []}}\n", ""},
		"it has none, backchannel": {absent(scimModel, "back") + application + "attrs: {provider: null}}\n", `the SCIM provider "back" is used by application a,`},
	} {
		t.Run(name, func(t *testing.T) {
			if why := inUse(t, s, api, head+test.text); (why == "") != (test.want == "") || !strings.Contains(why, test.want) {
				t.Errorf("kept, since %q, want %q", why, test.want)
			}
		})
	}
}
