package sync_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

const (
	providerBase  = "authentik_core.provider"
	oauth2Model   = "authentik_providers_oauth2.oauth2provider"
	proxyModel    = "authentik_providers_proxy.proxyprovider"
	userModel     = "authentik_core.user"
	promptModel   = "authentik_stages_prompt.promptstage"
	instanceModel = "authentik_blueprints.blueprintinstance"
	bindingModel  = "authentik_flows.flowstagebinding"
	roleModel     = "authentik_rbac.role"
)

// What the planner makes of kinds that differ from stages: references by bases,
// aliases, two ids for one object, circles, values that only the server has.
func TestPlanOfAllKinds(t *testing.T) {
	const (
		pk4, pk5 = "00000000-0000-4000-8000-000000000004", "00000000-0000-4000-8000-000000000005"
		alias    = "00000000-0000-4000-8000-0000000a11a5"
	)
	provider := func(pk int64, name, model string) schema.Object {
		return schema.Object{"pk": pk, "name": name, "meta_model_name": model}
	}
	login := flow(flowPK, "login", "authentication")
	login["policybindingmodel_ptr_id"] = alias
	for _, tt := range []struct {
		name, version, text string
		live                map[string][]schema.Object
		context             map[string]any
		want                []string
	}{
		{
			name: "a base finds objects of each of its kinds, those that are created too",
			text: "- {model: " + proxyModel + ", identifiers: {name: new}, attrs: {external_host: 'https://a', authorization_flow: " + flowPK + ", invalidation_flow: " + flowPK + "}}\n" +
				"- {model: " + applicationModel + ", identifiers: {slug: a}, attrs: {name: A, provider: !Find [" + providerBase + ", [name, old]]}}\n" +
				"- {model: " + applicationModel + ", identifiers: {slug: b}, attrs: {name: B, provider: !Find [" + providerBase + ", [name, new]]}}\n",
			live: map[string][]schema.Object{proxyModel: nil, applicationModel: nil, flowModel: {login}, providerBase: {provider(7, "old", oauth2Model)}},
			want: []string{
				"create new name:<nil>->new authorization_flow:<nil>->" + flowPK + " invalidation_flow:<nil>->" + flowPK + " external_host:<nil>->https://a",
				"create a name:<nil>->A slug:<nil>->a provider:<nil>->7",
				"create b name:<nil>->B slug:<nil>->b provider:<nil>->? after:new",
			},
		},
		{
			name: "a base that finds an object of another kind than is wanted",
			text: "- {model: authentik_providers_rac.endpoint, identifiers: {name: e}, attrs: {host: h, protocol: ssh, auth_mode: prompt, provider: !Find [" + providerBase + ", [name, old]]}}\n",
			live: map[string][]schema.Object{"authentik_providers_rac.endpoint": nil, "authentik_providers_rac.racprovider": nil, providerBase: {provider(7, "old", oauth2Model)}},
			want: []string{"a.yaml:3:130: entries[0].attrs.provider: no RAC provider has the pk 7: want one that exists"},
		},
		{
			name: "an entry with an error keeps an object that it comes to be about as it is",
			text: "- {model: " + groupModel + ", identifiers: {pk: " + pk1 + "}, attrs: {name: h}}\n" +
				"- {model: " + groupModel + ", identifiers: {name: h}, attrs: {parent: !Find [" + groupModel + ", [name, nobody]]}}\n",
			live: map[string][]schema.Object{groupModel: {{"pk": pk1, "name": "g"}}},
			want: []string{"a.yaml:4:73: entries[1].attrs.parent: !Find: no group has name \"nobody\": want one that exists"},
		},
		{
			name: "the list of OAuth2 providers has proxies too",
			text: "- {model: " + oauth2Model + ", identifiers: {name: proxy}, state: absent}\n- {model: " + oauth2Model + ", identifiers: {name: own}, state: absent}\n",
			live: map[string][]schema.Object{
				oauth2Model:  {provider(7, "proxy", oauth2Model), provider(8, "own", oauth2Model)},
				providerBase: {provider(7, "proxy", proxyModel), provider(8, "own", oauth2Model)},
			},
			want: []string{"no_op proxy", "delete own"},
		},
		{
			name: "a pk that is nowhere is an alias, and a key among the attrs finds or makes the object",
			text: "- {model: authentik_stages_prompt.prompt, identifiers: {pk: " + pk4 + "}, attrs: {name: p, field_key: k, label: l, type: text}}\n" +
				"- {model: " + promptModel + ", identifiers: {name: s}, attrs: {fields: [" + pk4 + "]}}\n",
			live: map[string][]schema.Object{"authentik_stages_prompt.prompt": nil, promptModel: nil},
			want: []string{
				"create p name:<nil>->p field_key:<nil>->k label:<nil>->l type:<nil>->text",
				"create s name:<nil>->s fields:<nil>->? after:p",
			},
		},
		{
			name: "the other id of a flow means the flow",
			text: "- {model: " + policyBindingModel + ", identifiers: {target: " + alias + ", policy: " + pk1 + ", order: 0}}\n",
			live: map[string][]schema.Object{
				flowModel: {login}, bindingModel: nil, "authentik_policies.policy": {{"pk": pk1, "name": "x"}},
				policyBindingModel: {{"pk": pk2, "target": flowPK, "policy": pk1, "group": nil, "user": nil, "order": int64(0)}},
			},
			want: []string{"no_op login → " + pk1 + ", order 0"},
		},
		{
			name: "one of several bindings is the one that the attrs tell",
			text: "- {model: " + policyBindingModel + ", identifiers: {target: !Find [" + applicationModel + ", [slug, a]], order: 0}, attrs: {group: !Find [" + groupModel + ", [name, g]], enabled: false}}\n",
			live: map[string][]schema.Object{
				applicationModel: {{"pk": pk3, "slug": "a", "name": "A"}}, groupModel: {{"pk": pk4, "name": "g"}, {"pk": pk5, "name": "h"}},
				policyBindingModel: {
					{"pk": pk1, "target": pk3, "policy": nil, "group": pk4, "user": nil, "order": int64(0), "enabled": true},
					{"pk": pk2, "target": pk3, "policy": nil, "group": pk5, "user": nil, "order": int64(0), "enabled": true},
				},
			},
			want: []string{"update a → g, order 0 enabled:true->false"},
		},
		{
			name: "a circle is made in two steps",
			text: "- {model: " + groupModel + ", id: g, identifiers: {name: g}, attrs: {users: [!Find [" + userModel + ", [username, u]]]}}\n" +
				"- {model: " + userModel + ", identifiers: {username: u}, attrs: {name: U, groups: [!KeyOf g]}}\n",
			live: map[string][]schema.Object{groupModel: nil, userModel: nil},
			want: []string{
				"create g name:<nil>->g",
				"create u username:<nil>->u name:<nil>->U groups:<nil>->? after:g",
				"update g users:<nil>->? after:g after:u",
			},
		},
		{
			name: "a relation that both ends declare, and not the same",
			text: "- {model: " + groupModel + ", id: g, identifiers: {name: g}, attrs: {users: []}}\n" +
				"- {model: " + userModel + ", identifiers: {username: u}, attrs: {name: U, groups: [!KeyOf g]}}\n",
			live: map[string][]schema.Object{groupModel: nil, userModel: nil},
			want: []string{
				`a.yaml:3:79: entries[0].attrs.users: the user "u" says otherwise in its groups at a.yaml:4:85: want it declared in one of the two`,
				`a.yaml:4:3: entries[1]: it waits for the group "g", which can't be planned: put that right first`,
			},
		},
		{
			name: "objects that refer to each other go in any order",
			text: "- {model: " + groupModel + ", identifiers: {name: g}, state: absent}\n- {model: " + userModel + ", identifiers: {username: u}, state: absent}\n",
			live: map[string][]schema.Object{
				groupModel: {{"pk": pk1, "name": "g", "users": []any{int64(5)}}}, userModel: {{"pk": int64(5), "username": "u", "groups": []any{pk1}}},
			},
			want: []string{"delete u", "delete g after:u"},
		},
		{
			name: "a provider is given up by one application before another one takes it",
			text: "- {model: " + applicationModel + ", identifiers: {slug: new}, attrs: {name: N, provider: 7}}\n" +
				"- {model: " + applicationModel + ", identifiers: {slug: old}, attrs: {provider: null}}\n",
			live: map[string][]schema.Object{
				applicationModel: {{"pk": pk1, "slug": "old", "name": "O", "provider": int64(7)}}, providerBase: {provider(7, "p", oauth2Model)},
			},
			want: []string{"update old provider:7-><nil>", "create new name:<nil>->N slug:<nil>->new provider:<nil>->7 after:old"},
		},
		{
			name: "sets have no order, and proxies may have more mappings that the server manages",
			text: "- {model: " + proxyModel + ", identifiers: {name: p}, attrs: {property_mappings: [" + pk2 + ", " + pk1 + "]}}\n" +
				"- {model: " + proxyModel + ", identifiers: {name: q}, attrs: {property_mappings: [" + pk1 + "]}}\n",
			live: map[string][]schema.Object{
				proxyModel: {
					{"pk": int64(7), "name": "p", "property_mappings": []any{pk1, pk2, pk3}},
					{"pk": int64(8), "name": "q", "property_mappings": []any{pk1, pk2, pk3}},
				},
				"authentik_core.propertymapping": {{"pk": pk1, "name": "a", "managed": nil}, {"pk": pk2, "name": "b", "managed": nil}, {"pk": pk3, "name": "c", "managed": "goauthentik.io/c"}},
			},
			want: []string{"no_op p", "update q property_mappings:[" + pk1 + " " + pk2 + "]->[" + pk1 + "]"},
		},
		{
			name:    "what this server has not got yet, and what it has dropped",
			version: "2025.10.4",
			text: "- {model: authentik_endpoints.deviceaccessgroup, identifiers: {name: d}}\n" +
				"- {model: " + groupModel + ", identifiers: {name: g}, attrs: {parents: [" + pk1 + "]}}\n" +
				"- {model: authentik_events.notificationrule, identifiers: {name: r}, attrs: {group: " + pk1 + "}}\n",
			live: map[string][]schema.Object{groupModel: {{"pk": pk1, "name": "g"}}, "authentik_events.notificationrule": {{"pk": pk1, "name": "r"}}},
			want: []string{
				"no_op r",
				"a.yaml:3:3: entries[0].model: authentik_endpoints.deviceaccessgroup needs authentik 2025.12: this one is 2025.10.4",
				"a.yaml:4:65: entries[1].attrs.parents: parents needs authentik 2025.12: this one is 2025.10.4; until then parent has its place",
				"warning: a.yaml:5:78: entries[2].attrs.group: is left out: group is gone since authentik 2025.8: this one is 2025.10.4; destination_group has its place",
			},
		},
		{
			name:    "what has another name by now",
			version: "2025.12.4",
			text:    "- {model: " + applicationModel + ", identifiers: {slug: a}, attrs: {icon: 'https://a.png'}}\n",
			live:    map[string][]schema.Object{applicationModel: {{"pk": pk1, "slug": "a", "name": "A", "meta_icon": ""}}},
			want:    []string{"update a meta_icon:->https://a.png"},
		},
		{
			name:    "a value that a server of the version takes from nobody, unless it has it already",
			version: "2025.12.4",
			text: "- {model: " + flowModel + ", identifiers: {slug: a}, attrs: {background: /a.png}}\n" +
				"- {model: " + flowModel + ", identifiers: {slug: b}, attrs: {background: /b.png}}\n",
			live: map[string][]schema.Object{flowModel: {{"pk": pk1, "slug": "a", "name": "A", "background": "/a.png"}, {"pk": pk2, "slug": "b", "name": "B", "background": ""}}},
			want: []string{
				"no_op a",
				"a.yaml:4:77: entries[1].attrs.background: \"/b.png\" is not taken by authentik 2025.12.4: want an address, fa:// and the name of an icon, a path below /static, or the name of a file in authentik's own storage",
			},
		},
		{
			name:    "a number that became a duration",
			version: "2024.12.5",
			text:    "- {model: authentik_stages_email.emailstage, identifiers: {name: e}, attrs: {token_expiry: 45}}\n",
			live:    map[string][]schema.Object{"authentik_stages_email.emailstage": {{"pk": pk1, "name": "e", "token_expiry": json.Number("30")}}},
			want:    []string{"update e token_expiry:30->45"},
		},
		{
			name:    "the server's context",
			text:    "- {model: " + groupModel + ", identifiers: {name: !If [!Context goauthentik.io/enterprise/licensed, paid, free]}}\n",
			live:    map[string][]schema.Object{groupModel: nil},
			context: map[string]any{"goauthentik.io/enterprise/licensed": true},
			want:    []string{"create paid name:<nil>->paid"},
		},
		{
			name: "a condition may ask whether there is an object",
			text: "- {model: " + brandModel + ", identifiers: {domain: d}, conditions: [!Condition [NOR, !Find [" + brandModel + ", [default, true]]]]}\n" +
				"- {model: " + brandModel + ", identifiers: {domain: e}, conditions: [!Find [" + groupModel + ", [name, g]]]}\n",
			live: map[string][]schema.Object{brandModel: nil, groupModel: nil},
			want: []string{"create d domain:<nil>->d"},
		},
		{
			name: "what is to be absent may refer to what is gone, or goes too",
			text: "- {model: " + applicationModel + ", identifiers: {slug: a}, state: absent}\n" +
				"- {model: " + policyBindingModel + ", identifiers: {target: !Find [" + applicationModel + ", [slug, a]], order: 0}, state: absent}\n" +
				"- {model: " + policyBindingModel + ", identifiers: {target: !Find [" + applicationModel + ", [slug, b]], order: 0}, state: absent}\n",
			live: map[string][]schema.Object{
				applicationModel:   {{"pk": pk3, "slug": "a", "name": "A"}},
				policyBindingModel: {{"pk": pk1, "target": pk3, "policy": nil, "group": nil, "user": int64(1), "order": int64(0), "enabled": true}},
			},
			want: []string{"delete a → 1, order 0", "delete a after:a → 1, order 0"},
		},
		{
			name: "an object has to have one of some fields",
			text: "- {model: " + policyBindingModel + ", identifiers: {target: !Find [" + applicationModel + ", [slug, a]], order: 0}}\n",
			live: map[string][]schema.Object{applicationModel: {{"pk": pk3, "slug": "a", "name": "A"}}, policyBindingModel: nil},
			want: []string{"a.yaml:3:3: entries[0].attrs: policy or group or user is missing: want one of them"},
		},
		{
			name: "devices are there or not, and are not made",
			text: "- {model: authentik_stages_authenticator_totp.totpdevice, identifiers: {pk: 5}, attrs: {name: phone}}\n" +
				"- {model: authentik_stages_authenticator_totp.totpdevice, identifiers: {name: x}}\n",
			live: map[string][]schema.Object{"authentik_stages_authenticator_totp.totpdevice": {{"pk": int64(5), "name": "old", "user": map[string]any{"pk": int64(1), "username": "ada"}}}},
			want: []string{
				"update old name:old->phone",
				`a.yaml:4:3: entries[1]: the TOTP device "x" can't be created, only changed: it has to be there: authentik's API has no way to`,
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := schema.Load()
			if err != nil {
				t.Fatal(err)
			}
			desired := read(t, s, map[string]string{"a.yaml": head + tt.text})
			plan := sync.MakePlan(s, desired, sync.Live{Version: tt.version, Kinds: listings(tt.live), Context: tt.context})
			if len(plan.Needs)+len(plan.NeedsGrants)+len(plan.NeedsContext) > 0 {
				t.Fatalf("the plan needs %v %v %v", plan.Needs, plan.NeedsGrants, plan.NeedsContext)
			}
			got := sketch(plan)
			for _, warning := range plan.Warnings {
				got = append(got, "warning: "+warning.Error())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("the plan (-want +got):\n%s", diff)
			}
		})
	}
}

// A blueprint that a file wants to be applied before it is a file here, or one of
// authentik's own.
func TestPlanOfInstances(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	instance := sync.Instance{Model: instanceModel, Path: "entries[0]", By: []tree.Condition{{Field: "name", Value: tree.Value{Data: "theirs"}}}}
	for name, live := range map[string][]schema.Object{"there": {{"pk": pk1, "name": "theirs"}}, "not there": nil} {
		plan := sync.MakePlan(s, sync.Desired{Applies: []sync.Instance{instance}}, sync.Live{Kinds: listings(map[string][]schema.Object{instanceModel: live})})
		complains := len(plan.Problems) == 1 && strings.Contains(plan.Problems[0].Error(), `has name "theirs"`)
		if complains != (live == nil) {
			t.Errorf("%s: the problems are %v", name, plan.Problems)
		}
	}
}
