package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/aksync/aksync/internal/graph"
	"github.com/aksync/aksync/internal/terminal"
	"github.com/aksync/aksync/sync"
)

// commentLimit is how long a comment may be on GitHub: 65,536 characters.
// Bytes are counted here, of which there are at least as many, whatever is
// taken for a character.
const commentLimit = 65536

// Marker is the first line of Markdown's output, by which a pipeline finds its
// comment again; a comment for each server. It is not shown.
func Marker(about About) string {
	// An address has no > that is not escaped, and a comment ends with one.
	return "<!-- aksync plan for " + strings.ReplaceAll(clean(about.ServerURL), ">", "%3E") + " -->"
}

// Markdown writes a planned pass as a comment for a pull request: one line that
// sums up, what can lock people out, the errors, a table of the changes, and
// each change folded. What goes past GitHub's limit is left out whole, and
// counted at the end.
//
// Nothing in it is markup but what this function writes: names, values and
// messages are shown as they are, and mention nobody.
func Markdown(w io.Writer, pass *sync.Pass, about About) error {
	m := &markdown{}
	m.text.WriteString(Marker(about) + "\n")
	m.text.WriteString("**" + Summarize(pass).String() + "**\n\n")
	m.text.WriteString(madeFor(pass, about))
	if kinds := byKind(pass.Plan); len(kinds) > 0 {
		m.text.WriteString("By kind: " + codes(kinds) + "\n\n")
	}
	if left := about.View.left(pass.Plan); left != "" {
		m.text.WriteString(left + "\n\n")
	}
	m.sections(sectionsOf(pass, about))
	if _, err := io.WriteString(w, m.text.String()); err != nil {
		return fmt.Errorf("writing the plan as Markdown: %w", err)
	}
	return nil
}

// sectionsOf are the parts of a comment below what sums up.
func sectionsOf(pass *sync.Pass, about About) []section {
	var warnings, problems, slips, rows []string
	for _, change := range pass.Plan.Changes {
		if change.Action == sync.NoOp {
			continue
		}
		for _, warning := range Warnings(change) {
			warnings = append(warnings, fmt.Sprintf("> - %s: %s\n", objectOf(change), code(warning)))
		}
		if about.View.shows(change) {
			rows = append(rows, tableRow(change))
		}
	}
	for _, problem := range pass.Problems() {
		problems = append(problems, "- "+code(problem.Error())+"\n")
	}
	for _, slip := range pass.Warnings() {
		slips = append(slips, "- "+code(slip.Error())+"\n")
	}
	sections := []section{
		{"warning", "warnings", "> [!CAUTION]\n> This can lock people out:\n>\n", warnings, "\n", 3},
		{"error", "errors", "Errors:\n\n", problems, "\n", 3},
		{"note on what is hardly meant", "notes on what is hardly meant", "Warnings:\n\n", slips, "\n", 3},
		{"note on what is switched off", "", "", off(pass.Blueprints), "", 2},
		{"row", "rows of the table", "| | object | declared at | used by | fields |\n|---|---|---|---|---|\n", rows, "\n", 2},
		{"picture", "pictures", "", picture(about.Picture), "", 3},
	}
	sections = append(sections, changeSections(pass.Plan, about.View)...)
	return append(sections, []section{
		{"note on what is declared nowhere", "notes on what is declared nowhere", "", undeclaredDetails(pass.Plan), "", 2},
		{"note on what was not compared", "", "", notCompared(pass.Plan), "", 1},
		{"note on what is not managed", "", "", notManaged(pass.Blueprints), "", 1},
	}...)
}

// changeSections are the changes in full, in a section for each group: what there is room
// for is shared among those that are left; of very many groups the first are shown.
func changeSections(plan *sync.Plan, view View) []section {
	const mostShares = 8
	names, groups := NewNames(plan), view.groups(plan)
	var sections []section
	for _, group := range groups {
		s := section{one: "change in full", many: "changes in full"}
		if title := view.title(group); title != "" {
			s.open = "<details><summary>" + code(title) + "</summary>\n\n"
			s.close = "</details>\n\n"
		}
		for _, change := range group.changes {
			if change.Action != sync.NoOp {
				s.pieces = append(s.pieces, detail(names, change))
			}
		}
		if len(s.pieces) > 0 {
			sections = append(sections, s)
		}
	}
	for i := range sections {
		sections[i].share = min(len(sections)-i, mostShares)
	}
	return sections
}

// markdown is a comment as it grows.
type markdown struct{ text strings.Builder }

// sections writes sections, and what of them there was no room for.
func (m *markdown) sections(sections []section) {
	missing := map[string]int{}
	for _, s := range sections {
		missing[s.one] += m.section(s)
	}
	var cut []string
	for _, s := range sections {
		if left := missing[s.one]; left > 0 {
			cut = append(cut, terminal.Count(left, s.one, s.many))
			delete(missing, s.one)
		}
	}
	if len(cut) > 0 {
		m.text.WriteString("**Cut** at GitHub's 65,536 characters; left out: " + strings.Join(cut, ", ") + ". `aksync plan` shows all.\n")
	}
}

// section is a part of a comment, made of pieces that are never cut.
type section struct {
	one, many string
	open      string
	pieces    []string
	close     string
	// share says that the section may take 1/share of what is left.
	share int
}

// section writes the pieces that there is room for, and gives how many there
// was none for. A piece that is too long makes way for shorter ones.
func (m *markdown) section(s section) (left int) {
	const reserve = 512 // for the word on what was cut
	room := (commentLimit-reserve-m.text.Len())/s.share - len(s.open) - len(s.close)
	var fits []string
	for _, piece := range s.pieces {
		if len(piece) > room {
			left++
			continue
		}
		room -= len(piece)
		fits = append(fits, piece)
	}
	if len(fits) > 0 {
		m.text.WriteString(s.open + strings.Join(fits, "") + s.close)
	}
	return left
}

func madeFor(pass *sync.Pass, about About) string {
	var parts []string
	for _, part := range []struct{ name, value string }{
		{"", about.ServerURL}, {"authentik ", pass.Plan.Version}, {"aksync ", about.AksyncVersion},
	} {
		if part.value != "" {
			parts = append(parts, part.name+code(part.value))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, ", ") + "\n\n"
}

func notCompared(plan *sync.Plan) []string {
	lines := uncomparedLines(plan)
	if len(lines) == 0 {
		return nil
	}
	return []string{uncomparedHead + ": " + codes(lines) + ".\n\n"}
}

func notManaged(blueprints *sync.Blueprints) []string {
	if left := LeftAlone(blueprints); left != "" {
		return []string{"<details><summary>Not managed</summary>\n\n" + code(left) + "\n\n</details>\n\n"}
	}
	return nil
}

func off(blueprints *sync.Blueprints) []string {
	if sentence, files := switchedOff(blueprints); sentence != "" {
		return []string{sentence + ": " + codes(files) + ".\n\n"}
	}
	return nil
}

// picture is a drawing of what changes, folded: where it is small enough to be read, and
// where anything has to do with anything else.
func picture(p graph.Picture) []string {
	const mostBoxes = 60
	boxes, lines := p.Size()
	if boxes > mostBoxes || lines == 0 {
		return nil
	}
	var b strings.Builder
	b.WriteString("<details><summary>Picture</summary>\n\n```mermaid\n")
	if err := p.Mermaid(&b); err != nil {
		return nil // a strings.Builder can be written to
	}
	b.WriteString("```\n\n</details>\n\n")
	return []string{b.String()}
}

// objectOf says what a change is of.
func objectOf(change *sync.Change) string {
	return change.Title + " " + code(quote(change.Name, columns))
}

func tableRow(change *sync.Change) string {
	var fields []string
	for _, field := range change.Fields {
		fields = append(fields, code(field.Name))
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s |\n", verb(change), objectOf(change),
		code(change.Source.String()), codes(change.UserNames()), strings.Join(fields, ", "))
}

func detail(names *Names, change *sync.Change) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<details><summary>%s %s</summary>\n\n", verb(change), objectOf(change))
	at := declaredAt(change) + code(change.Source.String())
	b.WriteString(strings.ToUpper(at[:1]) + at[1:])
	if len(change.UserNames()) > 0 {
		b.WriteString(", used by " + codes(change.UserNames()))
	}
	if why := afterCreation(change); why != "" {
		b.WriteString(", " + why)
	}
	b.WriteString(".\n\n")
	if rows := rowsOf(names, change); len(rows) > 0 {
		b.WriteString(fenced(rows))
	}
	b.WriteString("</details>\n\n")
	return b.String()
}

func verb(change *sync.Change) string {
	return map[sync.Action]string{sync.Create: "+ create", sync.Update: "~ update", sync.Delete: "- delete"}[change.Action]
}

// codes lists names.
func codes(names []string) string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = code(name)
	}
	return strings.Join(some(list), ", ")
}

// code shows text as it is: each mark that Markdown or HTML could take for its
// own is written as a number, and GitHub finds no mentions, issues or emoji in
// code.
func code(text string) string {
	const (
		most     = 1000
		harmless = " -,/()"
	)
	var b strings.Builder
	for _, r := range foldMiddle(text, strconv.IsPrint, "", most) {
		if r < 0x80 && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(harmless, r) {
			fmt.Fprintf(&b, "&#%d;", r)
			continue
		}
		b.WriteRune(r)
	}
	return "<code>" + b.String() + "</code>"
}

// fenced writes rows as a diff, which GitHub colours, within a fence that is
// longer than any in them.
func fenced(rows []row) string {
	var b strings.Builder
	longest := 2
	for _, r := range rows {
		sign := r.sign
		if sign == '~' {
			sign = '!' // what GitHub's highlighting knows a change by
		}
		fmt.Fprintf(&b, "%c %s%s\n", sign, strings.Repeat("  ", r.depth-fieldDepth), r.text)
		longest = max(longest, backticks(r.text))
	}
	fence := strings.Repeat("`", longest+1)
	return fence + "diff\n" + b.String() + fence + "\n\n"
}

// backticks gives the length of the longest run of backticks.
func backticks(text string) int {
	longest, run := 0, 0
	for _, r := range text {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}
