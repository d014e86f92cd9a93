package sync_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/devserver/devtest"
	"github.com/aksync/aksync/sync"
)

// drawReference draws something that a reference field can be declared as.
func drawReference(t *rapid.T, ids []string) string {
	name := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "referred name")
	attempts := rapid.IntRange(1, 3).Draw(t, "referred attempts")
	forms := []string{
		"null", pk1, pk2,
		find("[name, " + name + "]"),
		find(fmt.Sprintf("[failed_attempts_before_cancel, %d]", attempts)),
		"!If [" + find("[name, "+name+"]") + ", " + find("[name, a]") + ", null]",
		`!AtIndex [!FindObject [` + stageModel + ", [name, " + name + "]], pk]",
	}
	for _, id := range ids {
		forms = append(forms, "!KeyOf "+id, "!If [!KeyOf "+id+", !KeyOf "+id+", null]")
	}
	return rapid.SampledFrom(forms).Draw(t, "reference")
}

// drawBlueprint draws a blueprint of stages that refer to each other. None gives the name
// of what goes to another: that is done once, and the next plan has to ask what is meant.
func drawBlueprint(t *rapid.T) string {
	var text strings.Builder
	goes, given := map[string]bool{}, map[string]bool{}
	text.WriteString(head)
	var ids []string
	for i := range rapid.IntRange(1, 8).Draw(t, "entries") {
		state := rapid.SampledFrom([]string{"present", "present", "present", "created", "absent"}).Draw(t, "state")
		id := fmt.Sprintf("id%d", i)
		more := []string{"state: " + state, "id: " + id}
		if rapid.Bool().Draw(t, "is a user") {
			name := rapid.SampledFrom([]string{"u", "v", "w", `!Format ["u-%s", !Find [` + stageModel + `, [name, a]]]`}).Draw(t, "user's name")
			text.WriteString(who("name: "+name, "user_fields: [email], password_stage: "+drawReference(t, ids), more...))
			continue
		}
		identifiers := rapid.SampledFrom([]string{"name: a", "name: b", "name: c", "name: d", "pk: " + pk1, "pk: " + pk1 + ", name: a", "pk: " + pk2}).Draw(t, "identifiers")
		attrs := []string{inbuilt, fmt.Sprintf("failed_attempts_before_cancel: %d", rapid.IntRange(1, 3).Draw(t, "attempts"))}
		if strings.HasPrefix(identifiers, "pk") && !strings.Contains(identifiers, "name") && rapid.Bool().Draw(t, "renames") {
			name := rapid.SampledFrom([]string{"a", "b", "e"}).Draw(t, "new name")
			attrs = append(attrs, "name: "+name)
			given[name] = true
		}
		text.WriteString(entry(identifiers, strings.Join(attrs, ", "), more...))
		if state != "absent" {
			ids = append(ids, id)
		} else {
			goes[strings.TrimPrefix(identifiers, "name: ")] = true
		}
	}
	for name := range given {
		if goes[name] {
			t.Skip("the name of what goes is given to another")
		}
	}
	return text.String()
}

func drawLive(t *rapid.T, server *devserver.Server) {
	for _, stage := range [][2]string{{pk1, "a"}, {pk2, "b"}} {
		pk, name := stage[0], stage[1]
		if rapid.Bool().Draw(t, name+" is live") {
			put(t, server, stageModel, pk, map[string]any{"name": name, "backends": []any{"authentik.core.auth.InbuiltBackend"},
				"failed_attempts_before_cancel": int64(rapid.IntRange(1, 3).Draw(t, "live attempts"))})
		}
	}
	if rapid.Bool().Draw(t, "u is live") && server.Get(stageModel, pk1) != nil {
		put(t, server, identificationModel, pk3, map[string]any{"name": "u", "password_stage": pk1, "user_fields": []any{"email"}})
	}
}

func put(t interface{ Fatal(...any) }, server *devserver.Server, model, pk string, fields map[string]any) {
	if _, err := server.Put(model, pk, fields); err != nil {
		t.Fatal(err)
	}
}

// What a plan says is what is done, and is then so: whatever the blueprint and the
// live objects are, each change of a plan succeeds, and where a plan has no problems
// the one after it has neither changes nor problems.
func TestAPlanIsKept(t *testing.T) {
	s := withIdentification(t)
	file := filepath.Join(t.TempDir(), "a.yaml")
	rapid.Check(t, func(t *rapid.T) {
		server := devtest.Empty(t, devserver.Config{Schema: s})
		client := devtest.Client(t, server, devserver.DevToken)
		drawLive(t, server)
		text := drawBlueprint(t)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		desired := desiredOf(t, s, file)
		if len(desired.Frozen) > 0 {
			t.Skip("an invalid blueprint")
		}
		reconciler := &sync.Reconciler{
			Schema: s, API: client, Parallelism: 4, Guards: sync.Guards{AllowInUse: rapid.Bool().Draw(t, "in use")},
			Source: &sourceOf{read: &sync.Blueprints{Desired: desired}},
		}
		first := reconciler.Apply(context.Background(), sync.TriggerRequest)
		if first.Err != nil {
			t.Fatal(first.Err)
		}
		for _, result := range first.Report.Results {
			if result.Outcome != sync.Done {
				t.Fatalf("%s\nthe plan said %s %s, and it %s: %v", text, result.Change.Action, result.Change.Name, result.Outcome, result.Err)
			}
		}
		if len(first.Problems()) > 0 {
			return
		}
		second := reconciler.Plan(context.Background(), sync.TriggerRequest)
		if second.Err != nil || second.Plan.HasChanges() || len(second.Problems()) > 0 {
			t.Fatalf("%s\nafter %v a second plan is %v, %v", text, sketch(first.Plan), sketch(second.Plan), second.Err)
		}
	})
}
