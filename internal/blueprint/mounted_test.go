package blueprint_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/internal/watch"
)

const (
	certificate = "-----BEGIN CERTIFICATE-----\nTUlJ\n-----END CERTIFICATE-----\n"
	privateKey  = "-----BEGIN PRIVATE KEY-----\nTUlJ\n-----END PRIVATE KEY-----\n"
	// The payload is {"sub":"system:serviceaccount:default:default"}.
	accountToken = "e30.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6ZGVmYXVsdDpkZWZhdWx0In0.c2ln"
	// {"sub":"app"}
	otherToken = "e30.eyJzdWIiOiJhcHAifQ.c2ln"
)

// TestMountedSecrets wants files where secrets are mounted to get into sensitive
// fields, as --file-root has it anywhere, and the program's own nowhere.
func TestMountedSecrets(t *testing.T) {
	inFolder(t, map[string]string{
		"run/app/password": marked + "\n", "run/app/tls.crt": certificate + "\n" + certificate, "run/app/tls.key": privateKey,
		"run/app/both": certificate + privateKey, "run/app/broken": "-----BEGIN PRIVATE KEY-----\n" + marked + "\n" + certificate, "run/app/after": certificate + marked,
		"run/kubernetes.io/serviceaccount/token": marked, "run/eks/token": accountToken, "run/app/jwt": otherToken, "run/own": marked,
		"other/password": marked, "b/note": "a note",
	})
	symlink(t, "../run/app/password", "b/link")
	symlink(t, "../kubernetes.io/serviceaccount/token", "run/app/token")
	const hidden, open = "client_secret", "client_id"
	for _, test := range []struct{ field, path, roots, want string }{
		{hidden, "run/app/password", "", ""},
		{hidden, "run/app/tls.key", "", ""},
		{hidden, "run/app/jwt", "", ""},
		{hidden, "b/link", "", ""},
		{hidden, "b/note", "", ""},
		{open, "b/note", "", ""},
		{open, "run/app/tls.crt", "", ""},
		{open, "run/app/password", "",
			"!File run/app/password may not be read here, since it lies where secrets are mounted and the field client_id is shown in plans: want it in a sensitive field, or allow its folder with --file-root run/app"},
		{open, "run/app/tls.key", "", "may not be read here"},
		{open, "run/app/both", "", "may not be read here"},
		{open, "run/app/broken", "", "may not be read here"},
		{open, "run/app/after", "", "may not be read here"},
		{open, "run/app/missing", "", "may not be read here"},
		{open, "run/eks/token", "", "may not be read here"},
		{open, "b/link", "", "may not be read here"},
		{hidden, "run/app/missing", "", "can't be read"},
		{hidden, "other/password", "", "lies outside of the blueprints' folders"},
		{hidden, "run/kubernetes.io/serviceaccount/token", "", "may not be read"},
		{hidden, "run/kubernetes.io/serviceaccount/none", "", "may not be read"},
		{hidden, "run/app/token", "", "may not be read"},
		{hidden, "run/eks/token", "", "it holds the token of a Kubernetes service account"},
		{hidden, "run/own", "", "may never be read"},
		{open, "run/app/password", "run", ""},
		{hidden, "run/app/password", "run", ""},
		{hidden, "run/app/password", "other", "lies outside"},
		{open, "run/own", "run", "may never be read"},
	} {
		options := blueprint.Options{SecretRoots: []string{"run", "run-that-is-not"}, ForbiddenFiles: []string{"run/own"}}
		if test.roots != "" {
			options.FileRoots = []string{test.roots}
		}
		write(t, "b/x.yaml", entryOf(providerModel, "name: a", test.field+": !File "+test.path, ""))
		file := read(t, newReader(t, options), "b").Files[0]
		got := strings.Join(messages(file.Problems), "\n")
		if strings.Contains(got, marked) || (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: !File %s, roots %q: got %q, want %q", test.field, test.path, test.roots, got, test.want)
		}
	}
}

// TestBlueprintsAmongSecrets wants what lies beside blueprints to be read as ever,
// though they are mounted as a secret themselves.
func TestBlueprintsAmongSecrets(t *testing.T) {
	inFolder(t, map[string]string{
		"run/b/x.yaml": entryOf(providerModel, "name: a", "client_id: !File run/b/id", ""), "run/b/id": "an id", "run/id": "another",
		"y/y.yaml": entryOf(providerModel, "name: b", "client_id: !File run/id", ""),
	})
	set := read(t, newReader(t, blueprint.Options{SecretRoots: []string{"run"}}), "run/b", "y")
	if set.Files[0].Status != tree.Valid || set.Files[1].Status != tree.Invalid {
		t.Errorf("got:\n%s", describe(set))
	}
}

// TestMountedSecretIsWatched wants a new version of a mounted secret, which
// Kubernetes brings by another ..data, to be signalled and then to be read.
func TestMountedSecretIsWatched(t *testing.T) {
	inFolder(t, map[string]string{
		"b/x.yaml":             entryOf(providerModel, "name: a", "client_secret: !File run/app/password", ""),
		"run/app/..1/password": "first", "run/app/..2/password": "second",
	})
	symlink(t, "..1", "run/app/..data")
	symlink(t, "..data/password", "run/app/password")
	reader := newReader(t, blueprint.Options{SecretRoots: []string{"run"}})
	secret := func(set *blueprint.Set) any {
		value, _ := set.Files[0].Entries[0].Attrs.Get("client_secret")
		return value.Data
	}
	watcher, err := watch.New(watch.Config{Paths: []string{"b"}, Quiet: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- watcher.Run(t.Context()) }()
	set := read(t, reader, "b")
	watcher.SetExtra(set.Inputs().Files)
	<-watcher.Changes() // that of SetExtra
	if got := secret(set); got != "first" {
		t.Fatalf("got %v", got)
	}
	symlink(t, "..2", "run/app/..data_tmp")
	if err := os.Rename(filepath.Join("run", "app", "..data_tmp"), filepath.Join("run", "app", "..data")); err != nil {
		t.Fatal(err)
	}
	for secret(read(t, reader, "b")) != "second" {
		select {
		case <-watcher.Changes():
		case <-time.After(20 * time.Second):
			t.Fatal("no signal of the new version")
		}
	}
	if err := watcher.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
