package devserver_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/devserver"
)

// toy is a kind that there is not, of words that the other kinds don't use: a
// key and a path that is no pk, an enumeration that grew, a bounded number, a
// reference to its own kind.
const toy = `package schema

kinds: "authentik_toys.woodentoy": {
	title:   "wooden toy"
	managed: true
	path:    "toys/wooden"
	key:     "slug"
	lookup:  "slug"
	fields: {
		slug: {type: "text", min: 1, max: 50, pattern: "^[-a-zA-Z0-9_]+$", want: "a slug", required: true}
		colour: {type: "text", values: {red: {}, blue: since: "2025.2"}, default: "red"}
		tags: {type: "list", element: {type: "text", values: {old: {}, new: since: "2025.2"}}, default: []}
		wheels: {type: "integer", min: 2, max: 8, default: 4}
		trailer: {type: "uuid", nullable: true, refers: "authentik_toys.woodentoy", default: null}
	}
	readOnly: {
		pk: type: "uuid"
		maker: {type: "text", reason: "there is only one", value: "Toymaker"}
	}
}
`

const toys = "toys/wooden/"

func toyServer(t *testing.T, version string) *devserver.Server {
	t.Helper()
	s := loadSchema(t, fstest.MapFS{"toy.cue": {Data: []byte(toy)}})
	return newServer(t, devserver.Config{Schema: s, Version: version})
}

// A further kind is a further CUE file and nothing else: its viewset is there,
// with its own fields, rules and messages.
func TestFurtherKind(t *testing.T) {
	server := toyServer(t, "")
	trailer := made(t, server, toys, `{"slug": "trailer"}`)
	for _, tt := range []struct {
		name               string
		method, path, body string
		status             int
		want               string // JSON, without pk
	}{
		{"required", "POST", toys, `{}`, 400, `{"slug": ["This field is required."]}`},
		{"each field's own rules", "POST", toys, `{"slug": "x", "colour": "pink", "tags": ["old", "shiny"], "wheels": 9}`, 400,
			`{"colour": ["\"pink\" is not a valid choice."], "tags": {"1": ["\"shiny\" is not a valid choice."]},
			"wheels": ["Ensure this value is less than or equal to 8."]}`},
		{"unique", "POST", toys, `{"slug": "trailer"}`, 400, `{"slug": ["WoodenToy with this slug already exists."]}`},
		{"created, coerced", "POST", toys, `{"slug": "car", "wheels": "3", "colour": "blue", "trailer": "` + trailer + `", "maker": "me"}`, 201,
			`{"slug": "car", "colour": "blue", "tags": [], "wheels": 3, "trailer": "` + trailer + `", "maker": "Toymaker"}`},
		{"retrieved by its lookup", "GET", toys + "car/", "", 200,
			`{"slug": "car", "colour": "blue", "tags": [], "wheels": 3, "trailer": "` + trailer + `", "maker": "Toymaker"}`},
		{"and not by another", "GET", toys + trailer + "/", "", 404, `{"detail": "No WoodenToy matches the given query."}`},
		{"changed in part", "PATCH", toys + "car/", `{"tags": ["new"]}`, 200,
			`{"slug": "car", "colour": "blue", "tags": ["new"], "wheels": 3, "trailer": "` + trailer + `", "maker": "Toymaker"}`},
		{"put under another key", "PUT", toys + "car/", `{"slug": "van", "wheels": 8}`, 200,
			`{"slug": "van", "colour": "blue", "tags": ["new"], "wheels": 8, "trailer": "` + trailer + `", "maker": "Toymaker"}`},
		{"gone from the old key", "GET", toys + "car/", "", 404, `{"detail": "No WoodenToy matches the given query."}`},
		{"used by nothing", "GET", toys + "van/used_by/", "", 200, `[]`},
		{"described", "OPTIONS", toys, "", 200,
			`{"name": "Wooden Toy List", "description": "WoodenToy Viewset", "renders": ["application/json"], "parses": ["application/json"]}`},
		{"deleted", "DELETE", toys + "trailer/", "", 204, ``},
		{"and what pointed to it points to nothing", "GET", toys + "van/", "", 200,
			`{"slug": "van", "colour": "blue", "tags": ["new"], "wheels": 8, "trailer": null, "maker": "Toymaker"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := call(t, server, tt.method, tt.path, tt.body)
			if got.status != tt.status {
				t.Errorf("the status is %d, want %d", got.status, tt.status)
			}
			if diff := cmp.Diff(decoded(t, tt.want), decoded(t, got.body)); diff != "" {
				t.Errorf("the body (-want +got):\n%s", diff)
			}
		})
	}
}

// decoded reads a body, without what is random in it.
func decoded(t *testing.T, body string) any {
	t.Helper()
	if body == "" {
		return nil
	}
	var data any
	if err := json.Unmarshal([]byte(body), &data); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	if object, isObject := data.(map[string]any); isObject {
		delete(object, "pk")
	}
	return data
}

func TestFurtherKindIsListed(t *testing.T) {
	server := toyServer(t, "")
	for _, body := range []string{
		`{"slug": "a", "colour": "blue", "wheels": 8}`, `{"slug": "b", "wheels": 2}`, `{"slug": "c", "colour": "blue", "wheels": 6}`,
	} {
		made(t, server, toys, body)
	}
	for query, want := range map[string][]any{
		"":                             {"a", "b", "c"},
		"ordering=wheels":              {"b", "c", "a"},
		"colour=blue&ordering=-wheels": {"a", "c"},
		"wheels=2":                     {"b"},
		"slug=c":                       {"c"},
		"search=RED":                   {"b"},
	} {
		page := call(t, server, http.MethodGet, toys+"?"+query, "")
		var slugs []any
		for _, result := range page.object(t)["results"].([]any) {
			slugs = append(slugs, result.(map[string]any)["slug"])
		}
		if diff := cmp.Diff(want, slugs); diff != "" {
			t.Errorf("%q (-want +got):\n%s", query, diff)
		}
	}
}

// A value that came with a later version is refused by the ones before.
func TestValuesOfVersions(t *testing.T) {
	for version, status := range map[string]int{"2024.12.5": 400, "2025.10.4": 201} {
		for _, body := range []string{`{"slug": "a", "colour": "blue"}`, `{"slug": "b", "tags": ["new"]}`} {
			if got := call(t, toyServer(t, version), http.MethodPost, toys, body); got.status != status {
				t.Errorf("%s answers %s with %d %s", version, body, got.status, got.body)
			}
		}
	}
}

// Kinds of one scope share their keys, and a kind can point to another.
func TestKindsTogether(t *testing.T) {
	const identifications, identificationModel = "stages/identification/", "authentik_stages_identification.identificationstage"
	server := newServer(t, devserver.Config{})
	if err := server.SeedDefaults(); err != nil {
		t.Fatal(err)
	}
	password := made(t, server, stages, stage("shared"))
	taken := call(t, server, http.MethodPost, identifications, `{"name": "shared"}`)
	if taken.status != http.StatusBadRequest || taken.body != `{"name":["stage with this name already exists."]}` {
		t.Errorf("the name of another kind: %d %s", taken.status, taken.body)
	}
	identification := made(t, server, identifications, `{"name": "who", "user_fields": ["email"], "password_stage": "`+password+`"}`)

	var flow string
	for _, object := range server.All(flowModel) {
		if object["slug"] == "default-authentication-flow" {
			flow, _ = object["pk"].(string)
		}
	}
	if err := server.Bind(identificationModel, identification, flow, 10); err != nil {
		t.Fatal(err)
	}
	users, _ := server.Get(identificationModel, identification)["flow_set"].([]any)
	if len(users) != 1 || users[0].(map[string]any)["slug"] != "default-authentication-flow" {
		t.Errorf("it is used by %v", users)
	}

	call(t, server, http.MethodDelete, stages+password+"/", "")
	if who := server.Get(identificationModel, identification); who["password_stage"] != nil {
		t.Errorf("it points to %v, which is deleted", who["password_stage"])
	}
	server.Remove(flowModel, flow)
	if users := server.Get(identificationModel, identification)["flow_set"]; len(users.([]any)) != 0 {
		t.Errorf("it is used by %v, which is deleted", users)
	}
}
