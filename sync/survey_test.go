package sync_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/devserver/devtest"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

const eventModel = "authentik_events.event"

// seededOf is a fresh embedded server of a version.
func seededOf(t *testing.T, s *schema.Schema, version string, limited map[string][]string) *devserver.Server {
	t.Helper()
	return devtest.Seeded(t, devserver.Config{Schema: s, Version: version, Limited: limited})
}

// surveying is a reconciler for the server, whose fresh twin says what authentik brings.
func surveying(t *testing.T, s *schema.Schema, server *devserver.Server, version, token, text string, survey sync.Survey) *sync.Reconciler {
	t.Helper()
	client := devtest.Client(t, server, token)
	survey.Brought = func(of string) map[string][]schema.Object {
		if of != version {
			t.Errorf("it asks for what authentik %s brings, and the server is %s", of, version)
		}
		fresh, objects := seededOf(t, s, version, nil), map[string][]schema.Object{}
		for _, kind := range s.At(version).Managed() {
			objects[kind.Model] = fresh.All(kind.Model)
		}
		return objects
	}
	return &sync.Reconciler{
		Schema: s, API: client, Parallelism: 8, Survey: &survey,
		Source: &sourceOf{read: &sync.Blueprints{Desired: read(t, s, map[string]string{"a.yaml": head + text})}},
	}
}

func putNew(t *testing.T, server *devserver.Server, model string, fields map[string]any) string {
	t.Helper()
	pk, err := server.Put(model, "", fields)
	if err != nil {
		t.Fatal(err)
	}
	return pk
}

// pkOf is the primary key of the object whose field has the value.
func pkOf(t *testing.T, server *devserver.Server, model, field, value string) string {
	t.Helper()
	for _, object := range server.All(model) {
		if object[field] == value {
			return object["pk"].(string)
		}
	}
	t.Fatalf("no %s has %s %s", model, field, value)
	return ""
}

// log has somebody do something with an object.
func log(t *testing.T, server *devserver.Server, action, who, model, pk string) {
	t.Helper()
	app, name, _ := strings.Cut(model, ".")
	putNew(t, server, eventModel, map[string]any{
		"action": action, "app": "authentik.events.middleware", "user": map[string]any{"username": who},
		"context": map[string]any{"model": map[string]any{"app": app, "model_name": name, "pk": strings.ReplaceAll(pk, "-", "")}},
	})
}

// byHand adds to a fresh server what people make, and what authentik makes itself.
func byHand(t *testing.T, server *devserver.Server) (binding string) {
	t.Helper()
	group := putNew(t, server, groupModel, map[string]any{"name": "by hand"})
	flow := pkOf(t, server, "authentik_flows.flow", "slug", "default-authentication-flow")
	stage := pkOf(t, server, stageModel, "name", "default-authentication-password")
	binding = putNew(t, server, bindingModel, map[string]any{"target": flow, "stage": stage, "order": int64(77)})
	putNew(t, server, groupModel, map[string]any{"name": "declared"})
	putNew(t, server, "authentik_core.user", map[string]any{"username": "ak-outpost-1", "name": "o", "type": "internal_service_account"})
	putNew(t, server, "authentik_rbac.role", map[string]any{"name": "ak-managed-role--user-7"})
	putNew(t, server, "authentik_outposts.outpost", map[string]any{"name": "o", "type": "proxy", "managed": "goauthentik.io/o"})
	log(t, server, "model_created", "alice", groupModel, group)
	log(t, server, "model_updated", "mallory", groupModel, group)
	log(t, server, "model_created", "bob", bindingModel, binding)
	log(t, server, "model_created", "carol", "authentik_core.token", group)
	return binding
}

const declaredGroup = "- {model: " + groupModel + ", identifiers: {name: declared}}\n"

// A survey names what people have made and nobody declares, with who made it, and
// counts what is authentik's own: what a fresh server holds, bindings too, and what it
// makes or manages itself.
func TestSurvey(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"2024.12.5", "2025.10.4", "2025.12.4", "2026.2.2"} {
		t.Run(version, func(t *testing.T) {
			server := seededOf(t, s, version, nil)
			byHand(t, server)
			reconciler := surveying(t, s, server, version, devserver.DevToken, declaredGroup, sync.Survey{List: true})
			pass := reconciler.Plan(context.Background(), sync.TriggerStart)
			if pass.Err != nil || len(pass.Problems()) > 0 {
				t.Fatal(pass.Err, pass.Problems())
			}
			found := pass.Plan.Surveyed
			var got []string
			for _, object := range found.Objects {
				got = append(got, object.Title+" "+object.Name+" by "+object.By)
			}
			want := []string{"group by hand by alice", "stage binding default-authentication-flow → default-authentication-password, order 77 by bob"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("nobody declares (-want +got):\n%s", diff)
			}
			if found.Total() != 2 || found.Brought < 50 || len(found.Unknown)+len(found.Lacking) > 0 || found.NoMakers != "" {
				t.Errorf("%d, %d of authentik's own, not known %v %v %s", found.Total(), found.Brought, found.Unknown, found.Lacking, found.NoMakers)
			}
			reconciler.Survey = nil
			without := reconciler.Plan(context.Background(), sync.TriggerStart)
			if diff := cmp.Diff(without.Plan.Live, pass.Plan.Live); diff != "" {
				t.Errorf("limits are a share of something else (-without +with a survey):\n%s", diff)
			}
		})
	}
}

// Without a list a survey counts, of the kinds that blueprints speak of and of which
// it is known what authentik brings, and asks for nothing more.
func TestSurveyCounts(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	const version = "2025.10.4"
	const binding = "- {model: " + bindingModel + ", identifiers: {target: !Find [authentik_flows.flow, [slug, default-authentication-flow]], stage: STAGE, order: 77}}\n"
	for _, tt := range []struct {
		name, text string
		want       map[string]int
	}{
		{"a kind with a name", declaredGroup, map[string]int{groupModel: 1}},
		{"nothing", "[]\n", map[string]int{}},
		{"bindings, and nothing of what they bind", declaredGroup + "- {model: " + bindingModel + ", identifiers: {pk: BINDING}}\n", map[string]int{groupModel: 1}},
		{"bindings, with all that tells them apart",
			strings.Replace(binding, "STAGE", "!Find [authentik_flows.stage, [name, default-authentication-login]]", 1), map[string]int{bindingModel: 1}},
		{"an entry that does not say what it is about",
			"- {model: " + groupModel + ", identifiers: {name: !Find [" + groupModel + ", [name, none]]}}\n", map[string]int{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := seededOf(t, s, version, nil)
			text := strings.Replace(tt.text, "BINDING", byHand(t, server), 1)
			reconciler := surveying(t, s, server, version, devserver.DevToken, text, sync.Survey{})
			requests := func() (took int) {
				before := server.Requests()["GET"]
				if pass := reconciler.Plan(context.Background(), sync.TriggerStart); pass.Err != nil {
					t.Fatal(pass.Err)
				} else if pass.Plan.Surveyed != nil {
					if diff := cmp.Diff(tt.want, pass.Plan.Surveyed.Counts); diff != "" || len(pass.Plan.Surveyed.Objects) > 0 {
						t.Errorf("(-want +got):\n%s%v", diff, pass.Plan.Surveyed.Objects)
					}
				}
				return server.Requests()["GET"] - before
			}
			with := requests()
			reconciler.Survey = nil
			if without := requests(); with != without {
				t.Errorf("it takes %d requests, and %d without a survey", with, without)
			}
		})
	}
}

// What the token may not see is named by what it lacks, and so is the log.
func TestSurveyOfWhatIsNotSeen(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	const version, token = "2025.10.4", "limited"
	server := seededOf(t, s, version, map[string][]string{token: {"authentik_core.view_group"}})
	byHand(t, server)
	reconciler := surveying(t, s, server, version, token, declaredGroup, sync.Survey{List: true, Models: []string{groupModel, "authentik_brands.brand"}})
	pass := reconciler.Plan(context.Background(), sync.TriggerStart)
	if pass.Err != nil {
		t.Fatal(pass.Err)
	}
	found := pass.Plan.Surveyed
	if diff := cmp.Diff([]string{"authentik_brands.view_brand"}, found.Lacking); diff != "" || len(found.Unknown) > 0 {
		t.Errorf("lacking (-want +got):\n%s%v", diff, found.Unknown)
	}
	if len(found.Objects) != 1 || found.Objects[0].By != "" || !strings.Contains(found.NoMakers, "authentik_events.view_event") {
		t.Errorf("%v, %s", found.Objects, found.NoMakers)
	}
}

// unfiltered is an API that knows no filters, as another version may.
type unfiltered struct {
	sync.API
	asked []string
}

func (u *unfiltered) List(ctx context.Context, path, id string, query url.Values, most int) ([]schema.Object, error) {
	if strings.HasPrefix(path, "events/") {
		u.asked = append(u.asked, query.Encode())
		query = nil
	}
	return u.API.List(ctx, path, id, query, most)
}

// A log that ignores what it is asked for tells nothing wrong.
func TestMakersOfALogWithoutFilters(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	const version = "2025.10.4"
	server := seededOf(t, s, version, nil)
	byHand(t, server)
	reconciler := surveying(t, s, server, version, devserver.DevToken, declaredGroup, sync.Survey{List: true, Models: []string{groupModel}})
	api := &unfiltered{API: reconciler.API}
	reconciler.API = api
	pass := reconciler.Plan(context.Background(), sync.TriggerStart)
	if pass.Err != nil {
		t.Fatal(pass.Err)
	}
	if objects := pass.Plan.Surveyed.Objects; len(objects) != 1 || objects[0].By != "alice" || objects[0].At.IsZero() {
		t.Errorf("%v", objects)
	}
	if want := []string{"action=model_created&context_model_app=authentik_core&context_model_name=group"}; !slices.Equal(want, api.asked) {
		t.Errorf("the log is asked %v", api.asked)
	}
}
