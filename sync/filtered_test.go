package sync_test

import (
	"context"
	"errors"
	"net/url"
	"testing"

	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// stingy is an API whose list of applications shows nothing, as to somebody who may
// use none of them.
type stingy struct{ sync.API }

type incompleteError struct{ error }

func (incompleteError) Incomplete() bool { return true }

func (a stingy) List(ctx context.Context, path, id string, query url.Values, most int) ([]schema.Object, error) {
	if path == "core/applications" {
		return nil, incompleteError{errors.New("0 rows of 2 came")}
	}
	return a.API.List(ctx, path, id, query, most)
}

// Applications that the list keeps back are asked for one by one.
func TestApplicationsThatTheListKeepsBack(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	text := head + "- {model: " + groupModel + ", id: g, identifiers: {name: g}}\n" +
		"- {model: " + applicationModel + ", identifiers: {slug: wiki}, attrs: {name: Wiki}}\n" +
		"- {model: " + applicationModel + ", identifiers: {slug: gone}, state: absent}\n" +
		"- {model: " + policyBindingModel + ", identifiers: {target: !Find [" + applicationModel + ", [slug, other]], group: !KeyOf g}, attrs: {order: 0}}\n"
	reconciler, server := started(t, s, read(t, s, map[string]string{"a.yaml": text}))
	for _, slug := range []string{"other", "gone"} {
		put(t, server, applicationModel, "", map[string]any{"slug": slug, "name": slug})
	}
	reconciler.API = stingy{reconciler.API}
	pass := reconciler.Apply(context.Background(), sync.TriggerRequest)
	if pass.Verdict() != sync.Success || len(pass.Report.Results) != 4 {
		t.Fatalf("the pass is %s: %v %v %v", pass.Verdict(), pass.Err, pass.Problems(), outcomes(pass.Report))
	}
	if again := reconciler.Plan(context.Background(), sync.TriggerRequest); again.Plan.HasChanges() || len(again.Plan.Problems) > 0 {
		t.Errorf("the next plan is %v", sketch(again.Plan))
	}
}
