package metrics

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/sync"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

// page is the page for people: plain HTML that needs no script and loads nothing.
type page struct {
	template *template.Template
	style    template.CSS
}

func newPage() (*page, error) {
	t, err := template.New("page.html").Funcs(template.FuncMap{
		"time":     func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
		"duration": shortDuration,
		"label":    func(state sync.ObjectState) string { return strings.ReplaceAll(string(state), "_", " ") },
	}).Parse(pageHTML)
	if err != nil {
		return nil, fmt.Errorf("parsing the status page: %w", err)
	}
	return &page{template: t, style: template.CSS(pageCSS)}, nil
}

// styleHash is how a Content-Security-Policy names the page's style, so that no
// other one is taken.
func (p *page) styleHash() string {
	sum := sha256.Sum256([]byte(p.style))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// view is a Status with what the page derives from it.
type view struct {
	Status
	Style    template.CSS
	URL      string
	NotReady string
	Summary  string
	// Undeclared are the models of which there are objects that nobody declares.
	Undeclared []undeclared
}

type undeclared struct {
	Model   string
	Objects int
}

// undeclaredOf gives those of which there are any, by model.
func undeclaredOf(counts map[string]int) []undeclared {
	var list []undeclared
	for _, model := range slices.Sorted(maps.Keys(counts)) {
		if counts[model] > 0 {
			list = append(list, undeclared{model, counts[model]})
		}
	}
	return list
}

// render gives the whole page or an error, and never a part.
func (p *page) render(s Status) ([]byte, error) {
	s.Blueprints = sortedBy(s.Blueprints, func(b Blueprint) (int, string) {
		return rank(b.State, tree.Invalid, tree.Valid, tree.Disabled), b.File
	})
	s.Objects = sortedBy(s.Objects, func(o Object) (int, string) {
		return rank(o.State, sync.Amiss, sync.Drifted, sync.InSync), o.Name
	})
	v := view{Status: s, Style: p.style, URL: withoutUser(s.Health.Server.URL), NotReady: s.Health.NotReady(), Summary: "ready", Undeclared: undeclaredOf(s.Unmanaged)}
	if v.NotReady != "" {
		v.Summary = "not ready"
	}
	var out bytes.Buffer
	if err := p.template.Execute(&out, v); err != nil {
		return nil, fmt.Errorf("rendering the status page: %w", err)
	}
	return out.Bytes(), nil
}

// sortedBy puts what needs attention first, in a copy: the slice is the caller's.
func sortedBy[T any](items []T, key func(T) (rank int, name string)) []T {
	return slices.SortedStableFunc(slices.Values(items), func(a, b T) int {
		rankA, nameA := key(a)
		rankB, nameB := key(b)
		if rankA != rankB {
			return rankA - rankB
		}
		return strings.Compare(nameA, nameB)
	})
}

// rank is the place of a state in a list; what is not in it comes first.
func rank[S comparable](state S, order ...S) int { return slices.Index(order, state) }

func shortDuration(d time.Duration) string {
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}
