package sync_test

import (
	"context"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

const groupX = "- {model: " + groupModel + ", identifiers: {name: x}}\n"

// counting is an API that counts how often authentik's own blueprints are listed.
type counting struct {
	sync.API
	lists int
}

func (c *counting) List(ctx context.Context, path, id string, query url.Values, most int) ([]schema.Object, error) {
	if path == "managed/blueprints" {
		c.lists++
	}
	return c.API.List(ctx, path, id, query, most)
}

// rivalry is a reconciler of a file that declares the group x.
func rivalry(t *testing.T, file sync.Blueprint, instance map[string]any) (*sync.Reconciler, *counting) {
	t.Helper()
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	desired := read(t, s, map[string]string{"a.yaml": head + groupX})
	reconciler, server := started(t, s, desired)
	if instance != nil {
		putNew(t, server, instanceModel, instance)
	}
	reconciler.Source = &sourceOf{read: &sync.Blueprints{Desired: desired, Files: []sync.Blueprint{file}}}
	reconciler.ReadOwn = func(text string) []*tree.Entry { return blueprint.Spoken(s, text) }
	api := &counting{API: reconciler.API}
	reconciler.API = api
	return reconciler, api
}

// A blueprint of authentik's own is known as a file by its path below whatever folder,
// by its name, or by the objects that its text is about.
func TestRivals(t *testing.T) {
	named := func(name string) map[string]any { return map[string]any{"name": name} }
	for _, tt := range []struct {
		name     string
		file     sync.Blueprint
		instance map[string]any
		want     int
	}{
		{"none", sync.Blueprint{Path: "a.yaml"}, nil, 0},
		{"the end of the path", sync.Blueprint{Path: "/srv/blueprints/custom/a.yaml"}, map[string]any{"name": "i", "path": "custom/a.yaml"}, 1},
		{"a folder above", sync.Blueprint{Path: "../sso/a.yaml"}, map[string]any{"name": "i", "path": "mounted/sso/a.yaml"}, 1},
		{"another folder", sync.Blueprint{Path: "sso/a.yaml"}, map[string]any{"name": "i", "path": "custom/a.yaml"}, 0},
		{"the end of a file's name", sync.Blueprint{Path: "sso/my-a.yaml"}, map[string]any{"name": "i", "path": "a.yaml"}, 0},
		{"another name in the same path", sync.Blueprint{Path: "custom/a.yaml", Name: "mine"}, map[string]any{"name": "i", "path": "custom/a.yaml", "metadata": named("theirs")}, 0},
		{"the same name", sync.Blueprint{Path: "b.yaml", Name: "mine"}, map[string]any{"name": "i", "path": "custom/a.yaml", "metadata": named("mine")}, 1},
		{"the name before it was ever applied", sync.Blueprint{Path: "b.yaml", Name: "mine"}, map[string]any{"name": "mine", "content": "x"}, 1},
		{"a part of a package", sync.Blueprint{Path: "b.cue", Parts: []string{"b.cue", "c/d.cue"}}, map[string]any{"name": "i", "path": "c/d.cue"}, 1},
		{"a registry", sync.Blueprint{Path: "a.yaml"}, map[string]any{"name": "i", "path": "oci://example.com/a.yaml"}, 0},
		{"the same objects", sync.Blueprint{Path: "b.yaml"}, map[string]any{"name": "i", "content": head + groupX}, 1},
		{"other objects", sync.Blueprint{Path: "b.yaml"}, map[string]any{"name": "i", "content": head + "- {model: " + groupModel + ", identifiers: {name: y}}\n"}, 0},
		{"text that is no blueprint", sync.Blueprint{Path: "b.yaml"}, map[string]any{"name": "i", "content": "a: [\n"}, 0},
		{"switched off there", sync.Blueprint{Path: "b.yaml"}, map[string]any{"name": "i", "content": head + groupX, "enabled": false}, 0},
		{"switched off here", sync.Blueprint{Path: "custom/a.yaml", State: tree.Disabled}, map[string]any{"name": "i", "path": "custom/a.yaml"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			reconciler, _ := rivalry(t, tt.file, tt.instance)
			pass := reconciler.Plan(context.Background(), sync.TriggerStart)
			if pass.Err != nil || pass.Plan.Rivals != tt.want || len(pass.Warnings()) != tt.want {
				t.Errorf("%v, %d: %v", pass.Err, pass.Plan.Rivals, pass.Warnings())
			}
		})
	}
}

// authentik's own blueprints are asked for by the first pass and where something was
// done, and again and again only as long as there is a fight.
func TestWhenRivalsAreLookedFor(t *testing.T) {
	lists := func(instance map[string]any) (took []int) {
		reconciler, api := rivalry(t, sync.Blueprint{Path: "b.yaml"}, instance)
		for _, trigger := range []sync.Trigger{sync.TriggerStart, sync.TriggerInterval, sync.TriggerRequest, sync.TriggerInterval} {
			before := api.lists
			if pass := reconciler.Plan(context.Background(), trigger); pass.Err != nil {
				t.Fatal(pass.Err)
			}
			took = append(took, api.lists-before)
		}
		return took
	}
	if diff := cmp.Diff([]int{1, 0, 1, 0}, lists(nil)); diff != "" {
		t.Errorf("without any (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{1, 1, 1, 1}, lists(map[string]any{"name": "i", "content": head + groupX})); diff != "" {
		t.Errorf("as long as there is one (-want +got):\n%s", diff)
	}
}
