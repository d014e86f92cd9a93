package sync_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// ordinary is a server to which aksync is no superuser.
type ordinary struct {
	sync.API
	id    int
	asked int
}

func (s *ordinary) Get(ctx context.Context, path string) (any, error) {
	if path != "core/users/me" {
		return s.API.Get(ctx, path)
	}
	s.asked++
	return map[string]any{"user": map[string]any{"pk": int64(s.id), "username": "svc", "is_superuser": false, "groups": []any{}}}, nil
}

// A token for somebody else would become one of aksync's own: it is not asked for.
func TestATokenForAnotherIsNotCreatedByWhoeverIsNoSuperuser(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, user, more string
		id               int
		made             bool
		asked            int
	}{
		{"for another", "user: !Find [authentik_core.user, [username, akadmin]], ", "", 7777, false, 1},
		{"for itself", "user: 7777, ", "", 7777, true, 1},
		{"for whoever asks", "", "", 7777, true, 0},
		{"beside what may take rights", "user: 7777, ", groupEntry(admins, "state: absent"), 7777, true, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			reconciler, server := started(t, s, sync.Desired{})
			if _, err := server.Put(userModel, "7777", map[string]any{"username": "svc", "name": "S", "type": "service_account", "path": "users", "is_active": true}); err != nil {
				t.Fatal(err)
			}
			api := &ordinary{API: reconciler.API, id: test.id}
			reconciler.API = api
			text := head + "- {model: authentik_core.token, identifiers: {identifier: mine}, attrs: {" + test.user + "intent: app_password, expiring: false}}\n" + test.more
			reconciler.Source = &sourceOf{read: &sync.Blueprints{Desired: read(t, s, map[string]string{"a.yaml": text})}}
			pass := reconciler.Apply(context.Background(), sync.TriggerRequest)
			if pass.Err != nil {
				t.Fatal(pass.Err)
			}
			made := 0
			for _, token := range server.All(tokenModel) {
				if token["identifier"] == "mine" {
					made++
				}
			}
			if (made == 1) != test.made || api.asked != test.asked {
				t.Errorf("made %d, asked %d times who it is: %v %v", made, api.asked, pass.Problems(), outcomes(pass.Report))
			}
			if refused := strings.Contains(fmt.Sprint(pass.Problems()), "only a superuser makes tokens for others"); refused == test.made {
				t.Errorf("the problems are %v", pass.Problems())
			}
		})
	}
}
