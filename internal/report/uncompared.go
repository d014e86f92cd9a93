package report

import (
	"strings"

	"github.com/aksync/aksync/sync"
)

// uncompared are the values of an object that were not compared, since authentik does
// not show them.
type uncompared struct {
	Model  string   `json:"model"`
	Name   string   `json:"name"`
	Source source   `json:"source"`
	Fields []string `json:"fields"`
}

// uncomparedOf are those of a plan that stay as they are.
func uncomparedOf(plan *sync.Plan) []uncompared {
	list := []uncompared{}
	for _, change := range plan.Changes {
		if len(change.Uncompared) > 0 {
			list = append(list, uncompared{change.Model, change.Name, asSource(change.Source), change.Uncompared})
		}
	}
	return list
}

// NotCompared names them in one line, for the log of a daemon that sends them when
// they change; it is empty where there are none.
func NotCompared(plan *sync.Plan) string {
	lines := uncomparedLines(plan)
	if len(lines) == 0 {
		return ""
	}
	return "not compared, since authentik does not show them: " + strings.Join(lines, ", ") +
		"; they are sent when what is declared changes, or with --write-secrets at the start"
}

// uncomparedHead begins a list of them.
const uncomparedHead = "Not compared, since authentik does not show them (--write-secrets sends them)"

// uncomparedLines names them for people.
func uncomparedLines(plan *sync.Plan) []string {
	var lines []string
	for _, change := range plan.Changes {
		for _, field := range change.Uncompared {
			lines = append(lines, clean(field)+" of the "+change.Title+" "+quote(change.Name, columns/2))
		}
	}
	return some(lines)
}

// alongOf names the fields that an update sends though they can't be compared.
func alongOf(change *sync.Change) []row {
	var rows []row
	for _, name := range change.Along {
		rows = append(rows, row{'~', fieldDepth, clean(name) + ": " + string(writeOnly) + ", sent along"})
	}
	return rows
}
