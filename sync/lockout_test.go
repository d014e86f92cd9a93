package sync_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

const (
	applicationModel   = "authentik_core.application"
	policyBindingModel = "authentik_policies.policybinding"
	groupModel         = "authentik_core.group"
	brandModel         = "authentik_brands.brand"
)

// A plan says what people lose by its changes: the last binding of something that
// stays, and what a brand refers to.
func TestWarnings(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	binding := func(pk, group string, enabled bool) schema.Object {
		return schema.Object{"pk": pk, "target": pk1, "policy": nil, "group": group, "user": nil, "order": int64(0),
			"enabled": enabled, "negate": false, "timeout": int64(30), "failure_result": false}
	}
	live := func(bindings ...schema.Object) map[string][]schema.Object {
		return map[string][]schema.Object{
			applicationModel:   {{"pk": pk1, "slug": "wiki", "name": "Wiki"}},
			groupModel:         {{"pk": pk2, "name": "staff"}, {"pk": pk3, "name": "guests"}},
			brandModel:         {{"brand_uuid": pk1, "domain": "example.com", "flow_authentication": flowPK, "flow_recovery": nil}},
			policyBindingModel: bindings,
		}
	}
	bound := func(group, more string) string {
		return "- {model: " + policyBindingModel + ", identifiers: {target: !Find [" + applicationModel + ", [slug, wiki]], group: !Find [" + groupModel + ", [name, " + group + "]]}, " + more + "}\n"
	}
	const opens = "it is the last one of wiki: nothing keeps anybody from it any more."
	for _, tt := range []struct {
		name, text string
		live       map[string][]schema.Object
		want       []string
	}{
		{"the last binding goes", bound("staff", "state: absent"), live(binding(flowPK, pk2, true)), []string{opens}},
		{"the last binding is switched off", bound("staff", "attrs: {enabled: false}"), live(binding(flowPK, pk2, true)), []string{opens}},
		{"the last one in force goes", bound("staff", "state: absent"), live(binding(flowPK, pk2, true), binding(pk1, pk3, false)), []string{opens}},
		{"another one stays", bound("staff", "state: absent"), live(binding(flowPK, pk2, true), binding(pk1, pk3, true)), nil},
		{"another one comes", bound("staff", "state: absent") + bound("guests", "attrs: {order: 3}"), live(binding(flowPK, pk2, true)), nil},
		{"one that was off goes", bound("staff", "state: absent"), live(binding(flowPK, pk2, false)), nil},
		{"what it binds to goes too", bound("staff", "state: absent") + "- {model: " + applicationModel + ", identifiers: {slug: wiki}, state: absent}\n", live(binding(flowPK, pk2, true)), nil},
		{"a brand loses its login", "- {model: " + brandModel + ", identifiers: {domain: example.com}, attrs: {flow_authentication: null, flow_recovery: null}}\n", live(),
			[]string{"flow_authentication is none any more: people log in there by the flow that comes first, or not at all."}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			desired := read(t, s, map[string]string{"a.yaml": head + tt.text})
			plan := sync.MakePlan(s, desired, sync.Live{Kinds: listings(tt.live)})
			if len(plan.Problems) > 0 {
				t.Fatalf("the plan has problems: %v", plan.Problems)
			}
			var warnings []string
			for _, change := range plan.Changes {
				warnings = append(warnings, change.Warnings...)
			}
			if diff := cmp.Diff(tt.want, warnings); diff != "" {
				t.Errorf("the warnings (-want +got):\n%s", diff)
			}
		})
	}
}
