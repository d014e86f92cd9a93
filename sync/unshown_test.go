package sync_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	gosync "sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// sending notes which writes hold a field, and fails those requests that have one of
// their own and are named in broken.
type sending struct {
	sync.API
	broken string
	mutex  gosync.Mutex // of what follows: changes are made side by side
	sent   []string
	viewed int
}

func (s *sending) note(what string, body schema.Object) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, name := range []string{"client_secret", "admin_secret_key", "password", "key", "certificate_data", "key_data"} {
		if value, has := body[name]; has {
			text := fmt.Sprint(value)
			s.sent = append(s.sent, fmt.Sprintf("%s %s=%s", what, name, text[max(0, len(text)-12):]))
		}
	}
}

func (s *sending) Create(ctx context.Context, path string, body schema.Object) (schema.Object, error) {
	s.note("create", body)
	return s.API.Create(ctx, path, body)
}

func (s *sending) Patch(ctx context.Context, path, key string, body schema.Object) (schema.Object, error) {
	s.note("patch", body)
	return s.API.Patch(ctx, path, key, body)
}

func (s *sending) Act(ctx context.Context, method, path, key, action string, body schema.Object) error {
	if action == s.broken {
		return errors.New("refused for a test")
	}
	s.note(action, body)
	return s.API.Act(ctx, method, path, key, action, body)
}

func (s *sending) Get(ctx context.Context, path string) (any, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if strings.Contains(path, "/view_key") {
		s.viewed++
	}
	return s.API.Get(ctx, path)
}

const unshownKinds = head + `
- {model: authentik_stages_authenticator_duo.authenticatorduostage, identifiers: {name: duo}, attrs: {client_id: c, api_hostname: h, client_secret: SECRET}}
- {model: authentik_core.user, identifiers: {username: u}, attrs: {name: U, password: SECRET}}
- {model: authentik_core.token, identifiers: {identifier: t}, attrs: {intent: api, user: !Find [authentik_core.user, [username, u]], key: SECRET}}
`

// unshown is a server, and what is sent to it that it does not show.
func unshown(t *testing.T) (*sync.Reconciler, *sending, func(text string) *sync.Pass) {
	t.Helper()
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	reconciler, _ := started(t, s, sync.Desired{})
	noted := &sending{API: reconciler.API}
	reconciler.API = noted
	return reconciler, noted, func(text string) *sync.Pass {
		noted.sent, noted.viewed = nil, 0
		reconciler.Source = &sourceOf{read: &sync.Blueprints{Desired: read(t, s, map[string]string{"a.yaml": text})}}
		pass := reconciler.Apply(context.Background(), sync.TriggerRequest)
		slices.Sort(noted.sent)
		return pass
	}
}

func secretIs(value string) string { return strings.ReplaceAll(unshownKinds, "SECRET", value) }

func uncompared(plan *sync.Plan) []string {
	var names []string
	for _, change := range plan.Changes {
		for _, name := range change.Uncompared {
			names = append(names, change.Name+" "+name)
		}
	}
	return names
}

// A process that goes on knows what it has sent, and what was declared when it began:
// a value that changes is sent once.
func TestWhatIsNotShownIsSentOnceWhenItChanges(t *testing.T) {
	reconciler, server, apply := unshown(t)
	for _, step := range []struct {
		name, value string
		restart     bool
		want        []string
		uncompared  []string
		viewed      int
	}{
		{name: "creation", value: "a", want: []string{"create client_secret=a", "set_key key=a", "set_password password=a"}, uncompared: nil},
		{name: "the same", value: "a"},
		{name: "another value", value: "b", want: []string{"patch client_secret=b", "set_key key=b", "set_password password=b"}},
		{name: "the same again", value: "b"},
		{name: "a new process", value: "b", restart: true, uncompared: []string{"duo client_secret", "u password"}, viewed: 1},
		{name: "the same there", value: "b"},
		{name: "another value there", value: "c", want: []string{"patch client_secret=c", "set_key key=c", "set_password password=c"}},
		{name: "back", value: "b", want: []string{"patch client_secret=b", "set_key key=b", "set_password password=b"}},
		{name: "a new process with another value", value: "d", restart: true, want: []string{"set_key key=d"}, uncompared: []string{"duo client_secret", "u password"}, viewed: 1},
	} {
		if step.restart || reconciler.Sent == nil {
			reconciler.Sent = sync.NewSent()
		}
		pass := apply(secretIs(step.value))
		if pass.Verdict() != sync.Success {
			t.Fatal(step.name, pass.Err, pass.Problems(), outcomes(pass.Report))
		}
		if diff := cmp.Diff(step.want, server.sent); diff != "" {
			t.Errorf("%s: sent what was not wanted (-want +got):\n%s", step.name, diff)
		}
		// The daemon goes on from what it sees first, and says so once.
		if diff := cmp.Diff(step.uncompared, uncompared(pass.Plan)); diff != "" {
			t.Errorf("%s: not compared (-want +got):\n%s", step.name, diff)
		}
		if server.viewed != step.viewed {
			t.Errorf("%s: viewed the key %d times, want %d", step.name, server.viewed, step.viewed)
		}
	}
}

// One pass by itself sends what nothing tells of only where it is told to.
func TestOnePassSendsWhatIsNotShownWhereItIsTold(t *testing.T) {
	reconciler, server, apply := unshown(t)
	apply(secretIs("a"))
	if pass := apply(secretIs("b")); len(server.sent) != 1 || server.sent[0] != "set_key key=b" {
		t.Errorf("sent %q: want the key, which can be read\n%s", server.sent, sketch(pass.Plan))
	}
	reconciler.SendUnshown = true
	pass := apply(secretIs("b"))
	want := []string{"patch client_secret=b", "set_password password=b"}
	if diff := cmp.Diff(want, server.sent); diff != "" {
		t.Errorf("told to send, sent (-want +got):\n%s", diff)
	}
	if left := uncompared(pass.Plan); len(left) > 0 {
		t.Errorf("not compared: %q, want none where all is sent", left)
	}
}

// A password that could not be set after its user was made is set by the next pass.
func TestWhatWasNotSentIsSentLater(t *testing.T) {
	reconciler, server, apply := unshown(t)
	reconciler.Sent = sync.NewSent()
	server.broken = "set_password"
	if pass := apply(secretIs("a")); pass.Verdict() == sync.Success {
		t.Fatal("the password could not be set, and the pass says that all is well")
	}
	server.broken = ""
	pass := apply(secretIs("a"))
	if pass.Verdict() != sync.Success || !slices.Contains(server.sent, "set_password password=a") {
		t.Errorf("%s, sent %q: want the password that is owed", pass.Verdict(), server.sent)
	}
	if apply(secretIs("a")); len(server.sent) > 0 {
		t.Errorf("sent %q again", server.sent)
	}
}
