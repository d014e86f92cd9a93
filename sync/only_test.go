package sync_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// One brand is the default: the one that takes it waits for the one that gives it
// up, and two can't have it.
func TestOnlyOneMayHaveIt(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	s = s.At("2025.10")
	const brands = "authentik_brands.brand"
	brand := func(domain, isDefault string) string {
		return "- {model: " + brands + ", identifiers: {domain: " + domain + "}, attrs: {default: " + isDefault + "}}\n"
	}
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"given up by another", brand("new", "true") + brand("old", "false"), []string{"update old default:true->false", "update new default:false->true after:old"}},
		{"not given up", brand("new", "true"), []string{"a.yaml:3:3: entries[0]: true is the default of another brand: only one may have it"}},
		{"taken twice", brand("new", "true") + brand("other", "true") + brand("old", "false"), []string{
			"update old default:true->false", "update new default:false->true after:old",
			"a.yaml:4:3: entries[1]: true is the default that the brand at a.yaml:3:3 takes: only one may have it",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			live := map[string][]schema.Object{brands: {
				{"brand_uuid": pk1, "domain": "old", "default": true}, {"brand_uuid": pk2, "domain": "new", "default": false}, {"brand_uuid": pk3, "domain": "other", "default": false},
			}}
			plan := sync.MakePlan(s, read(t, s, map[string]string{"a.yaml": head + tt.text}), sync.Live{Version: "2025.10.4", Kinds: listings(live)})
			if diff := cmp.Diff(tt.want, sketch(plan)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	t.Run("applied", func(t *testing.T) {
		reconciler, _ := started(t, s, read(t, s, map[string]string{"a.yaml": head + brand("one", "false") + brand("two", "false")}))
		if pass := reconciler.Apply(context.Background(), sync.TriggerRequest); pass.Verdict() != sync.Success {
			t.Fatal(pass.Err, pass.Problems(), outcomes(pass.Report))
		}
	})
}
