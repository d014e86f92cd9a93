package blueprint_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/tree"
)

// named gives a stage that is named by an expression.
func named(expression string) string {
	return "entries:\n- model: " + stageModel + "\n  identifiers: {name: " + expression + "}\n  attrs: {backends: [authentik.core.auth.InbuiltBackend]}\n"
}

// TestSecretVariables wants variables that hold a secret to be refused, without
// their value, where nobody allows them; and others not.
func TestSecretVariables(t *testing.T) {
	const secret = "s3cr3t"
	variables := map[string]string{}
	refused := map[string]string{
		"POSTGRES":  "postgres://app:s3cr3t@db:5432/app?sslmode=disable",
		"AMQP":      "see amqps://app:s3cr3t@mq/%2f, please",
		"REDIS":     "redis://:s3cr3t@cache:6379/0",
		"SLASHED":   "mongodb://app:/s3cr3t/@db/app",
		"ODD":       "postgresql+asyncpg://app:s3cr3t@x@[::1]/app",
		"MYSQL":     "app:s3cr3t@tcp(db:3306)/app",
		"MYSQLUNIX": "app:s3cr3t@unix(/run/mysql.sock)/app",
		"MYSQLBARE": "app:s3cr3t@/app",
		"LIBPQ":     "host=db user=app password=s3cr3t dbname=app",
		"LIBPQ2":    "host=db password = 's3cr3t'",
		"ADO":       "Server=db;User Id=app;Pwd=s3cr3t;",
		"JDBC":      "jdbc:postgresql://db/app?user=app&password=s3cr3t",
		"AZURE":     "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=s3cr3t==",

		"SENTRY_DSN": "s3cr3t", "MY_DATABASE_URL": "s3cr3t", "DB_CONNECTION_STRING": "s3cr3t", "DATABASEURL": "s3cr3t", "db_connstr": "s3cr3t",
	}
	taken := map[string]string{
		"ADDRESS": "https://example.com:8443/a@b", "MAIL": "mailto:a@example.com", "SSH": "ssh://git@example.com/x", "PLAIN": "db:5432",
		"TIME": "12:30@noon", "NOTE": "the password is given elsewhere", "EMPTYISH": "host=db password=", "FORM": "https://example.com/?q=a:b@c",
		"IMAGE": "registry.example.com:5000/a/b@sha256:abc", "PORT": "http://[::1]:8080/@x",
	}
	for _, m := range []map[string]string{refused, taken} {
		for name, value := range m {
			variables[name] = value
		}
	}
	problem := func(options blueprint.Options, name string) string {
		options.LookupEnv = environment(variables)
		inFolder(t, map[string]string{"x.yaml": named("!Env " + name)})
		return strings.Join(messages(read(t, newReader(t, options), ".").Problems()), "\n")
	}
	for name := range refused {
		got := problem(blueprint.Options{}, name)
		if !strings.Contains(got, "may not be read") || !strings.Contains(got, "--env-allow "+name) || strings.Contains(got, secret) {
			t.Errorf("%s=%s: got %q", name, variables[name], got)
		}
		if got := problem(blueprint.Options{EnvAllow: []string{name}}, name); got != "" {
			t.Errorf("%s is allowed: got %q", name, got)
		}
	}
	for name := range taken {
		if got := problem(blueprint.Options{}, name); got != "" {
			t.Errorf("%s=%s: got %q", name, variables[name], got)
		}
	}
}

// TestEmptyVariable wants to be told that a variable is there and empty.
func TestEmptyVariable(t *testing.T) {
	inFolder(t, map[string]string{"x.yaml": named("!Env EMPTY"), "y.yaml": named("!Env UNSET")})
	got := messages(read(t, newReader(t, blueprint.Options{LookupEnv: environment(map[string]string{"EMPTY": ""})}), ".").Problems())
	want := []string{
		"x.yaml:3:23: entries[0].identifiers.name: the environment variable EMPTY is set and empty, which authentik takes for not set: give it a value, or give a default: !Env [EMPTY, …]",
		"y.yaml:3:23: entries[0].identifiers.name: the environment variable UNSET is not set: set it, or give a default: !Env [UNSET, …]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// TestVariableBecomesEmpty wants the file to be read again when a variable that
// was not set is set, though to nothing: the message is another.
func TestVariableBecomesEmpty(t *testing.T) {
	variables := map[string]string{}
	inFolder(t, map[string]string{"x.yaml": named("!Env X")})
	reader := newReader(t, blueprint.Options{LookupEnv: environment(variables)})
	read(t, reader, ".")
	variables["X"] = ""
	if got := messages(read(t, reader, ".").Problems()); len(got) != 1 || !strings.Contains(got[0], "set and empty") {
		t.Errorf("got %q", got)
	}
}

// TestInputsOfPending wants what is looked at only once a server has answered to
// be among the file's inputs, to be read once, and to have it read again when it
// changes.
func TestInputsOfPending(t *testing.T) {
	expression := "!If [!Find [authentik_flows.flow, [slug, x]], !Format [\"%s-%s-%s\", !File note, !Env X, !File note], no]"
	inFolder(t, map[string]string{"x.yaml": named(expression), "note": "first"})
	asked := 0
	lookupEnv := func(name string) (string, bool) { asked++; return fmt.Sprintf("%s%d", name, asked), true }
	reader := newReader(t, blueprint.Options{LookupEnv: lookupEnv})
	file := read(t, reader, ".").Files[0]
	if inputs := file.Inputs(); len(inputs.Env)+len(inputs.Files) > 0 || asked > 0 {
		t.Fatalf("looked at %v before a server was asked", inputs)
	}
	name, _ := file.Entries[0].Identifiers.Get("name")
	for range 2 {
		resolved, err := name.Resolve((&madeUp{}).lookup)
		if err != nil || resolved.Data != "first-X1-first" {
			t.Fatalf("got %v, %v", resolved.Plain(), err)
		}
		write(t, "note", "second") // and is not read again in this pass
	}
	if inputs := file.Inputs(); !slices.Equal(inputs.Env, []string{"X"}) || !slices.Equal(inputs.Files, []string{"note"}) {
		t.Errorf("got the inputs %v", inputs)
	}
	again := read(t, reader, ".").Files[0]
	if again == file {
		t.Fatal("want a file whose input changed to be read again")
	}
	name, _ = again.Entries[0].Identifiers.Get("name")
	if resolved, err := name.Resolve((&madeUp{}).lookup); err != nil || !strings.HasPrefix(fmt.Sprint(resolved.Data), "second-X") {
		t.Errorf("got %v, %v", resolved.Plain(), err)
	}
}

// TestProblemOfPendingInput wants an input that can't be had to be a problem with
// its place when it is resolved.
func TestProblemOfPendingInput(t *testing.T) {
	file := readOne(t, blueprint.Options{}, "x.yaml", named("!If [!Find [authentik_flows.flow, [slug, x]], !File gone, no]"))
	name, _ := file.Entries[0].Identifiers.Get("name")
	_, err := name.Resolve((&madeUp{}).lookup)
	problem := tree.AsProblem(err, tree.Place{}, "")
	if problem.Place.Line != 3 || problem.Path != "entries[0].identifiers.name" || !strings.HasPrefix(problem.Message, "!File gone can't be read") {
		t.Errorf("got %v", err)
	}
}
