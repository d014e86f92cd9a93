package upgrade

import (
	"fmt"
	"strings"

	"github.com/pmezard/go-difflib/difflib"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// hidden stands in a diff for a line that may hold a secret.
const hidden = "(a line of an entry that has a secret is not shown)"

// Diff returns the lines that change, without those around them. A line that may hold a
// secret of its entry is not among them.
func (f *File) Diff() string {
	old, fresh := lines(f.Old), lines(f.New)
	var out strings.Builder
	fmt.Fprintf(&out, "--- %s\n+++ %s\n", f.Path, f.Path)
	for _, op := range difflib.NewMatcher(old, fresh).GetOpCodes() {
		if op.Tag == 'e' {
			continue
		}
		fmt.Fprintf(&out, "@@ -%d,%d +%d,%d @@\n", op.I1+1, op.I2-op.I1, op.J1+1, op.J2-op.J1)
		isSecret := false
		for line := op.I1; line < op.I2; line++ {
			isSecret = isSecret || f.secret[line+1]
		}
		for _, side := range []struct {
			sign  string
			lines []string
		}{{"-", old[op.I1:op.I2]}, {"+", fresh[op.J1:op.J2]}} {
			for _, line := range side.lines {
				if isSecret {
					line = hidden
				}
				out.WriteString(side.sign + line + "\n")
			}
		}
	}
	return out.String()
}

func lines(text []byte) []string {
	all := strings.Split(string(text), "\n")
	for i := range all {
		all[i] = strings.TrimSuffix(all[i], "\r")
	}
	return all
}

// hide notes the lines of a change that may hold a secret: of an entry that has one, those
// that do not begin with the field that is changed, and those on which the secret begins.
func (f *File) hide(s *schema.Schema, m mending) {
	secrets := secretsOf(s, m.source)
	if len(secrets) == 0 {
		return
	}
	if f.secret == nil {
		f.secret = map[int]bool{}
	}
	for _, line := range secrets {
		f.secret[line] = true
	}
	if at := m.at().Line; !strings.HasPrefix(strings.TrimLeft(lines(f.Old)[at-1], " -\"'"), m.Mend.Field) {
		f.secret[at] = true
	}
}

// secretsOf returns the lines on which the secrets of an entry begin.
func secretsOf(s *schema.Schema, entry *tree.Entry) []int {
	kind := s.Kind(entry.Model)
	var found []int
	for _, members := range []tree.Map{entry.Identifiers, entry.Attrs} {
		for _, member := range members {
			if field := kind.Fields.Field(member.Name()); field != nil && (field.Sensitive || field.WriteOnly) {
				found = append(found, member.Key.Place.Line, member.Value.Place.Line)
			}
		}
	}
	return found
}
