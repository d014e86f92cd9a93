package sync_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/devserver/devtest"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

const (
	expressionModel = "authentik_policies_expression.expressionpolicy"
	scopeModel      = "authentik_providers_oauth2.scopemapping"
	dummyStageModel = "authentik_stages_dummy.dummystage"
	entitleModel    = "authentik_core.applicationentitlement"
)

// A plan is the same whether all objects are listed or what blueprints speak of is asked
// for one by one, of all kinds or of some: its changes with their warnings, its problems,
// its refusal and what limits are a share of; and so is what becomes of a saved one after
// the objects have moved.
func TestPlansOfCrowdedServers(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	acting := map[sync.Action]int{}
	checks := 0
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, s)
		reconciler := w.reconciler(s, folder)
		roomy := w.drawRoomy()
		plain, narrow := w.both(reconciler, roomy, func(r *sync.Reconciler) *sync.Pass { return r.Plan(context.Background(), sync.TriggerRequest) })
		w.compare(plain, narrow, roomy)
		checks++
		for _, change := range plain.Plan.Changes {
			acting[change.Action]++
		}
		w.compareSaved(s, reconciler, plain, roomy)
	})
	for _, action := range sync.Changing() {
		if acting[action] < checks/10 {
			t.Errorf("%d plans %s %d objects: want more", checks, action, acting[action])
		}
	}
}

// world is a server with objects of many kinds, and blueprints about them.
type world struct {
	*people
	pks map[string][]string
	// text are the files, by name.
	text map[string]string
	ids  map[string][]string // those of entries of the file, by model
}

// keysOf is the field that people know objects of a kind by; bindings have none.
var keysOf = map[string]string{
	userModel: "username", groupModel: "name", roleModel: "name", tokenModel: "identifier", flowModel: "slug", stageModel: "name",
	dummyStageModel: "name", applicationModel: "slug", brandModel: "domain", oauth2Model: "name", proxyModel: "name", expressionModel: "name", scopeModel: "name",
	providerBase: "name", "authentik_flows.stage": "name", "authentik_policies.policy": "name", "authentik_core.propertymapping": "name",
}

// namesOf are names that some objects of a kind have, and others that none has.
var namesOf = map[string][]string{
	userModel: {"u0", "u1", "u2", "akadmin", "U0", "new-user"}, groupModel: {"g0", "g1", "g2", "authentik Admins", "G0", "' g1 '", "new-group", "two words"},
	roleModel: {"r0", "r1", "r2", "new-role"}, tokenModel: {"t0", "t1", "t2", "new-token"}, flowModel: {"f0", "f1", "f2", "default-authentication-flow", "new-flow"},
	stageModel: {"s0", "s1", "d0", "new-stage"}, dummyStageModel: {"d0", "d1", "s0", "new-stage"}, applicationModel: {"a0", "a1", "a2", "new-app"},
	oauth2Model: {"o0", "o1", "p0", "new-provider"}, proxyModel: {"p0", "p1", "o0", "new-provider"}, expressionModel: {"e0", "e1", "new-policy"},
	scopeModel: {"m0", "m1", "m2", "new-mapping"}, providerBase: {"o0", "o1", "p0", "p1", "new-provider"}, "authentik_flows.stage": {"s0", "d0", "new-stage"},
	brandModel:                  {"b0", "authentik-default", "new-brand"},
	"authentik_policies.policy": {"e0", "e1", "new-policy"}, "authentik_core.propertymapping": {"m0", "m1", "m2"},
}

// othersOf are what else finds objects of a kind: nothing, one or several.
var othersOf = map[string][]string{
	userModel:   {"email: u0@example.com", "email: nobody@example.com", "attributes: {n: 1}", "path: users", "username: u1, email: u0@example.com", "name: U, username: u2"},
	groupModel:  {"attributes: {n: 1}", "is_superuser: true", "attributes: {n: 2}, name: g1", "attributes: {t: {a: 1}}", "name: g0, is_superuser: false", "name: g0, is_superuser: true"},
	tokenModel:  {"description: d", "identifier: t0, intent: app_password", "user: 424242"},
	flowModel:   {"designation: recovery", "slug: f0, name: F0", "name: F1", "slug: f1, designation: enrollment"},
	oauth2Model: {"client_id: c0", "client_id: c9", "client_id: c1, name: o0", "sub_mode: user_id"},
	proxyModel:  {"external_host: 'https://p0'"}, applicationModel: {"name: A0", "slug: a0, name: A0", "group: z"},
	brandModel:      {"default: true", "default: false", "domain: b0, default: true"},
	scopeModel:      {"scope_name: m", "name: m0, scope_name: m", "managed: goauthentik.io/m2", "managed: goauthentik.io/none"},
	expressionModel: {"expression: return True", "name: e0, expression: return True"},
	stageModel:      {"failed_attempts_before_cancel: 5", "name: s0, failed_attempts_before_cancel: 5"},
}

func newWorld(t *rapid.T, s *schema.Schema) *world {
	version := rapid.SampledFrom(versions).Draw(t, "version")
	server := devtest.Seeded(t, devserver.Config{Schema: s, Version: version})
	w := &world{
		people: &people{t: t, s: s.At(version), version: version, server: server, client: devtest.Client(t, server, devserver.DevToken)},
		pks:    map[string][]string{}, text: map[string]string{}, ids: map[string][]string{},
	}
	w.populate()
	w.pks[groupModel], w.pks[roleModel] = w.groups, w.roles
	for i, user := range w.users {
		w.pks[userModel] = append(w.pks[userModel], fmt.Sprint(user))
		w.patch("core/users", fmt.Sprint(user), map[string]any{"email": fmt.Sprintf("u%d@example.com", i)})
		w.patch("core/groups", w.groups[i], map[string]any{"attributes": map[string]any{"n": i, "t": map[string]any{"a": i % 2, "b": 2}}})
	}
	w.populateMore()
	return w
}

func (w *world) make(model string, fields map[string]any) string {
	pk := w.put(model, fields)
	w.pks[model] = append(w.pks[model], pk)
	return pk
}

// populateMore adds what people use.
func (w *world) populateMore() {
	one := func(model, label string) any { return w.known(model, label) }
	for i := range 3 {
		w.make(flowModel, map[string]any{"slug": fmt.Sprintf("f%d", i), "name": fmt.Sprintf("F%d", i), "title": "T", "designation": []any{"recovery", "enrollment", "recovery"}[i]})
		fields := map[string]any{"name": fmt.Sprintf("m%d", i), "scope_name": "m", "expression": "return {}"}
		if i == 2 {
			fields["managed"] = "goauthentik.io/m2"
		}
		w.make(scopeModel, fields)
	}
	for i := range 2 {
		w.make(stageModel, map[string]any{"name": fmt.Sprintf("s%d", i), "backends": []any{"authentik.core.auth.InbuiltBackend"}, "configure_flow": one(flowModel, "configures")})
		w.make(dummyStageModel, map[string]any{"name": fmt.Sprintf("d%d", i)})
		w.make(expressionModel, map[string]any{"name": fmt.Sprintf("e%d", i), "expression": "return True"})
		flows := map[string]any{"authorization_flow": one(flowModel, "authorizes"), "invalidation_flow": one(flowModel, "invalidates"), "property_mappings": []any{one(scopeModel, "maps")}}
		w.make(oauth2Model, together(flows, map[string]any{"name": fmt.Sprintf("o%d", i), "client_id": fmt.Sprintf("c%d", i), "redirect_uris": []any{}, "sub_mode": "user_id"}))
		w.make(proxyModel, together(flows, map[string]any{"name": fmt.Sprintf("p%d", i), "client_id": fmt.Sprintf("pc%d", i), "external_host": fmt.Sprintf("https://p%d", i)}))
	}
	for i, provider := range []string{w.pks[oauth2Model][0], w.pks[proxyModel][1], ""} {
		app := map[string]any{"slug": fmt.Sprintf("a%d", i), "name": fmt.Sprintf("A%d", i)}
		if provider != "" {
			app["provider"] = number(provider)
		}
		w.make(applicationModel, app)
	}
	w.make(brandModel, map[string]any{"domain": "b0", "default": false, "flow_recovery": one(flowModel, "recovers")})
	for i := range 3 {
		w.make(entitleModel, map[string]any{"app": w.known(applicationModel, "is of"), "name": fmt.Sprintf("t%d", i%2)})
		w.make(bindingModel, map[string]any{"target": w.pks[flowModel][i], "stage": w.known(stageModel, "is bound"), "order": int64(i)})
	}
	for i := range 5 {
		target := w.known([]string{applicationModel, flowModel, bindingModel}[i%3], "target")
		fields := map[string]any{"target": target, "order": int64(i % 2), "enabled": i != 1}
		switch i % 3 {
		case 0:
			fields["group"] = one(groupModel, "is bound")
		case 1:
			fields["policy"] = one(expressionModel, "is bound")
		default:
			fields["user"] = number(w.known(userModel, "is bound"))
		}
		w.make(policyBindingModel, fields)
	}
}

func number(text string) int64 {
	value, _ := tree.PlainJSON(tree.FromJSON(text).Data).(int64)
	if value == 0 {
		_, _ = fmt.Sscan(text, &value)
	}
	return value
}

func together(a, b map[string]any) map[string]any {
	all := map[string]any{}
	for _, fields := range []map[string]any{a, b} {
		for name, value := range fields {
			all[name] = value
		}
	}
	return all
}

func (w *world) known(model, label string) string {
	return rapid.SampledFrom(w.pks[model]).Draw(w.t, label)
}

func (w *world) draw(label string, from ...string) string {
	return rapid.SampledFrom(from).Draw(w.t, label)
}

// sometimes is true one time in so many.
func (w *world) sometimes(times int, label string) bool {
	return rapid.IntRange(1, times).Draw(w.t, label) == 1
}

// nowherePK is a primary key that no object has.
func (w *world) nowherePK(model string) string {
	if model == userModel || model == oauth2Model || model == proxyModel || model == providerBase {
		return w.draw("nowhere", "424242", "424243")
	}
	return w.draw("nowhere", "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002")
}

// pk is a primary key of an object of a kind, or of none.
func (w *world) pk(model string) string {
	of := map[string]string{providerBase: oauth2Model, "authentik_flows.stage": dummyStageModel, "authentik_policies.policy": expressionModel, "authentik_core.propertymapping": scopeModel}[model]
	if of == "" {
		of = model
	}
	if len(w.pks[of]) == 0 || w.sometimes(6, "nowhere") {
		return w.nowherePK(of)
	}
	return w.known(of, "pk of "+of)
}

// refer is a value that refers to an object of a kind.
func (w *world) refer(model string) string {
	ways := []string{"name", "name", "name", "pk", "find pk", "other", "several"}
	if len(w.ids[model]) > 0 {
		ways = append(ways, "key of", "key of")
	}
	key := keysOf[model]
	switch way := w.draw("refers by", ways...); {
	case way == "key of":
		return "!KeyOf " + w.draw("entry", w.ids[model]...)
	case way == "pk":
		return w.pk(model)
	case way == "find pk":
		return fmt.Sprintf("!Find [%s, [pk, %s]]", model, w.pk(model))
	case way == "other" && len(othersOf[model]) > 0:
		var where []string
		for one := range strings.SplitSeq(w.draw("by", othersOf[model]...), ", ") {
			name, value, _ := strings.Cut(one, ": ")
			where = append(where, fmt.Sprintf("[%s, %s]", name, value))
		}
		return fmt.Sprintf("!Find [%s, %s]", model, strings.Join(where, ", "))
	case way == "several":
		return fmt.Sprintf("!Find [%s, [%s, %s], [pk, %s]]", model, key, w.draw("name", namesOf[model]...), w.pk(model))
	}
	return fmt.Sprintf("!Find [%s, [%s, %s]]", model, key, w.draw("name", namesOf[model]...))
}

// target is what a policy binding can bind to: by its other id, too.
func (w *world) target() string {
	switch w.draw("target", "application", "flow", "binding", "alias", "pk") {
	case "application":
		return w.refer(applicationModel)
	case "flow":
		return w.refer(flowModel)
	case "binding":
		return fmt.Sprintf("!Find [%s, [target, %s], [order, %d]]", bindingModel, w.pk(flowModel), rapid.IntRange(0, 2).Draw(w.t, "order"))
	case "alias":
		alias, _ := w.server.Get(flowModel, w.known(flowModel, "aliased"))["policybindingmodel_ptr_id"].(string)
		return alias
	default:
		return w.pk(w.draw("of", flowModel, applicationModel, bindingModel))
	}
}

// attrs are those that an entry of a kind may have, beside its key.
func (w *world) attrs(model string) []string {
	list := func(name, model string) string {
		var refs []string
		for range rapid.IntRange(0, 2).Draw(w.t, name) {
			refs = append(refs, w.refer(model))
		}
		return name + ": [" + strings.Join(refs, ", ") + "]"
	}
	flows := func() []string {
		return []string{"authorization_flow: " + w.refer(flowModel), "invalidation_flow: " + w.refer(flowModel)}
	}
	switch model {
	case userModel:
		return []string{"name: N", list("groups", groupModel), "is_active: " + w.draw("active", "true", "false")}
	case groupModel:
		return []string{"is_superuser: " + w.draw("superuser", "true", "false"), list("users", userModel), list("roles", roleModel), "attributes: {x: 1}"}
	case roleModel:
		return []string{"permissions: [authentik_core.view_user, authentik_rbac.assign_role_permissions]"}
	case tokenModel:
		return []string{"description: new", "user: " + w.refer(userModel), "intent: app_password"}
	case flowModel:
		return []string{"name: N", "title: T", "designation: " + w.draw("designation", "recovery", "enrollment")}
	case stageModel:
		return []string{"backends: [authentik.core.auth.InbuiltBackend]", "configure_flow: " + w.refer(flowModel), "failed_attempts_before_cancel: 7"}
	case applicationModel:
		return []string{"name: N", "provider: " + w.refer(w.draw("provider", providerBase, oauth2Model, proxyModel))}
	case oauth2Model:
		return append(flows(), "redirect_uris: []", "client_id: "+w.draw("client", "c0", "c1", "c2", "pc0"), list("property_mappings", w.draw("of", scopeModel, "authentik_core.propertymapping")))
	case proxyModel:
		return append(flows(), "external_host: 'https://new'", list("property_mappings", scopeModel))
	case expressionModel:
		return []string{"expression: return False"}
	case scopeModel:
		return []string{"expression: return 1", "scope_name: n"}
	case brandModel:
		return []string{"default: " + w.draw("default", "true", "false"), "flow_authentication: " + w.refer(flowModel)}
	case entitleModel:
		return []string{"attributes: {x: 1}"}
	case policyBindingModel:
		return []string{"enabled: " + w.draw("enabled", "true", "false"), "negate: true"}
	}
	return nil
}

// identifiers find an object; must says what attrs have to have.
func (w *world) identifiers(model string) (identifiers, must string) {
	switch model {
	case entitleModel:
		identifiers = "app: " + w.refer(applicationModel)
		if w.sometimes(3, "by its application") {
			return identifiers, "name: " + w.draw("name", "t0", "t1", "t2")
		}
		return identifiers + ", name: " + w.draw("name", "t0", "t1", "t2"), ""
	case bindingModel:
		return fmt.Sprintf("target: %s, stage: %s, order: %d", w.refer(flowModel), w.refer(w.draw("of", stageModel, dummyStageModel, "authentik_flows.stage")), rapid.IntRange(0, 2).Draw(w.t, "order")), ""
	case policyBindingModel:
		if w.sometimes(6, "by its pk") {
			return "pk: " + w.pk(model), ""
		}
		identifiers = fmt.Sprintf("target: %s, order: %d", w.target(), rapid.IntRange(0, 1).Draw(w.t, "order"))
		switch w.draw("binds", "policy", "group", "user", "attr", "nothing") {
		case "policy":
			identifiers += ", policy: " + w.refer(w.draw("of", expressionModel, "authentik_policies.policy"))
		case "group":
			identifiers += ", group: " + w.refer(groupModel)
		case "user":
			identifiers += ", user: " + w.refer(userModel)
		case "attr":
			return identifiers, "group: " + w.refer(groupModel)
		}
		return identifiers, ""
	}
	key := keysOf[model]
	named := key + ": " + w.draw("named", namesOf[model]...)
	switch way := w.draw("found by", "name", "name", "name", "pk", "alias", "both", "other"); {
	case way == "pk":
		return "pk: " + w.pk(model), ""
	case way == "alias":
		return "pk: " + w.nowherePK(model), named
	case way == "both":
		return named + ", pk: " + w.pk(model), ""
	case way == "other" && len(othersOf[model]) > 0:
		return w.draw("other", othersOf[model]...), ""
	}
	return named, ""
}

var kindsOfEntries = []string{
	userModel, groupModel, groupModel, roleModel, tokenModel, flowModel, stageModel, dummyStageModel, applicationModel, oauth2Model, oauth2Model,
	proxyModel, expressionModel, scopeModel, brandModel, brandModel, entitleModel, bindingModel, policyBindingModel, policyBindingModel, policyBindingModel,
}

// entry is about an object of some kind.
func (w *world) entry(id string) string {
	model := rapid.SampledFrom(kindsOfEntries).Draw(w.t, "model")
	identifiers, must := w.identifiers(model)
	var attrs []string
	if must != "" {
		attrs = append(attrs, must)
	} else if key := keysOf[model]; key != "" && w.sometimes(4, "renamed") {
		attrs = append(attrs, key+": "+w.draw("to", namesOf[model]...))
	}
	wanted := rapid.SampledFrom([]string{"present", "present", "present", "created", "must_created", "absent", "absent"}).Draw(w.t, "state")
	all := w.sometimes(2, "all attrs")
	for _, attr := range w.attrs(model) {
		name, _, _ := strings.Cut(attr, ":")
		if !strings.Contains(identifiers, name+":") && (all || w.sometimes(3, "has "+name)) {
			attrs = append(attrs, attr)
		}
	}
	text := fmt.Sprintf("- {model: %s, state: %s, identifiers: {%s}, attrs: {%s}", model, wanted, identifiers, strings.Join(attrs, ", "))
	if wanted == "present" {
		text += ", id: " + id
		w.ids[model] = append(w.ids[model], id)
		if w.sometimes(6, "permits") {
			text += ", permissions: [{permission: " + w.draw("permission", "view", "change") + "_" + model[strings.LastIndex(model, ".")+1:] + ", role: " + w.refer(roleModel) + "}]"
		}
	}
	if w.sometimes(8, "has a condition") {
		text += ", conditions: [" + w.refer(w.draw("of", groupModel, applicationModel, userModel)) + "]"
	}
	return text + "}\n"
}

func (w *world) file(name, start string, most int) {
	w.ids = map[string][]string{}
	text := "version: 1\n" + start + "entries:\n"
	for i := range rapid.IntRange(1, most).Draw(w.t, "entries of "+name) {
		text += w.entry(fmt.Sprintf("e%d", i))
	}
	w.text[name] = text
}

// reconciler has blueprints of all sorts and draws its guards.
func (w *world) reconciler(s *schema.Schema, folder string) *sync.Reconciler {
	for i := range rapid.IntRange(1, 4).Draw(w.t, "files") {
		w.file(fmt.Sprintf("f%d.yaml", i), "", 4)
	}
	if w.sometimes(4, "a file is off") {
		w.file("off.yaml", "metadata: {name: x, labels: {blueprints.goauthentik.io/instantiate: 'false'}}\n", 2)
	}
	if w.sometimes(4, "a file is invalid") {
		w.file("wrong.yaml", "", 2)
		w.text["wrong.yaml"] += "- {model: " + groupModel + ", identifiers: {name: x}, attrs: {bogus: 1}}\n"
	}
	desired := w.read(s, folder, w.text)
	if w.sometimes(3, "some are removed") {
		w.file("then.yaml", "", 4)
		for _, entry := range w.read(s, folder, map[string]string{"then.yaml": w.text["then.yaml"]}).Entries {
			desired.Removed = append(desired.Removed, sync.Removed{Entry: entry, Exact: w.sometimes(2, "exact")})
		}
	}
	guards := sync.Guards{AllowSelf: w.sometimes(3, "allow self"), AllowInUse: w.sometimes(3, "allow in use")}
	if w.sometimes(4, "prunes") {
		guards.Prune = []sync.Glob{{Name: w.draw("glob", "g*", "*1", "[opa]*")}}
	}
	return &sync.Reconciler{Schema: s, Parallelism: 4, DryRun: true, Guards: guards, Source: &sourceOf{read: &sync.Blueprints{Desired: desired}}}
}

func (w *world) read(s *schema.Schema, folder string, files map[string]string) sync.Desired {
	if err := os.RemoveAll(folder); err != nil {
		w.t.Fatal(err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		w.t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	desired := desiredOf(w.t, s, folder)
	if len(desired.Frozen) > 0 && files["wrong.yaml"] == "" {
		desired.Incomplete = false // prune all the same
	}
	return desired
}

// drawRoomy draws the paths of the kinds that are listed as a whole: none, as a rule.
func (w *world) drawRoomy() map[string]bool {
	roomy := map[string]bool{}
	if w.sometimes(2, "some kinds are crowded") {
		for _, kind := range w.s.Kinds() {
			if kind.Path != "" && (keysOf[kind.Model] != "" || len(w.pks[kind.Model]) > 0) && w.sometimes(2, "roomy "+kind.Model) {
				roomy[kind.Path] = true
			}
		}
	}
	return roomy
}

func (w *world) both(r *sync.Reconciler, roomy map[string]bool, pass func(*sync.Reconciler) *sync.Pass) (plain, narrow *sync.Pass) {
	a, b := *r, *r
	a.API, b.API = w.client, crowded{API: w.client, roomy: roomy}
	plain, narrow = pass(&a), pass(&b)
	if plain.Err != nil || narrow.Err != nil {
		w.t.Fatalf("%v, %v\n%s", plain.Err, narrow.Err, w.files())
	}
	return plain, narrow
}

func (w *world) files() string {
	var all strings.Builder
	for _, name := range slices.Sorted(maps.Keys(w.text)) {
		fmt.Fprintf(&all, "# %s\n%s", name, w.text[name])
	}
	return all.String()
}

// hints are what a message says of other objects, for people: of those that nobody asked
// for it knows nothing, and lists and the server call users otherwise.
var hints = regexp.MustCompile(`: did you mean "[^"]*"\?|: want one that exists|is used by .*, and would be`)

// told is what a pass tells, as far as it is the same for a crowded server.
func told(pass *sync.Pass) []string {
	var lines []string
	plan := pass.Plan
	deletes := false // else of the one kind whose list holds others they count, too
	for _, change := range plan.Changes {
		deletes = deletes || change.Action == sync.Delete
		line := fmt.Sprintf("%d %s %s %s %s %s %v after %v is of another %v users %v along %v uncompared %v", change.ID, change.Action, change.Model, change.PK, change.Key,
			change.Source, change.State, change.After, change.Of != nil, change.UserNames(), change.Along, change.Uncompared)
		if change.Action != sync.NoOp {
			line += " " + change.Name
		}
		for _, field := range change.Fields {
			line += fmt.Sprintf(" %s:%v->%v", field.Name, field.Before, field.After)
		}
		lines = append(lines, line)
		for _, warning := range change.Warnings {
			lines = append(lines, "  "+strings.ReplaceAll(warning, `"`, ""))
		}
	}
	for _, problem := range plan.Problems {
		lines = append(lines, "problem "+hints.ReplaceAllString(problem.Error(), ""))
	}
	for _, warning := range plan.Warnings {
		lines = append(lines, "warning "+hints.ReplaceAllString(warning.Error(), ""))
	}
	for _, model := range slices.Sorted(maps.Keys(plan.Live)) {
		if model != oauth2Model || deletes {
			lines = append(lines, fmt.Sprintf("live %s %d", model, plan.Live[model]%more))
		}
	}
	return append(lines, fmt.Sprintf("refusal %q failed %v", plan.Refusal, plan.Failed))
}

// named are lines that call objects by their names wherever that can be told, and bindings
// by their keys alone: a plan for a crowded server knows fewer names.
func (w *world) named(lines []string) []string {
	for _, kind := range w.s.Managed() {
		for _, object := range w.server.All(kind.Model) {
			id, _ := kind.IDOf(object)
			key := schema.IDText(id)
			name, _ := object[kind.Key].(string)
			for i, line := range lines {
				switch {
				case len(key) < 30 && strings.HasPrefix(line, "  "): // a number in a warning
					lines[i] = regexp.MustCompile(`([ (])`+key+`([,. ]|$)`).ReplaceAllString(line, "${1}"+name+"${2}")
				case len(key) < 30:
					lines[i] = strings.ReplaceAll(line, " → "+key+", order", " → "+name+", order")
				case kind.Key == "":
					lines[i] = strings.ReplaceAll(line, kind.Title+" "+key, key)
				default:
					lines[i] = strings.ReplaceAll(line, key, name)
				}
			}
		}
	}
	return lines
}

func (w *world) compare(plain, narrow *sync.Pass, roomy map[string]bool) {
	if diff := cmp.Diff(w.named(told(plain)), w.named(told(narrow))); diff != "" {
		w.t.Fatalf("authentik %s, the plan (-of lists +of a crowded server, roomy %v):\n%s\n%s", w.version, roomy, diff, w.files())
	}
}

// compareSaved saves the plan, moves some objects, and looks what it comes to.
func (w *world) compareSaved(s *schema.Schema, r *sync.Reconciler, plain *sync.Pass, roomy map[string]bool) {
	var text strings.Builder
	if err := plain.Plan.Save(&text, "http://x"); err != nil {
		w.t.Fatal(err)
	}
	for _, model := range []string{groupModel, flowModel, applicationModel, oauth2Model} {
		if w.sometimes(4, "another "+model) {
			name := w.draw("named", namesOf[model]...)
			_, _ = w.server.Put(model, "", map[string]any{keysOf[model]: name, "name": name}) // unless it is there
		}
	}
	partial := w.sometimes(2, "partial")
	a, b := w.both(r, roomy, func(r *sync.Reconciler) *sync.Pass {
		saved, err := sync.LoadPlan(strings.NewReader(text.String()))
		if err != nil {
			w.t.Fatal(err)
		}
		return r.ApplySaved(context.Background(), saved, partial)
	})
	w.compare(a, b, roomy)
}

// Whether what a plan deletes is in use is the same whether lists tell it or the server is
// asked, whatever of its users goes or lets it go in the same plan.
func TestUseInRandomWorlds(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	kept, deleted := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, s)
		text := head
		read := map[string]bool{}
		for _, model := range slices.Sorted(maps.Keys(w.pks)) {
			if kind := w.s.Kind(model); kind.Traced != "" && w.sometimes(4, "lists tell of "+model) {
				for _, referrer := range w.s.Referrers(kind) {
					read[referrer.Kind.Model] = true
				}
			}
			for _, pk := range w.pks[model] {
				if w.sometimes(3, "deletes") {
					text += fmt.Sprintf("- {model: %s, identifiers: {pk: %s}, state: absent}\n", model, pk)
				} else if attr, lets := letsGo[model]; lets && w.sometimes(3, "lets go") {
					text += fmt.Sprintf("- {model: %s, identifiers: {pk: %s}, attrs: {%s}}\n", model, pk, attr)
				}
			}
		}
		for _, model := range slices.Sorted(maps.Keys(read)) { // what is absent anyway has them read
			text += fmt.Sprintf("- {model: %s, identifiers: {pk: %s}, state: absent}\n", model, nowhere(w.s.Kind(model)))
		}
		w.text["a.yaml"] = text
		reconciler := &sync.Reconciler{Schema: s, Parallelism: 4, DryRun: true, Guards: sync.Guards{AllowSelf: true}}
		reconciler.Source = &sourceOf{read: &sync.Blueprints{Desired: w.read(s, folder, w.text)}}
		plain, narrow := w.both(reconciler, nil, func(r *sync.Reconciler) *sync.Pass { return r.Plan(context.Background(), sync.TriggerRequest) })
		w.compare(plain, narrow, nil)
		for _, change := range plain.Plan.Changes {
			if change.Action == sync.Delete {
				deleted++
			}
		}
		kept += len(plain.Plan.Problems)
	})
	if kept < 100 || deleted < 100 {
		t.Errorf("%d objects are kept and %d deleted: want more", kept, deleted)
	}
}

// letsGo are attrs by which objects let others go.
var letsGo = map[string]string{
	stageModel: "configure_flow: null", applicationModel: "provider: null", oauth2Model: "property_mappings: []",
	proxyModel: "property_mappings: []", policyBindingModel: "enabled: false",
}
