package sync_test

import (
	"context"
	"testing"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/devserver/devtest"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// versions are those of the embedded server.
var versions = []string{"2024.12.5", "2025.10.4", "2025.12.4", "2026.2.2"}

// startedAt is a reconciler against a seeded server of a version, to which blueprints
// were applied.
func startedAt(t *testing.T, version string, setup string) (*sync.Reconciler, *devserver.Server, *sourceOf) {
	t.Helper()
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	server := devtest.Seeded(t, devserver.Config{Schema: s, Version: version})
	source := &sourceOf{}
	reconciler := &sync.Reconciler{Schema: s, API: devtest.Client(t, server, devserver.DevToken), Parallelism: 8, Source: source}
	if setup != "" {
		reconciler.Guards = sync.Guards{AllowSelf: true, AllowInUse: true}
		source.read = &sync.Blueprints{Desired: read(t, s, map[string]string{"setup.yaml": head + setup})}
		if pass := reconciler.Apply(context.Background(), sync.TriggerRequest); pass.Verdict() != sync.Success {
			t.Fatalf("the setup: %v %v %v", pass.Err, pass.Problems(), outcomes(pass.Report))
		}
		reconciler.Guards = sync.Guards{}
	}
	return reconciler, server, source
}

// object is an entry in one line.
func object(model, identifiers, rest string) string {
	return "- {model: " + model + ", identifiers: {" + identifiers + "}, " + rest + "}\n"
}

func userEntry(name, rest string) string {
	return object("authentik_core.user", "username: "+name, rest)
}
func groupEntry(name, rest string) string {
	return object("authentik_core.group", "name: "+name, rest)
}
func roleEntry(name, rest string) string { return object("authentik_rbac.role", "name: "+name, rest) }
func tokenEntry(name, rest string) string {
	return object("authentik_core.token", "identifier: "+name, rest)
}
func aUser(name string) string  { return "!Find [authentik_core.user, [username, " + name + "]]" }
func aGroup(name string) string { return "!Find [authentik_core.group, [name, " + name + "]]" }
func aRole(name string) string  { return "!Find [authentik_rbac.role, [name, " + name + "]]" }

const (
	admins      = "authentik Admins"
	noSuperuser = `aksync's own user "akadmin" would be no superuser any more`
)

// above is the field by which a group of the version is below another one.
func above(version, group string) string {
	if schema.Before(version, "2025.12") {
		return "parent: " + group
	}
	return "parents: [" + group + "]"
}

func nothingAbove(version string) string {
	if schema.Before(version, "2025.12") {
		return "parent: null"
	}
	return "parents: []"
}
