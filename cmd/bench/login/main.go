// Command login measures whether aksync makes log-ins slower. It logs a user in
// over and over, through authentik's flow, while the server has nothing else to do,
// while aksync apply creates and deletes objects there, and while aksync run keeps
// them as they are, in turns. It prints a table in Markdown.
//
//	AUTHENTIK_URL=… AUTHENTIK_TOKEN=… go run ./cmd/bench/login -n 300 -parallelism 8
//
// The server should be one for tests: the user and the objects, whose names begin
// with login-bench, are deleted in the end unless something fails.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	m := &meter{url: strings.TrimRight(os.Getenv("AUTHENTIK_URL"), "/")}
	widths := flag.String("parallelism", "8", "values of aksync's --parallelism, separated by commas")
	rounds := flag.Int("rounds", 3, "how often all is measured")
	flag.IntVar(&m.n, "n", 300, "objects that aksync creates and deletes")
	flag.StringVar(&m.program, "program", "", "the aksync to measure; it is built where none is given")
	flag.StringVar(&m.flow, "flow", "default-authentication-flow", "slug of the flow that logs in")
	flag.DurationVar(&m.interval, "interval", 2*time.Second, "of aksync run, between its passes")
	flag.DurationVar(&m.pause, "pause", 200*time.Millisecond, "wait between two log-ins")
	flag.Parse()
	if err := m.run(context.Background(), strings.Split(*widths, ","), *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "login:", err)
		os.Exit(1)
	}
}

// meter measures with one server and one aksync.
type meter struct {
	url, program, flow, folder string
	n                          int
	pause, interval            time.Duration
	user                       user
}

func (m *meter) run(ctx context.Context, widths []string, rounds int) (err error) {
	if m.folder, err = os.MkdirTemp("", "aksync-login"); err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	defer os.RemoveAll(m.folder)
	if err := m.build(ctx); err != nil {
		return err
	}
	if m.user, err = makeUser(ctx, m.url, os.Getenv("AUTHENTIK_TOKEN")); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.user.remove(ctx)) }()
	t := &table{}
	defer t.print(os.Stdout)
	for range rounds {
		for _, width := range widths {
			if err := m.round(ctx, t, strings.TrimSpace(width)); err != nil {
				return err
			}
		}
	}
	return nil
}

// build builds aksync unless there is one.
func (m *meter) build(ctx context.Context) error {
	if m.program != "" {
		return nil
	}
	m.program = filepath.Join(m.folder, "aksync")
	command := exec.CommandContext(ctx, "go", "build", "-o", m.program, "./cmd/aksync")
	command.Stderr = os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("building aksync: %w", err)
	}
	return nil
}

// quietLogins is how many log-ins each round measures before and between what aksync
// does, so that what else slows the machine meets both alike. As many are measured beside
// aksync run.
const quietLogins = 8

// round logs in while nothing happens, while aksync creates, while it keeps what there
// is, and while it deletes.
func (m *meter) round(ctx context.Context, t *table, width string) error {
	apply := []string{"apply", "--yes", "--max-deletes", "100%"}
	for _, work := range []struct {
		name, state string
		arguments   []string
		logins      int // 0 for as many as there are until aksync ends
	}{
		{"create", "present", apply, 0},
		{"keep", "present", []string{"run", "--listen", "127.0.0.1:0", "--interval", m.interval.String()}, quietLogins},
		{"delete", "absent", apply, 0},
	} {
		for range quietLogins {
			m.login(ctx, t, "quiet")
		}
		if err := m.write(work.state); err != nil {
			return err
		}
		arguments := append(slices.Clone(work.arguments), "--parallelism", width, m.folder)
		if err := m.during(ctx, t, work.name+" --parallelism "+width, arguments, work.logins); err != nil {
			return err
		}
	}
	return nil
}

// during logs in for as long as aksync goes on, or so often.
func (m *meter) during(ctx context.Context, t *table, phase string, arguments []string, logins int) error {
	command := exec.CommandContext(ctx, m.program, arguments...)
	var out strings.Builder
	command.Stdout, command.Stderr = &out, &out
	began := time.Now()
	if err := command.Start(); err != nil {
		return fmt.Errorf("starting aksync: %w", err)
	}
	done := make(chan error, 1)
	go func() { done <- command.Wait() }()
	ended := func(err error) error {
		t.work(phase, time.Since(began))
		if err != nil {
			err = fmt.Errorf("aksync %s: %w: %s", arguments[0], err, out.String()[max(0, out.Len()-500):])
		}
		return err
	}
	for made := 0; logins == 0 || made < logins; made++ {
		select {
		case err := <-done:
			return ended(err)
		default:
			m.login(ctx, t, phase)
		}
	}
	if err := command.Process.Signal(os.Interrupt); err != nil {
		return fmt.Errorf("stopping aksync: %w", err)
	}
	return ended(<-done)
}

// login measures one log-in. One that fails is counted, as a worker of the server
// that is replaced after so many requests lets some fail.
func (m *meter) login(ctx context.Context, t *table, phase string) {
	times, err := m.user.login(ctx, m.flow)
	if err != nil {
		fmt.Fprintln(os.Stderr, "logging in:", err)
	}
	t.login(phase, times, err)
	time.Sleep(m.pause)
}

// write writes a blueprint of objects that nothing uses.
func (m *meter) write(state string) error {
	text := strings.Builder{}
	text.WriteString("version: 1\nentries:\n")
	for i := range m.n {
		text.WriteString("- {model: authentik_stages_password.passwordstage, state: " + state + ", identifiers: {name: login-bench-" + strconv.Itoa(i) +
			"}, attrs: {backends: [authentik.core.auth.InbuiltBackend]}}\n")
	}
	if err := os.WriteFile(filepath.Join(m.folder, "stages.yaml"), []byte(text.String()), 0o600); err != nil {
		return fmt.Errorf("writing blueprints: %w", err)
	}
	return nil
}
