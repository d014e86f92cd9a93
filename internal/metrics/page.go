package metrics

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aksync/aksync/internal/graph"
	"github.com/aksync/aksync/internal/terminal"
	"github.com/aksync/aksync/sync"
)

//go:embed page.html page_*.html
var pageFiles embed.FS

//go:embed page.css
var pageCSS string

// page is what people look at: plain HTML that needs no script and loads nothing.
type page struct {
	template *template.Template
	style    template.CSS
}

// view is what a template shows. Each has the same head.
type view interface {
	templateOf() string
	styled(template.CSS)
}

// head is what all pages have in common.
type head struct {
	Status
	Title, URL, NotReady string
	Style                template.CSS
	Refresh              bool
}

func headOf(s Status, title string) *head {
	return &head{Status: s, Title: title, URL: withoutUser(s.Health.Server.URL), NotReady: s.Health.NotReady()}
}

// styled gives a page its style.
func (h *head) styled(style template.CSS) { h.Style = style }

func newPage() (*page, error) {
	t, err := template.New("page.html").Funcs(template.FuncMap{
		"time":     func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
		"duration": shortDuration,
		"label":    func(state sync.ObjectState) string { return strings.ReplaceAll(string(state), "_", " ") },
		"link":     linkTo,
		"number":   terminal.Count,
		"some":     some,
		"sign":     signClass,
	}).ParseFS(pageFiles, "page.html", "page_*.html")
	if err != nil {
		return nil, fmt.Errorf("parsing the status page: %w", err)
	}
	return &page{template: t, style: template.CSS(pageCSS + graph.Style)}, nil
}

// styleHash is how a Content-Security-Policy names the page's style, so that no
// other one is taken.
func (p *page) styleHash() string {
	sum := sha256.Sum256([]byte(p.style))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// visible escapes what does not show of a page, such as marks that turn the writing
// round, by which a name could be taken for another one.
func visible(page []byte) []byte {
	shows := func(r rune) bool { return r == '\n' || r == '\t' || strconv.IsPrint(r) }
	if !bytes.ContainsFunc(page, func(r rune) bool { return !shows(r) }) {
		return page
	}
	shown := make([]byte, 0, len(page)+len(page)/8)
	for _, r := range string(page) {
		shown = terminal.AppendShown(shown, r, shows)
	}
	return shown
}

// render gives the whole page or an error, and never a part.
func (p *page) render(v view) ([]byte, error) {
	v.styled(p.style)
	var out bytes.Buffer
	if err := p.template.ExecuteTemplate(&out, v.templateOf(), v); err != nil {
		return nil, fmt.Errorf("rendering %s: %w", v.templateOf(), err)
	}
	return visible(out.Bytes()), nil
}

// linkTo is the address of an object's page: by its key where it has one, and by its name
// in any case, since it may be made anew.
func linkTo(o Object) string {
	query := url.Values{"model": {o.Model}, "name": {o.Name}}
	if o.PK != "" {
		query.Set("pk", o.PK)
	}
	return "/object?" + query.Encode()
}

// some gives the first texts of many, as many as given or else 20, and how many more
// there are.
func some(texts []string, given ...int) []string {
	most := append(given, 20)[0]
	if len(texts) <= most {
		return texts
	}
	return append(texts[:most:most], fmt.Sprintf("(%d more)", len(texts)-most))
}

// signClass is the class of a line that has the sign.
func signClass(sign string) string {
	return map[string]string{"+": "plus", "-": "minus", "~": "alter"}[sign]
}

func shortDuration(d time.Duration) string {
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}
