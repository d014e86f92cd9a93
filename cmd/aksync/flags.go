package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/aksync/aksync/internal/authentik"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// defaultPath is the folder that is read where no PATH is given.
const defaultPath = "blueprints"

// serverFlags are the flags of all commands that talk to authentik.
type serverFlags struct {
	url, tokenFile                string
	caFile, clientCert, clientKey string
	insecure                      bool
	timeout                       time.Duration
	parallelism                   int
	rateLimit                     float64
	// fixedToken is the embedded server's; no flag sets it.
	fixedToken string
}

func (f *serverFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.url, "url", "", "authentik's address, such as https://auth.example.com (AUTHENTIK_URL)")
	flags.StringVar(&f.tokenFile, "token-file", "", "file that holds the API token (AUTHENTIK_TOKEN_FILE; or the token itself in AUTHENTIK_TOKEN)")
	flags.StringVar(&f.caFile, "ca-file", "", "PEM file of authorities to trust beside the system's")
	flags.StringVar(&f.clientCert, "client-cert", "", "PEM file of a client certificate")
	flags.StringVar(&f.clientKey, "client-key", "", "PEM file of the client certificate's key")
	flags.BoolVar(&f.insecure, "insecure", false, "do not check the server's certificate (AUTHENTIK_INSECURE)")
	flags.DurationVar(&f.timeout, "timeout", 30*time.Second, "longest time for one request")
	flags.IntVar(&f.parallelism, "parallelism", 8, "requests at a time, at most: fewer while the server is no faster with more")
	flags.Float64Var(&f.rateLimit, "rate-limit", 0, "requests a second, 0 for no limit")
}

// check refuses numbers that make no sense.
func (f *serverFlags) check() error {
	switch {
	case f.url == "":
		return &usageError{fmt.Errorf("nothing says where authentik is: set --url or AUTHENTIK_URL")}
	case f.timeout <= 0:
		return &usageError{fmt.Errorf("--timeout is %s: want more than 0, such as 30s", f.timeout)}
	case f.parallelism < 1:
		return &usageError{fmt.Errorf("--parallelism is %d: want 1 or more", f.parallelism)}
	case f.rateLimit < 0:
		return &usageError{fmt.Errorf("--rate-limit is %g: want 0 or more", f.rateLimit)}
	}
	return nil
}

// token gives the token as it is at each request.
func (f *serverFlags) token() func() (string, error) {
	switch {
	case f.fixedToken != "":
		return authentik.StaticToken(f.fixedToken)
	case f.tokenFile != "":
		return authentik.TokenFile(f.tokenFile)
	default:
		return authentik.StaticToken(os.Getenv("AUTHENTIK_TOKEN"))
	}
}

// guardFlags are the flags that keep a pass from doing harm by mistake.
type guardFlags struct {
	maxChanges, maxDeletes string
	allowInUse, allowSelf  bool
	prune                  []string
}

func (f *guardFlags) register(flags *pflag.FlagSet) {
	standard := sync.DefaultMaxDeletes()
	flags.StringVar(&f.maxChanges, "max-changes", "", "most changes of one pass, as a number or a share of the live objects such as 10% (default: no limit)")
	flags.StringVar(&f.maxDeletes, "max-deletes", "", fmt.Sprintf("most deletions of one pass, likewise (default: %s, from 10 live objects on)", standard))
	flags.BoolVar(&f.allowInUse, "allow-in-use", false, "delete objects that something uses, such as a stage in a flow")
	flags.BoolVar(&f.allowSelf, "allow-self", false, "delete aksync's own user or token, or take rights from it")
	flags.StringArrayVar(&f.prune, "prune", nil, "[MODEL:]GLOB of names: delete live objects that match it and that no blueprint speaks of")
}

// guards reads the flags.
func (f *guardFlags) guards() (sync.Guards, error) {
	guards := sync.Guards{AllowInUse: f.allowInUse, AllowSelf: f.allowSelf, MaxDeletes: sync.DefaultMaxDeletes()}
	for _, text := range f.prune {
		glob, err := sync.ParseGlob(text)
		if err != nil {
			return guards, &usageError{fmt.Errorf("--prune: %w", err)}
		}
		guards.Prune = append(guards.Prune, glob)
	}
	for _, limit := range []struct {
		flag, text string
		target     *sync.Limit
	}{{"max-changes", f.maxChanges, &guards.MaxChanges}, {"max-deletes", f.maxDeletes, &guards.MaxDeletes}} {
		if limit.text == "" {
			continue
		}
		parsed, err := sync.ParseLimit(limit.text)
		if err != nil {
			return guards, &usageError{fmt.Errorf("--%s: %w", limit.flag, err)}
		}
		*limit.target = parsed
	}
	return guards, nil
}

// readFlags are the flags of all commands that read blueprints.
type readFlags struct {
	strictModels bool
	// noLiteralSecrets is a flag of validate alone.
	noLiteralSecrets bool
	// skipped reads what entries hold whose conditions are false, too.
	skipped bool
	// own are files of aksync's own, beside the token's, that !File never reads.
	own       []string
	envAllow  []string
	fileRoots []string
	tags      []string
}

func (f *readFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.strictModels, "strict-models", false, "an entry of a model that aksync does not manage is an error")
	flags.StringSliceVar(&f.envAllow, "env-allow", nil, "glob of the environment variables that !Env may read, and no others (default: all, but what looks like a secret for sensitive fields alone)")
	flags.StringSliceVar(&f.fileRoots, "file-root", nil, "folder that !File may read below, and nowhere else (default: the blueprints' own, and /run/secrets for sensitive fields alone)")
	flags.StringArrayVar(&f.tags, "tag", nil, "value of a CUE @tag, as key=value")
}

// tagValues splits the --tag flags.
func (f *readFlags) tagValues() (map[string]string, error) {
	values := map[string]string{}
	for _, tag := range f.tags {
		key, value, ok := strings.Cut(tag, "=")
		if !ok || key == "" {
			return nil, &usageError{fmt.Errorf("--tag is %q: want key=value", tag)}
		}
		values[key] = value
	}
	return values, nil
}

// environment names the variables that set a flag, the first that is set
// counting. Every flag has one of aksync's own; some have authentik's too.
func environment(flag string) []string {
	names := []string{"AKSYNC_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))}
	switch flag {
	case "url", "token-file", "insecure":
		names = append(names, "AUTHENTIK_"+strings.TrimPrefix(names[0], "AKSYNC_"))
	}
	return names
}

// fromEnvironment sets the flags that the command line does not set.
func fromEnvironment(cmd *cobra.Command, _ []string) error {
	var failed error
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if flag.Changed || flag.Name == "help" {
			return
		}
		for _, name := range environment(flag.Name) {
			value := os.Getenv(name)
			if value == "" {
				continue
			}
			if err := cmd.Flags().Set(flag.Name, value); err != nil && failed == nil {
				failed = &usageError{unfit(name, err)}
			}
			return
		}
	})
	return failed
}

// paths gives the blueprint paths of a command line.
func paths(args []string) []string {
	if len(args) == 0 {
		return []string{defaultPath}
	}
	return args
}

// oneOf refuses a flag's value that is none of those that are known.
func oneOf(flag, value string, known ...string) error {
	for _, name := range known {
		if value == name {
			return nil
		}
	}
	return &usageError{fmt.Errorf("--%s is %q: %s", flag, value, schema.Suggest(value, known))}
}
