package sync_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// Values that the server takes for others are refused where they would be in one
// request, and nowhere else: an object can have both.
func TestValuesThatClashInOneRequest(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	const model = "authentik_providers_saml.samlprovider"
	provider := func(logout, binding string) schema.Object {
		return schema.Object{"pk": int64(1), "name": "p", "logout_method": logout, "sls_binding": binding,
			"acs_url": "https://a", "authorization_flow": pk1, "invalidation_flow": pk2}
	}
	desired := read(t, s, map[string]string{"a.yaml": head + "- {model: " + model + ", identifiers: {name: p}, attrs: {logout_method: backchannel, sls_binding: redirect, acs_url: 'https://a', authorization_flow: " + pk1 + ", invalidation_flow: " + pk2 + "}}\n"})
	for _, test := range []struct {
		name    string
		live    []schema.Object
		refused bool
	}{
		{"a new one", nil, true},
		{"one that has both", []schema.Object{provider("backchannel", "redirect")}, false},
		{"one that lacks both", []schema.Object{provider("frontchannel_native", "post")}, true},
		{"one that lacks one", []schema.Object{provider("frontchannel_native", "redirect")}, false},
	} {
		plan := sync.MakePlan(s, desired, sync.Live{Version: "2025.10.4", Kinds: listings(map[string][]schema.Object{model: test.live})})
		text := fmt.Sprint(plan.Problems)
		if refused := strings.Contains(text, `a.yaml:3:`) && strings.Contains(text, "is not taken beside sls_binding"); refused != test.refused {
			t.Errorf("%s: the problems are %s", test.name, text)
		}
	}
}
