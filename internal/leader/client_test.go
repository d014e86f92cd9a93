package leader

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
	coordination "k8s.io/api/coordination/v1"

	"github.com/aksync/aksync/internal/leader/leasetest"
)

// account is what the pods of the cluster have.
func account(c *leasetest.Cluster) ServiceAccount {
	return ServiceAccount{Folder: c.Folder, Host: c.Host, Port: c.Port}
}

func clientOf(t *testing.T, c *leasetest.Cluster) *client {
	t.Helper()
	api, err := newClient(account(c), leasetest.Namespace, leasetest.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.close)
	return api
}

// What the client writes, reads and is refused is what Kubernetes' own types
// have, and what others have put into the Lease stays in it.
func TestTheLeaseOverHTTP(t *testing.T) {
	cluster, ctx := leasetest.Start(t), t.Context()
	api := clientOf(t, cluster)
	if _, err := api.get(ctx); reasonOf(err) != notFound {
		t.Errorf("reading what is not there gave %v, want the reason NotFound", err)
	}
	// Times with digits to drop and to fill up.
	first := record{Holder: "a", Seconds: 15, Acquired: micro(time.Unix(1e9, 123456789)), Renewed: micro(time.Unix(1e9, 5e8)), Transitions: 2}
	made, err := api.put(ctx, lease{}, first)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := api.put(ctx, lease{}, first); reasonOf(err) != alreadyExists {
		t.Errorf("making it again gave %v, want the reason AlreadyExists", err)
	}
	if got := cluster.Lease().Spec; *got.HolderIdentity != "a" || *got.LeaseDurationSeconds != 15 || *got.LeaseTransitions != 2 ||
		!got.AcquireTime.Time.Equal(first.Acquired.Time) || !got.RenewTime.Time.Equal(first.Renewed.Time) {
		t.Errorf("Kubernetes has %v, want %v", got, first)
	}
	cluster.Edit(func(l *coordination.Lease) {
		l.Labels, l.Finalizers = map[string]string{"team": "login"}, []string{"example.org/kept"}
	})
	if _, err := api.put(ctx, made, first); reasonOf(err) != conflict {
		t.Errorf("writing over another's write gave %v, want the reason Conflict", err)
	}
	read, err := api.get(ctx)
	if err != nil || read.record != first {
		t.Errorf("read %v, %v, want %v", read.record, err, first)
	}
	released := record{Seconds: 1, Acquired: first.Renewed, Renewed: first.Renewed, Transitions: 2}
	written, err := api.put(ctx, read, released)
	if err != nil || written.record != released || written.version == read.version {
		t.Errorf("the release gave %v, %v", written, err)
	}
	if got := cluster.Lease(); got.Labels["team"] != "login" || len(got.Finalizers) != 1 || *got.Spec.HolderIdentity != "" {
		t.Errorf("the release left %v", got)
	}
	const all = "/apis/coordination.k8s.io/v1/namespaces/auth/leases"
	want := []string{
		"GET " + all + "/aksync HTTP/1.1", "POST " + all + " HTTP/1.1", "POST " + all + " HTTP/1.1",
		"PUT " + all + "/aksync HTTP/1.1", "GET " + all + "/aksync HTTP/1.1", "PUT " + all + "/aksync HTTP/1.1",
	}
	if diff := cmp.Diff(want, cluster.Asked()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// A Lease may lack all that the election writes: somebody may have made it.
func TestALeaseWithoutASpec(t *testing.T) {
	got, err := decode([]byte(`{"kind": "Lease", "metadata": {"resourceVersion": "7"}, "spec": {"holderIdentity": null, "renewTime": null}}`))
	if err != nil || got.record != (record{}) || got.version != "7" {
		t.Errorf("got %v, %v, want an empty record of version 7", got, err)
	}
	text, err := json.Marshal(got.record)
	if want := `{"holderIdentity":"","leaseDurationSeconds":0,"acquireTime":null,"renewTime":null,"leaseTransitions":0}`; err != nil || string(text) != want {
		t.Errorf("got %s, %v, want %s", text, err, want)
	}
}

// The token lasts an hour, and the file then holds another. While the file is of
// no use the token from before is used.
func TestATokenThatIsReplaced(t *testing.T) {
	cluster, ctx := leasetest.Start(t), t.Context()
	api := clientOf(t, cluster)
	cluster.Put(t, "token", "")
	if _, err := api.get(ctx); reasonOf(err) != notFound {
		t.Errorf("with an empty token file got %v, want the token from before to be used", err)
	}
	cluster.Accept("the-next")
	_, err := api.get(ctx)
	if reasonOf(err) != unauthorized {
		t.Errorf("with the old token got %v, want the reason Unauthorized", err)
	}
	if strings.Contains(err.Error(), leasetest.Token) {
		t.Errorf("the error has the token in it: %v", err)
	}
	cluster.Put(t, "token", "the-next\n")
	if _, err := api.get(ctx); reasonOf(err) != notFound {
		t.Errorf("with the new token got %v, want the reason NotFound", err)
	}
}

// Another authority is taken up, which is not the case where the one from before
// is trusted for ever.
func TestAnAuthorityThatIsReplaced(t *testing.T) {
	cluster, ctx := leasetest.Start(t), t.Context()
	api := clientOf(t, cluster)
	ca, err := os.ReadFile(filepath.Join(cluster.Folder, "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	cluster.Put(t, "ca.crt", anotherAuthority(t))
	if _, err := api.get(ctx); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a server of another authority gave %v, want it not to be trusted", err)
	}
	cluster.Put(t, "ca.crt", string(ca))
	if _, err := api.get(ctx); reasonOf(err) != notFound {
		t.Errorf("got %v, want the server to be trusted again", err)
	}
}

// anotherAuthority gives a certificate in PEM form.
func anotherAuthority(t *testing.T) string {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(nil, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// Answers that are not the API's: of a proxy, or of something else at its address.
func TestAnswersThatAreNotTheDeed(t *testing.T) {
	tests := map[string]struct {
		status int
		body   string
		reason reason
		want   string
	}{
		"a Status":             {403, `{"kind": "Status", "reason": "Forbidden", "message": "may not"}`, forbidden, "HTTP 403 Forbidden: may not"},
		"a reason of its own":  {409, `{"kind": "Status", "reason": "AlreadyExists"}`, alreadyExists, "HTTP 409 Conflict"},
		"a page":               {502, "<html>secret</html>", "Bad Gateway", "HTTP 502 Bad Gateway"},
		"no body":              {404, "", notFound, "HTTP 404 Not Found"},
		"a conflict":           {409, "{}", conflict, "HTTP 409 Conflict"},
		"a redirect":           {307, "", "Temporary Redirect", "HTTP 307 Temporary Redirect"},
		"no JSON":              {200, "<html>", unknown, "the answer is no Lease"},
		"something else":       {200, `{"kind": "Pod", "metadata": {"resourceVersion": "1"}}`, unknown, "no Lease with a resourceVersion"},
		"without a version":    {200, `{"kind": "Lease", "metadata": {}}`, unknown, "no Lease with a resourceVersion"},
		"without metadata":     {200, `{"kind": "Lease"}`, unknown, "no Lease with a resourceVersion"},
		"too long":             {200, strings.Repeat(" ", most+1), unknown, "more than 2097152 bytes"},
		"a duration too large": {200, `{"kind": "Lease", "metadata": {"resourceVersion": "1"}, "spec": {"leaseDurationSeconds": 9000000000}}`, unknown, "the answer is no Lease"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cluster := leasetest.Start(t)
			api := clientOf(t, cluster)
			api.http.Transport = answers(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "https://example.org/")
				w.WriteHeader(test.status)
				io.WriteString(w, test.body)
			})
			_, err := api.get(t.Context())
			if reasonOf(err) != test.reason || err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v, want the reason %q and an error with %q", err, test.reason, test.want)
			}
		})
	}
}

// answers is a server that needs no network.
type answers http.HandlerFunc

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	a(w, r)
	return w.Result(), nil
}

func TestAServiceAccountThatLacksSomething(t *testing.T) {
	file := func(name, text string) func(*testing.T, *leasetest.Cluster) {
		return func(t *testing.T, c *leasetest.Cluster) { c.Put(t, name, text) }
	}
	remove := func(name string) func(*testing.T, *leasetest.Cluster) {
		return func(t *testing.T, c *leasetest.Cluster) { c.Remove(t, name) }
	}
	tests := map[string]struct {
		spoil func(t *testing.T, cluster *leasetest.Cluster)
		want  string
	}{
		"no host":       {func(_ *testing.T, c *leasetest.Cluster) { c.Host = "" }, "needs to run in a pod of Kubernetes"},
		"no port":       {func(_ *testing.T, c *leasetest.Cluster) { c.Port = "" }, "needs to run in a pod of Kubernetes"},
		"no token":      {remove("token"), "automountServiceAccountToken"},
		"an empty one":  {file("token", "\n"), "token is empty"},
		"no CA":         {remove("ca.crt"), "automountServiceAccountToken"},
		"a broken CA":   {file("ca.crt", "no PEM"), "holds no certificate in PEM form"},
		"no namespace":  {remove("namespace"), "namespace is not set, and the pod's can't be read"},
		"a blank one":   {file("namespace", "\n"), "namespace is empty"},
		"a strange one": {file("namespace", "../default"), "the Lease's namespace is \"../default\""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cluster := leasetest.Start(t)
			test.spoil(t, cluster)
			err := Run(t.Context(), Config{Name: leasetest.Name, Account: account(cluster), Logger: zerolog.Nop()}, nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

// From the pod's files to the lead and the release, over HTTP.
func TestTheLeadOfAPod(t *testing.T) {
	cluster := leasetest.Start(t)
	log := new(strings.Builder)
	cfg := Config{Name: leasetest.Name, Identity: "a", Account: account(cluster), Logger: zerolog.New(log)}
	err := Run(t.Context(), cfg, func(context.Context, <-chan struct{}) error {
		if got := cluster.Lease(); got == nil || *got.Spec.HolderIdentity != "a" {
			t.Errorf("the replica leads, and the Lease is %v", got)
		}
		return nil
	})
	if got := cluster.Lease(); err != nil || *got.Spec.HolderIdentity != "" {
		t.Errorf("Run gave %v and left the Lease as %v", err, got)
	}
	if strings.Contains(log.String(), leasetest.Token) {
		t.Error("the token is in the log")
	}
}
