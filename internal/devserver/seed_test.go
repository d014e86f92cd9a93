package devserver_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

func seeded(t *testing.T) *devserver.Server {
	t.Helper()
	server := newServer(t, devserver.Config{})
	if err := server.SeedDefaults(); err != nil {
		t.Fatal(err)
	}
	return server
}

// recorded gives the results of a recorded list.
func recorded(t *testing.T, name string) []map[string]any {
	t.Helper()
	exchanges := readExchanges(t, devserver.DefaultVersion)
	at := slices.IndexFunc(exchanges, func(x exchange) bool { return x.Name == name })
	if at < 0 {
		t.Fatalf("there is no exchange %s", name)
	}
	return exchanges[at].results()
}

// random are the fields of a recorded object that are another one on each
// server.
var random = []string{"pk", "policybindingmodel_ptr_id", "stages", "policies", "cache_count", "configure_flow", "flow_set"}

func withoutRandom(objects []map[string]any) map[string]map[string]any {
	byName := map[string]map[string]any{}
	for _, object := range objects {
		kept := maps.Clone(object)
		maps.DeleteFunc(kept, func(field string, _ any) bool { return slices.Contains(random, field) })
		key, isFlow := object["slug"].(string)
		if !isFlow {
			key, _ = object["name"].(string)
		}
		byName[key] = kept
	}
	return byName
}

// The defaults are the flows and the password stage of a fresh authentik, and
// the names of its other stages are taken.
func TestDefaultsAreTheRecordedOnes(t *testing.T) {
	server := seeded(t)
	if diff := cmp.Diff(withoutRandom(recorded(t, "flow-list-ps20")), withoutRandom(server.All(flowModel))); diff != "" {
		t.Errorf("flows (-recorded +seeded):\n%s", diff)
	}
	// The list was recorded after the script had made stages of its own.
	passwords := slices.DeleteFunc(recorded(t, "list-default"), func(stage map[string]any) bool {
		return stage["name"] != "default-authentication-password"
	})
	if diff := cmp.Diff(withoutRandom(passwords), withoutRandom(server.All(stageModel))); diff != "" {
		t.Errorf("password stages (-recorded +seeded):\n%s", diff)
	}
	for _, other := range recorded(t, "stages-all") {
		name, _ := other["name"].(string)
		if got := call(t, server, http.MethodPost, stages, stage(name)); got.status != http.StatusBadRequest {
			t.Errorf("a stage %s can be made: %d %s", name, got.status, got.body)
		}
	}
}

// What is seeded is as the schema knows it, and points to what is there.
func TestDefaultsFitTheSchema(t *testing.T) {
	for _, version := range []string{"2024.12.5", "2025.10.4", "2025.12.4", "2026.2.2"} {
		t.Run(version, func(t *testing.T) { defaultsFit(t, version) })
	}
}

func defaultsFit(t *testing.T, version string) {
	s := loadSchema(t).At(version)
	server := seededAs(t, version)
	flows := map[string]string{} // slug by pk
	for _, kind := range s.Kinds() {
		for _, object := range server.All(kind.Model) {
			read, err := kind.ReadAnswer(object)
			if err != nil || len(read.Odd) > 0 {
				t.Errorf("%s %v: %v %v", kind.Model, object[kind.Key], err, read.Odd)
			}
			if kind.Model == flowModel {
				flows[schema.IDText(read.ID)], _ = object["slug"].(string)
			}
		}
	}
	password := server.All(stageModel)[0]
	if configures := flows[password["configure_flow"].(string)]; configures != "default-password-change" {
		t.Errorf("%v is configured by %q", password["name"], configures)
	}
	users, _ := password["flow_set"].([]any)
	if len(users) != 1 || flows[users[0].(map[string]any)["pk"].(string)] != "default-authentication-flow" {
		t.Errorf("%v is used by %v", password["name"], users)
	}
}

// The primary keys are the same on each server, so that people can name them.
func TestDefaultsAreTheSameEachTime(t *testing.T) {
	one, other := seeded(t), seeded(t)
	for _, model := range []string{flowModel, stageModel} {
		if diff := cmp.Diff(one.All(model), other.All(model)); diff != "" {
			t.Errorf("%s (-one +other):\n%s", model, diff)
		}
	}
}

func TestPut(t *testing.T) {
	server := seeded(t)
	pk, err := server.Put(stageModel, "", map[string]any{"name": "a", "backends": []any{"authentik.core.auth.InbuiltBackend"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := server.Get(stageModel, pk); got["name"] != "a" || got["component"] != "ak-stage-password-form" {
		t.Errorf("it is there as %v", got)
	}
	for _, tt := range []struct{ name, model, key, err string }{
		{"of no kind", "authentik_toys.toy", "x", "no kind authentik_toys.toy"},
		{"under a name that is taken", stageModel, "a", `another object has the name "a"`},
		{"under the name of another kind's object", stageModel, "default-user-settings", `another object has the name`},
	} {
		if _, err := server.Put(tt.model, "", map[string]any{"name": tt.key}); err == nil || !strings.Contains(err.Error(), tt.err) {
			t.Errorf("an object %s: the error is %v, want %q in it", tt.name, err, tt.err)
		}
	}
	if !server.Remove(stageModel, pk) || server.Get(stageModel, pk) != nil || server.Remove(stageModel, pk) {
		t.Error("it can't be removed, or is there still")
	}
	if got := server.All("authentik_toys.toy"); got != nil {
		t.Errorf("there are objects of no kind: %v", got)
	}
}

func TestBind(t *testing.T) {
	server := seeded(t)
	password, _ := server.All(stageModel)[0]["pk"].(string)
	flow, _ := server.All(flowModel)[0]["pk"].(string)
	for _, tt := range []struct{ name, model, target, user, err string }{
		{"no kind", "authentik_toys.toy", password, flow, "no kind authentik_toys.toy"},
		{"a kind that nothing uses", flowModel, flow, flow, "no kind " + flowModel},
		{"no such target", stageModel, flow, flow, "no such object"},
		{"no such user", stageModel, password, password, "no such object"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := server.Bind(tt.model, tt.target, tt.user, 0); err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("the error is %v, want %q in it", err, tt.err)
			}
		})
	}
}

// What shows of a flow in its stages follows the flow.
func TestUsersAreShownAsTheyAre(t *testing.T) {
	server := seeded(t)
	shown := func() any {
		return server.All(stageModel)[0]["flow_set"].([]any)[0].(map[string]any)["title"]
	}
	if title := shown(); title != "Welcome to authentik!" {
		t.Fatalf("the title is %v", title)
	}
	for _, object := range server.All(flowModel) {
		if object["slug"] == "default-authentication-flow" {
			fields, _ := tree.FromJSON(object).Plain().(map[string]any)
			fields["title"] = "Hello"
			if _, err := server.Put(flowModel, object["pk"].(string), fields); err != nil {
				t.Fatal(err)
			}
		}
	}
	if title := shown(); title != "Hello" {
		t.Errorf("the title is %v still", title)
	}
}

// Each default is there in each version that has its kind: what it refers to was
// found.
func TestDefaultsAreWhole(t *testing.T) {
	s := loadSchema(t)
	for _, version := range []string{"2024.12.5", "2025.10.4", "2025.12.4", "2026.2.2"} {
		server := seededAs(t, version)
		for model, want := range devserver.CountDefaults(t, version) {
			if got := len(server.All(model)); got < want && s.At(version).Kind(model) != nil {
				t.Errorf("of %s there are %d in %s, want %d", model, got, version, want)
			}
		}
	}
}

// The role of those who may only read may see what blueprints can declare.
func TestReadOnlyRole(t *testing.T) {
	for version, want := range map[string]float64{"2025.10.4": 108, "2026.2.2": 120} {
		server := seededAs(t, version)
		role := found(t, server, "rbac/roles/?name=authentik+Read-only", "pk")
		list := call(t, server, http.MethodGet, fmt.Sprintf("rbac/permissions/?page_size=100&role=%v", role), "").object(t)
		if got := list["pagination"].(map[string]any)["count"]; got != want {
			t.Errorf("in %s it has %v permissions, want %v", version, got, want)
		}
		for _, permission := range list["results"].([]any) {
			if name, _ := permission.(map[string]any)["codename"].(string); !strings.HasPrefix(name, "view_") {
				t.Errorf("in %s it has %s", version, name)
			}
		}
	}
}
