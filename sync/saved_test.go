package sync_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// savedPlan plans and saves, and reads the saved plan again.
func savedPlan(t *testing.T, reconciler *sync.Reconciler) *sync.SavedPlan {
	t.Helper()
	pass := reconciler.Plan(context.Background(), sync.TriggerRequest)
	if pass.Err != nil {
		t.Fatal(pass.Err)
	}
	var file, again bytes.Buffer
	for _, w := range []*bytes.Buffer{&file, &again} {
		if err := pass.Plan.Save(w, "https://auth.example.com"); err != nil {
			t.Fatal(err)
		}
	}
	if file.String() != again.String() {
		t.Error("the same plan is saved as other bytes")
	}
	saved, err := sync.LoadPlan(&file)
	if err != nil {
		t.Fatal(err)
	}
	return saved
}

func TestSavedPlan(t *testing.T) {
	put := func(t *testing.T, server *devserver.Server, pk, name string, attempts int64) {
		t.Helper()
		fields := map[string]any{"name": name, "backends": []any{"authentik.core.auth.InbuiltBackend"}, "failed_attempts_before_cancel": attempts}
		if _, err := server.Put(stageModel, pk, fields); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name     string
		meantime func(t *testing.T, server *devserver.Server)
		partial  bool
		want     []string
		refused  bool
	}{
		{
			name:     "what was planned is done",
			meantime: func(*testing.T, *devserver.Server) {},
			want:     []string{"update a done", "create new done", "delete b done"},
		},
		{
			name:     "an object that has moved is named, and nothing is done",
			meantime: func(t *testing.T, server *devserver.Server) { put(t, server, pk1, "a", 9) },
			want: []string{
				"nothing is changed, since something has moved since the plan was made: make it again, or do the rest with --partial",
				`a.yaml:3:3: entries[0]: the password stage "a" has moved since the plan was made: failed_attempts_before_cancel was 5 and is 9`},
			refused: true,
		},
		{
			name:     "or the rest is done",
			meantime: func(t *testing.T, server *devserver.Server) { put(t, server, pk1, "a", 9) },
			partial:  true,
			want: []string{"create new done", "delete b done",
				`a.yaml:3:3: entries[0]: the password stage "a" has moved since the plan was made: failed_attempts_before_cancel was 5 and is 9`},
		},
		{
			name: "an object that is gone, and one that is there now",
			meantime: func(t *testing.T, server *devserver.Server) {
				server.Remove(stageModel, pk2)
				put(t, server, pk3, "new", 5)
			},
			partial: true,
			want: []string{"update a done",
				`a.yaml:4:3: entries[1]: the password stage "b" has moved since the plan was made: it is gone`,
				`a.yaml:5:3: entries[2]: the password stage "new" has moved since the plan was made: it exists now`},
		},
		{
			name: "one that somebody has begun to use",
			meantime: func(t *testing.T, server *devserver.Server) {
				flow, _ := server.All(flowModel)[0]["pk"].(string)
				if err := server.Bind(stageModel, pk2, flow, 7); err != nil {
					t.Fatal(err)
				}
			},
			want: []string{"update a done", "create new done",
				`a.yaml:4:3: entries[1]: the password stage "b" is used by Flow Welcome to authentik! (default-authentication-flow), ` +
					`and would be missing there: take it out first, or allow it with --allow-in-use`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := withIdentification(t)
			reconciler, server := started(t, s, read(t, s, map[string]string{"a.yaml": head +
				entry("name: a", "failed_attempts_before_cancel: 3") + entry("name: b", "", "state: absent") + entry("name: new", inbuilt)}))
			put(t, server, pk1, "a", 5)
			put(t, server, pk2, "b", 5)
			saved := savedPlan(t, reconciler)
			tt.meantime(t, server)
			pass := reconciler.ApplySaved(context.Background(), saved, tt.partial)
			if pass.Err != nil {
				t.Fatal(pass.Err)
			}
			if (pass.Report == nil) != tt.refused {
				t.Fatalf("the refusal is %q", pass.Plan.Refusal)
			}
			var got []string
			if pass.Report != nil {
				got = outcomes(pass.Report)
			}
			got = append(got, sketch(&sync.Plan{Problems: pass.Problems()})...)
			if diff := gocmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSavedPlanIsChecked(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "this is no saved plan",
		"{}":                                  "this is no saved plan",
		`{"aksync_plan": "1"}`:                `has the format "1"`,
		`{"aksync_plan": "4", "bogus": 1}`:    "bogus",
		`{"aksync_plan": "4", "changes": {}}`: "damaged",
	} {
		if _, err := sync.LoadPlan(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: the error is %v, want %q", text, err, want)
		}
	}
	s := withIdentification(t)
	reconciler, _ := started(t, s, sync.Desired{})
	good := sync.SavedChange{ID: 1, Action: sync.Create, Model: stageModel, Name: "a", State: tree.Present,
		Declared: map[string]any{"name": "a", "backends": []any{"authentik.core.auth.InbuiltBackend"}}}
	for _, tt := range []struct {
		saved sync.SavedPlan
		want  string
	}{
		{sync.SavedPlan{Changes: []sync.SavedChange{{Model: "a.b"}}}, "does not manage"},
		{sync.SavedPlan{Changes: []sync.SavedChange{{Model: "authentik_core.provider"}}}, "does not manage"},
		{sync.SavedPlan{Changes: []sync.SavedChange{with(good, func(c *sync.SavedChange) { c.After = []int{0} })}}, "damaged"},
		{sync.SavedPlan{Changes: []sync.SavedChange{with(good, func(c *sync.SavedChange) { c.After = []int{-1} })}}, "damaged"},
		{sync.SavedPlan{Changes: []sync.SavedChange{good, good}}, "damaged"},
		{sync.SavedPlan{Changes: []sync.SavedChange{with(good, func(c *sync.SavedChange) { c.Action = "destroy" })}}, "damaged"},
		{sync.SavedPlan{Changes: []sync.SavedChange{with(good, func(c *sync.SavedChange) { c.Action = "" })}}, "damaged"},
		{sync.SavedPlan{Changes: []sync.SavedChange{with(good, func(c *sync.SavedChange) { c.Action = sync.NoOp })}}, "damaged"},
		{sync.SavedPlan{Changes: []sync.SavedChange{with(good, func(c *sync.SavedChange) { c.Action = sync.Delete })}}, "damaged"},
		{sync.SavedPlan{Changes: []sync.SavedChange{with(good, func(c *sync.SavedChange) { c.State = tree.Absent })}}, "damaged"},
		{sync.SavedPlan{Changes: []sync.SavedChange{with(good, func(c *sync.SavedChange) { c.Declared["pk"] = pk1 })}}, "damaged"},
		{sync.SavedPlan{Changes: []sync.SavedChange{with(good, func(c *sync.SavedChange) { c.Declared["name"] = true })}}, "damaged"},
		{sync.SavedPlan{Changes: []sync.SavedChange{with(good, func(c *sync.SavedChange) { c.Declared["configure_flow"] = map[string]any{"$id": int64(7)} })}}, "damaged"},
		{sync.SavedPlan{Changes: []sync.SavedChange{with(good, func(c *sync.SavedChange) { c.Declared["name"] = map[string]any{"$text": true} })}}, "damaged"},
		{sync.SavedPlan{Changes: []sync.SavedChange{with(good, func(c *sync.SavedChange) { c.Declared["name"] = map[string]any{"$bogus": 1} })}}, "damaged"},
		{sync.SavedPlan{Changes: []sync.SavedChange{with(good, func(c *sync.SavedChange) { c.Secrets = []string{"name"} })}}, "no sensitive field"},
		{sync.SavedPlan{Changes: []sync.SavedChange{with(good, func(c *sync.SavedChange) { c.Sets = []string{"nothing"} })}}, "nothing is declared of it"},
		{sync.SavedPlan{Changes: []sync.SavedChange{with(good, func(c *sync.SavedChange) { c.Model, c.Declared = oauth2Model, map[string]any{"client_secret": "x"} })}}, "no saved plan holds it"},
		{sync.SavedPlan{Changes: []sync.SavedChange{with(good, func(c *sync.SavedChange) { c.Permits = &sync.SavedPermits{Model: roleModel} })}}, "damaged"},
		{sync.SavedPlan{Changes: []sync.SavedChange{toPermit(sync.SavedPermits{Model: stageModel, ID: "x", Codenames: []string{"view_passwordstage"}})}}, "damaged"},
		{sync.SavedPlan{Changes: []sync.SavedChange{toPermit(sync.SavedPermits{Model: roleModel, ID: "x", Codenames: []string{"view_user"}})}}, "no permission"},
		{sync.SavedPlan{Changes: []sync.SavedChange{toPermit(sync.SavedPermits{Model: roleModel, ID: map[string]any{"$id": int64(7)}, Codenames: []string{"view_passwordstage"}})}}, "damaged"},
	} {
		tt.saved.Format = sync.SavedFormat
		if pass := reconciler.ApplySaved(context.Background(), &tt.saved, false); pass.Err == nil || !strings.Contains(fmt.Sprint(pass.Err), tt.want) {
			t.Errorf("the error is %v, want %q", pass.Err, tt.want)
		}
	}
}

// toPermit is a saved change that permits somebody something.
func toPermit(permits sync.SavedPermits) sync.SavedChange {
	return sync.SavedChange{ID: 1, Action: sync.Update, Model: stageModel, Name: "a", State: tree.Present, PK: pk1, Key: pk1, Permits: &permits}
}

// with returns the change with a part of it changed.
func with(change sync.SavedChange, what func(*sync.SavedChange)) sync.SavedChange {
	change.Declared = maps.Clone(change.Declared)
	what(&change)
	return change
}

// What is known only after apply is saved as what it is, and applying the saved
// plan does what applying it at once would do.
func TestSavedPlanKnownAfterApply(t *testing.T) {
	s := withIdentification(t)
	text := head + entry("name: secret", inbuilt, "id: s") +
		"- {model: " + identificationModel + ", identifiers: {name: who}, attrs: {user_fields: [email], password_stage: !KeyOf s}}\n" +
		entry("name: second", inbuilt+`, failed_attempts_before_cancel: 1`) +
		"- {model: " + identificationModel + `, identifiers: {name: !Format ["with-%s!", !KeyOf s]}, attrs: {user_fields: [email]}}` + "\n"
	objects := func(saved bool) string {
		reconciler, server := started(t, s, read(t, s, map[string]string{"a.yaml": text}))
		var pass *sync.Pass
		if saved {
			pass = reconciler.ApplySaved(context.Background(), savedPlan(t, reconciler), false)
		} else {
			pass = reconciler.Apply(context.Background(), sync.TriggerRequest)
		}
		if pass.Err != nil || pass.Verdict() != sync.Success {
			t.Fatalf("the pass is %s: %v, %v", pass.Verdict(), pass.Err, pass.Problems())
		}
		secret, shown := "", ""
		for _, object := range server.All(stageModel) {
			if object["name"] == "secret" {
				secret = fmt.Sprint(object["pk"])
			}
		}
		for _, object := range server.All(identificationModel) {
			shown += fmt.Sprintln(object["name"], object["password_stage"])
		}
		return strings.ReplaceAll(shown, secret, "SECRET")
	}
	atOnce, saved := objects(false), objects(true)
	if atOnce != saved || !strings.Contains(saved, "with-SECRET!") {
		t.Errorf("at once:\n%s\nas saved:\n%s", atOnce, saved)
	}
}

// A saved plan takes elements out of a list that the server adds to, too.
func TestSavedPlanDropsElements(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	const flowFields = "authorization_flow: !Find [authentik_flows.flow, [slug, default-provider-authorization-implicit-consent]], " +
		"invalidation_flow: !Find [authentik_flows.flow, [slug, default-provider-invalidation-flow]]"
	proxy := func(mappings string) string {
		return head + "- {model: authentik_providers_oauth2.scopemapping, id: m, identifiers: {name: m}, attrs: {scope_name: m, expression: return}}\n" +
			"- {model: " + proxyModel + ", identifiers: {name: p}, attrs: {mode: forward_single, external_host: 'https://p.example.com', " +
			flowFields + ", property_mappings: [" + mappings + "]}}\n"
	}
	reconciler, server := started(t, s, read(t, s, map[string]string{"a.yaml": proxy("!KeyOf m")}))
	if pass := reconciler.Apply(context.Background(), sync.TriggerRequest); pass.Verdict() != sync.Success {
		t.Fatalf("the pass is %s: %v, %v", pass.Verdict(), pass.Err, pass.Problems())
	}
	mappings := func() int {
		list, _ := server.All(proxyModel)[0]["property_mappings"].([]any)
		return len(list)
	}
	before := mappings()
	reconciler.Source = &sourceOf{read: &sync.Blueprints{Desired: read(t, s, map[string]string{"a.yaml": proxy("")})}}
	if pass := reconciler.ApplySaved(context.Background(), savedPlan(t, reconciler), false); pass.Verdict() != sync.Success {
		t.Fatalf("the pass is %s: %v, %v", pass.Verdict(), pass.Err, pass.Problems())
	}
	if after := mappings(); after != before-1 {
		t.Errorf("the proxy had %d mappings and has %d", before, after)
	}
}

// A saved plan holds no secret, also none that it does not change: those are taken
// from the blueprints, of all entries of the object, and have to be there still.
func TestSavedPlanWithSecrets(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	provider := func(attrs string) string {
		return "- {model: " + oauth2Model + ", identifiers: {name: p}, attrs: {" + attrs + "}}\n"
	}
	const flows = "authorization_flow: !Find [authentik_flows.flow, [slug, default-provider-authorization-implicit-consent]], " +
		"invalidation_flow: !Find [authentik_flows.flow, [slug, default-provider-invalidation-flow]], redirect_uris: []"
	before := head + provider(flows+", client_id: a") + provider("client_secret: hidden-one")
	for _, tt := range []struct {
		name, planned, applied, want string
		partial                      bool
	}{
		{name: "one that stays", planned: head + provider(flows+", client_id: b") + provider("client_secret: hidden-one"), want: "b hidden-one"},
		{name: "one that changes", planned: head + provider(flows) + provider("client_secret: hidden-two"), want: "a hidden-two"},
		{
			name: "only secrets are taken of the blueprints", planned: head + provider(flows+", client_id: b, client_secret: hidden-two"),
			applied: head + provider(flows+", client_id: c, client_secret: hidden-three"), want: "b hidden-three",
		},
		{
			name: "one that has changed since, and is not what was looked at", planned: head + provider(flows+", client_id: b, client_secret: hidden-one"),
			applied: head + provider(flows+", client_id: b, client_secret: hidden-two"),
			want:    "a hidden-one client_secret, which the plan did not change, is not as it was",
		},
		{
			name: "one that is not there any more", planned: head + provider(flows+", client_id: b, client_secret: hidden-two"),
			applied: head + provider(flows+", client_id: b"), want: "a hidden-one client_secret of the OAuth2 provider \"p\" is sensitive",
		},
		{
			name: "an entry that has another place", planned: head + provider(flows+", client_id: b, client_secret: hidden-two"),
			applied: head + "\n" + provider(flows+", client_id: b, client_secret: hidden-two"), want: "a hidden-one give the PATH that the plan was made of", partial: true,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			reconciler, server := started(t, s, read(t, s, map[string]string{"a.yaml": before}))
			source := func(text string) {
				reconciler.Source = &sourceOf{read: &sync.Blueprints{Desired: read(t, s, map[string]string{"a.yaml": text})}}
			}
			if pass := reconciler.Apply(context.Background(), sync.TriggerRequest); pass.Verdict() != sync.Success {
				t.Fatalf("the pass is %s: %v, %v", pass.Verdict(), pass.Err, pass.Problems())
			}
			source(tt.planned)
			saved := savedPlan(t, reconciler)
			if text := fmt.Sprint(*saved); strings.Contains(text, "hidden") {
				t.Errorf("the saved plan holds a secret: %s", text)
			}
			source(cmp.Or(tt.applied, tt.planned))
			pass := reconciler.ApplySaved(context.Background(), saved, tt.partial)
			if pass.Err != nil {
				t.Fatal(pass.Err)
			}
			got := server.All(oauth2Model)[0]
			is := fmt.Sprint(got["client_id"], " ", got["client_secret"])
			problem := strings.TrimSpace(strings.TrimPrefix(tt.want, is))
			if !strings.HasPrefix(tt.want, is) || problem != "" && !strings.Contains(fmt.Sprint(pass.Problems()), problem) || problem == "" && len(pass.Problems()) > 0 {
				t.Errorf("it is %s, and the problems are %v", is, pass.Problems())
			}
			if strings.Contains(fmt.Sprint(pass.Problems()), "hidden") {
				t.Errorf("a secret is shown: %v", pass.Problems())
			}
		})
	}
}

// A saved plan permits what the plan permits, and sets what no answer shows where the
// plan does; a plan after it has nothing left to do.
func TestSavedPlanOfWhatIsNotAnswered(t *testing.T) {
	p := permits(t, "2025.10.4")
	const text = head + "- {model: " + roleModel + ", id: r, identifiers: {name: r}}\n" +
		"- {model: " + userModel + ", identifiers: {username: u}, attrs: {name: U, password: hidden-one}}\n" +
		"- {model: " + stageModel + ", identifiers: {name: a}, attrs: {" + inbuilt + "}, permissions: [{permission: view_passwordstage, role: !KeyOf r}]}\n"
	more := strings.Replace(strings.Replace(text, "permission: view", "permission: change", 1), "hidden-one", "hidden-two", 1)
	for _, step := range []struct {
		text    string
		unshown bool
		want    []string
	}{
		{text, false, []string{"create r done", "create u done", "create a done", "update a done"}},
		{more, true, []string{"update u done", "update a done"}},
	} {
		reconciler := &sync.Reconciler{Schema: p.s, API: p, SendUnshown: step.unshown}
		reconciler.Source = &sourceOf{read: &sync.Blueprints{Desired: read(t, p.s, map[string]string{"a.yaml": step.text})}}
		saved := savedPlan(t, reconciler)
		reconciler.SendUnshown = false
		pass := reconciler.ApplySaved(context.Background(), saved, false)
		if pass.Err != nil || pass.Verdict() != sync.Success {
			t.Fatalf("the pass is %s: %v, %v", pass.Verdict(), pass.Err, pass.Problems())
		}
		if diff := gocmp.Diff(step.want, outcomes(pass.Report)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if again := reconciler.Plan(context.Background(), sync.TriggerRequest); again.Err != nil || again.Plan.HasChanges() {
			t.Errorf("the next plan is not empty: %v %v", sketch(again.Plan), again.Err)
		}
	}
}

// What answers show in this version and not in others is set once.
func TestSavedPlanOfWhatThisVersionAnswers(t *testing.T) {
	const source = "- {model: authentik_sources_ldap.ldapsource, identifiers: {slug: l}, attrs: {name: L, server_uri: 'ldap://l', base_dn: 'dc=l', sync_users: false, sync_groups: false, icon: ICON}}\n"
	reconciler, _, files := startedAt(t, "2025.12.0", strings.Replace(source, "ICON", "a.png", 1))
	files.read = &sync.Blueprints{Desired: read(t, reconciler.Schema, map[string]string{"a.yaml": head + strings.Replace(source, "ICON", "b.png", 1)})}
	pass := reconciler.ApplySaved(context.Background(), savedPlan(t, reconciler), false)
	if pass.Err != nil || pass.Verdict() != sync.Success {
		t.Fatalf("the pass is %s: %v, %v", pass.Verdict(), pass.Err, pass.Problems())
	}
	var fields []string
	for _, field := range pass.Plan.Changes[0].Fields {
		fields = append(fields, field.Name)
	}
	if diff := gocmp.Diff([]string{"icon"}, fields); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
