package sync_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// numberedKinds are two kinds whose keys are no uuid under pk: users have numbers,
// and brands a uuid that answers call by another name.
const numberedKinds = `package schema

kinds: "authentik_core.user": {
	title: "user", managed: true, path: "core/users", key: "username", id: "id"
	fields: {
		username: {type: "text", min: 1, required: true}
		parent: {type: "integer", nullable: true, refers: "authentik_core.user"}
	}
	readOnly: id: type: "integer"
}
kinds: "authentik_brands.brand": {
	title: "brand", managed: true, path: "core/brands", key: "domain", id: "brand_uuid", lookup: "brand_uuid"
	fields: {
		domain: {type: "text", min: 1, required: true}
		admin: {type: "integer", nullable: true, refers: "authentik_core.user"}
	}
	readOnly: brand_uuid: type: "uuid"
}
`

// noted is an API that holds nothing and notes what is created.
type noted struct {
	sync.API
	created []string
}

func (*noted) Version(context.Context) (string, error) { return "2025.10.4", nil }

func (*noted) List(_ context.Context, path, _ string, _ url.Values, _ int) ([]schema.Object, error) {
	if path == "core/users" {
		return []schema.Object{{"id": json.Number("7"), "username": "root", "parent": nil}}, nil
	}
	return nil, nil
}

func (n *noted) Create(_ context.Context, path string, body schema.Object) (schema.Object, error) {
	text, err := json.Marshal(body)
	n.created = append(n.created, path+" "+string(text))
	answer := schema.Object{"id": json.Number("8"), "brand_uuid": pk1}
	for name, value := range body {
		answer[name] = value
	}
	return answer, err
}

// Keys may be numbers and stand under any name; those of different models are never
// compared, and a saved plan has them as they are.
func TestKeysOfAnyKind(t *testing.T) {
	s, err := schema.Load(fstest.MapFS{"numbered.cue": {Data: []byte(numberedKinds)}})
	if err != nil {
		t.Fatal(err)
	}
	text := head + `- {model: authentik_core.user, id: child, identifiers: {username: child}, attrs: {parent: !Find [authentik_core.user, [username, root]]}}
- {model: authentik_brands.brand, identifiers: {domain: a}, attrs: {admin: !KeyOf child}}
- {model: authentik_brands.brand, identifiers: {domain: b}, attrs: {admin: !Find [authentik_core.user, [pk, 7]]}}
- {model: authentik_brands.brand, identifiers: {domain: !Format ["c-%s", !KeyOf child]}, attrs: {admin: "7"}}
- {model: authentik_core.user, identifiers: {pk: 7}, attrs: {username: root}}
- {model: authentik_brands.brand, identifiers: {domain: d}, attrs: {admin: 9}}
`
	want := []string{
		`core/brands {"admin":7,"domain":"b"}`,
		`core/brands {"admin":7,"domain":"c-8"}`,
		`core/brands {"admin":8,"domain":"a"}`,
		`core/users {"parent":7,"username":"child"}`,
	}
	desired := read(t, s, map[string]string{"a.yaml": text})
	for _, saved := range []bool{false, true} {
		api := &noted{}
		reconciler := &sync.Reconciler{Schema: s, API: api, Parallelism: 1, Source: &sourceOf{read: &sync.Blueprints{Desired: desired}}}
		pass := reconciler.Plan(context.Background(), sync.TriggerRequest)
		if pass.Err != nil || len(pass.Problems()) != 1 || pass.Problems()[0].Message != "no user has the id 9: want one that exists" {
			t.Fatal(pass.Err, pass.Problems(), sketch(pass.Plan))
		}
		if saved {
			var file bytes.Buffer
			if err := pass.Plan.Save(&file, ""); err != nil {
				t.Fatal(err)
			}
			plan, err := sync.LoadPlan(&file)
			if err != nil {
				t.Fatal(err)
			}
			if pass = reconciler.ApplySaved(context.Background(), plan, false); pass.Err != nil || pass.Verdict() != sync.Success {
				t.Fatal(pass.Err, pass.Problems())
			}
		} else {
			reconciler.Apply(context.Background(), sync.TriggerRequest)
		}
		slices.Sort(api.created)
		if diff := cmp.Diff(want, api.created); diff != "" {
			t.Errorf("saved: %v: what was created (-want +got):\n%s", saved, diff)
		}
	}
}
