package report_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/sync"
)

// surveyed is a pass with what nobody declares: many of a kind, and a hostile name.
func surveyed() *sync.Pass {
	found := &sync.Surveyed{
		Listed: true, Counts: map[string]int{"authentik_core.group": 12, "authentik_core.user": 1, "authentik_flows.flow": 0}, Brought: 1234,
		Lacking: []string{"authentik_brands.view_brand"}, Unknown: []string{"listing each stage: 500\x1b"}, NoMakers: "the log is closed",
	}
	for i := range 12 {
		found.Objects = append(found.Objects, sync.Unmanaged{
			Model: "authentik_core.group", Title: "group", Name: fmt.Sprintf("g%02d", i), PK: "p",
			By: "alice\x1b[31m", At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		})
	}
	found.Objects = append(found.Objects, sync.Unmanaged{Model: "authentik_core.user", Title: "user", Name: "<b>\x1b[31m@evil" + strings.Repeat("x", 60), PK: "7", By: "bob"})
	return &sync.Pass{Blueprints: &sync.Blueprints{}, Plan: &sync.Plan{Version: "2025.10.4", Surveyed: found}}
}

func TestUnmanaged(t *testing.T) {
	for name, write := range map[string]func(*bytes.Buffer, *sync.Pass) error{
		"unmanaged.txt":     func(b *bytes.Buffer, p *sync.Pass) error { return report.NewText(b, false, false).Plan(p) },
		"unmanaged-all.txt": func(b *bytes.Buffer, p *sync.Pass) error { return report.NewText(b, false, true).Plan(p) },
		"unmanaged.json":    func(b *bytes.Buffer, p *sync.Pass) error { return report.JSON(b, p, about, false) },
		"unmanaged.md":      func(b *bytes.Buffer, p *sync.Pass) error { return report.Markdown(b, p, about) },
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := write(&b, surveyed()); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(b.String(), "\x1b") {
				t.Error("an escape sequence gets through")
			}
			golden(t, name, b.Bytes())
			if name == "unmanaged.json" {
				checkSchema(t, b.Bytes())
			}
		})
	}
}

// What a daemon counts and nobody asked for is in no report.
func TestUnmanagedThatNobodyAskedFor(t *testing.T) {
	pass := surveyed()
	pass.Plan.Surveyed.Listed = false
	var b bytes.Buffer
	for _, err := range []error{report.NewText(&b, false, true).Plan(pass), report.JSON(&b, pass, about, true), report.Markdown(&b, pass, about)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(b.String(), "nmanaged\"") || strings.Contains(b.String(), "g01") {
		t.Error(b.String())
	}
}
