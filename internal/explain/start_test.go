package explain_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/devserver/devtest"
	"github.com/aksync/aksync/internal/exemplar"
	"github.com/aksync/aksync/internal/explain"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// creatable are the kinds whose objects can be created.
func creatable(s *schema.Schema) []*schema.Kind {
	return slices.DeleteFunc(s.Managed(), func(k *schema.Kind) bool { return !k.Create })
}

// start is what new makes of a kind.
func start(t *testing.T, s *schema.Schema, k *schema.Kind) *explain.Start {
	t.Helper()
	start, err := explain.Begin(s, k)
	if err != nil {
		t.Fatal(err)
	}
	return start
}

// What new makes of each kind, for each version, is a blueprint without a mistake, as it
// is and with all that stands in comments.
func TestStartsAreValid(t *testing.T) {
	comment := regexp.MustCompile(`(?m)^( +)# ?([^ #])`)
	folder := filesToRead(t)
	for _, version := range versions[1:] {
		s := load(t).At(version)
		for _, kind := range creatable(s) {
			text := string(start(t, s, kind).YAML())
			for name, text := range map[string]string{"bare": text, "all": comment.ReplaceAllString(text, "$1$2")} {
				write(t, filepath.Join(folder, version, kind.Model+"-"+name+".yaml"), []byte(text))
			}
		}
		valid(t, s, filepath.Join(folder, version))
	}
}

// So it is in CUE, whose definitions are checked, too.
func TestStartsInCUEAreValid(t *testing.T) {
	comment := regexp.MustCompile(`(?m)^(\t+)// ([^/])`)
	folder := filesToRead(t)
	s := load(t).At("2026.2")
	for _, kind := range creatable(s) {
		text, err := start(t, s, kind).CUE()
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(folder, kind.Model, "all.cue"), comment.ReplaceAll(text, []byte("$1$2")))
	}
	valid(t, s, folder)
}

// valid reads blueprints: nothing is wrong with any.
func valid(t *testing.T, s *schema.Schema, folder string) []*tree.Entry {
	t.Helper()
	reader := blueprint.NewReader(blueprint.Options{
		Schema: s, SecretRoots: []string{filepath.Dir(folder)}, StrictModels: true,
		LookupEnv: func(name string) (string, bool) { return "made for " + name, true },
	})
	set, err := reader.Read(context.Background(), []string{folder})
	if err != nil {
		t.Fatal(err)
	}
	var entries []*tree.Entry
	for _, file := range set.Files {
		for _, problem := range slices.Concat(file.Problems, file.Warnings) {
			t.Errorf("%s: %v", file.Path, problem)
		}
		entries = append(entries, file.Entries...)
	}
	if len(set.Files) == 0 {
		t.Error("there is no blueprint")
	}
	return entries
}

// filesToRead makes a folder with the files that blueprints read by !File.
func filesToRead(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "example.com"}, NotAfter: time.Now().AddDate(1, 0, 0)}
	certificate, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "certificate.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}))
	write(t, filepath.Join(folder, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	t.Chdir(folder)
	return folder
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// refused are the kinds of which a version creates no objects, though later ones do.
var refused = map[string]string{
	"2024.12 authentik_providers_rac.endpoint":                         "it needs a licence",
	"2024.12 authentik_providers_rac.racprovider":                      "it needs a licence",
	"2024.12 authentik_sources_kerberos.groupkerberossourceconnection": "the API has no POST",
	"2024.12 authentik_sources_saml.groupsamlsourceconnection":         "the API has no POST",
}

// What new makes of each kind can be applied where there is what it refers to, and then
// nothing is left to do.
func TestStartsAreApplied(t *testing.T) {
	whole := load(t)
	for _, version := range versions[1:] {
		s := whole.At(version)
		for _, kind := range creatable(s) {
			if kind.Enterprise || exemplar.Untried(kind) != "" || refused[version+" "+kind.Model] != "" {
				continue
			}
			t.Run(version+"/"+kind.Model, func(t *testing.T) { applied(t, s, kind) })
		}
	}
}

func applied(t *testing.T, s *schema.Schema, kind *schema.Kind) {
	whole, version := s.Whole()
	server := devtest.Seeded(t, devserver.Config{Schema: whole, Version: version})
	client := devtest.Client(t, server, devserver.DevToken)
	folder := filesToRead(t)
	begun := start(t, s, kind)
	write(t, filepath.Join(folder, "new", "new.yaml"), begun.YAML())
	(&world{t, s, server, exemplar.Of(t, s, server, kind)}).refers(begun)
	source := made{&sync.Blueprints{Desired: sync.Desired{Entries: valid(t, whole, filepath.Join(folder, "new"))}}}
	reconciler := &sync.Reconciler{Schema: whole, API: client, Parallelism: 1, Source: source, Guards: sync.Guards{AllowSelf: true}}
	pass := reconciler.Apply(context.Background(), sync.TriggerRequest)
	if pass.Err != nil || pass.Verdict() != sync.Success || len(pass.Report.Results) != 1 {
		t.Fatalf("it is not made: %v %v %+v\n%s", pass.Err, pass.Problems(), pass.Report, begun.YAML())
	}
	again := reconciler.Plan(context.Background(), sync.TriggerRequest)
	if again.Err != nil || again.Plan.HasChanges() || len(again.Plan.Problems) > 0 {
		t.Fatalf("the next plan is not empty: %v %+v", again.Err, again.Plan)
	}
}

// made are blueprints that were read.
type made struct{ read *sync.Blueprints }

func (m made) Read(context.Context, bool) (*sync.Blueprints, error) { return m.read, nil }

// world makes what a blueprint refers to.
type world struct {
	t      *testing.T
	schema *schema.Schema
	server *devserver.Server
	values *exemplar.Exemplar
}

func (w *world) refers(b *explain.Start) {
	for _, setting := range slices.Concat(b.Identifiers, b.Attrs) {
		w.look(setting.Value)
	}
}

// look makes the object that each !Find of a value finds.
func (w *world) look(value any) {
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			w.look(element)
		}
	case map[string]any:
		if find, isFind := value["!Find"].([]any); isFind {
			w.make(find)
		}
	}
}

// make makes the object that a !Find finds, if there is none yet. An outpost takes
// providers of its own type.
func (w *world) make(find []any) {
	kind := w.schema.Kind(find[0].(string))
	by := map[string]any{}
	for _, condition := range find[1:] {
		by[condition.([]any)[0].(string)] = condition.([]any)[1]
	}
	if members := w.schema.Members(kind.Model); len(members) > 0 {
		kind = members[0]
		if at := slices.IndexFunc(members, func(k *schema.Kind) bool { return strings.HasSuffix(k.Model, ".proxyprovider") }); at >= 0 {
			kind = members[at]
		}
	}
	for _, object := range w.server.All(kind.Model) {
		if object[kind.Key] == by[kind.Key] {
			return
		}
	}
	fields := w.values.For(kind).Least()
	for name, value := range by {
		fields[name] = value
	}
	if _, err := w.server.Put(kind.Model, "", fields); err != nil {
		w.t.Fatal(err)
	}
}
