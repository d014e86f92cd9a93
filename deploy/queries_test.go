package deploy_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// query is one PromQL expression and where it stands.
type query struct{ where, expr string }

// dashboard has what is checked of Grafana's dashboard model:
// https://grafana.com/docs/grafana/latest/visualizations/dashboards/build-dashboards/view-dashboard-json-model/
type dashboard struct {
	Panels []struct {
		ID          int
		Title       string
		Description string
		GridPos     struct{ X, Y, W, H int }
		Datasource  struct{ Type, UID string }
		Targets     []struct{ Expr string }
		FieldConfig struct{ Defaults struct{ Unit string } }
	}
	Templating struct {
		List []struct {
			Name, Type string
			Query      json.RawMessage
		}
	}
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	var d dashboard
	if err := json.Unmarshal(read(t, "grafana/dashboard.json"), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// queries gives every query of the dashboard, with Grafana's variables filled
// in.
func (d dashboard) queries(t *testing.T) (list []query) {
	t.Helper()
	filled := strings.NewReplacer("$__rate_interval", "5m", "$job", "aksync", "$model", ".+")
	for _, panel := range d.Panels {
		for _, target := range panel.Targets {
			list = append(list, query{"panel " + panel.Title, filled.Replace(target.Expr)})
		}
	}
	values := regexp.MustCompile(`^label_values\((\w+), (\w+)\)$`)
	for _, variable := range d.Templating.List {
		if variable.Type != "query" {
			continue
		}
		var asked struct{ Query string }
		if err := json.Unmarshal(variable.Query, &asked); err != nil {
			t.Fatal(err)
		}
		parts := values.FindStringSubmatch(asked.Query)
		if parts == nil {
			t.Fatalf("the variable %s is not understood: %s", variable.Name, asked.Query)
		}
		list = append(list, query{"variable " + variable.Name, "count by (" + parts[2] + ") (" + parts[1] + ")"})
	}
	return list
}

// Panels are told apart, explained, and don't cover each other.
func TestDashboard(t *testing.T) {
	ids := map[int]bool{}
	type cell struct{ x, y int }
	taken := map[cell]string{}
	for _, panel := range readDashboard(t).Panels {
		if ids[panel.ID] || panel.Title == "" || panel.Description == "" || len(panel.Targets) == 0 || panel.FieldConfig.Defaults.Unit == "" {
			t.Errorf("the panel %d %q is there twice, or lacks a title, description, query or unit", panel.ID, panel.Title)
		}
		ids[panel.ID] = true
		if panel.Datasource.UID != "${datasource}" {
			t.Errorf("the panel %q asks the data source %q", panel.Title, panel.Datasource.UID)
		}
		for x := panel.GridPos.X; x < panel.GridPos.X+panel.GridPos.W; x++ {
			for y := panel.GridPos.Y; y < panel.GridPos.Y+panel.GridPos.H; y++ {
				if other := taken[cell{x, y}]; other != "" || x >= 24 {
					t.Fatalf("the panel %q covers %q, or stands out", panel.Title, other)
				}
				taken[cell{x, y}] = panel.Title
			}
		}
	}
}

// checkQueries wants each metric, label and value that a rule or the dashboard
// names to be one that the daemon exports, and each of its own metrics to be
// used.
func checkQueries(t *testing.T, series exports) {
	list := readDashboard(t).queries(t)
	promql := parser.NewParser(parser.Options{})
	for _, rule := range rules(t) {
		list = append(list, query{cmp.Or(rule.Alert, rule.Record), rule.Expr})
		if rule.Record != "" {
			series.add(rule.Record, recordedLabels(t, promql, rule))
		}
	}
	// Prometheus's own, of each target.
	series.add("up", nil)
	if series["aksync_api_requests_total"]["code"]["error"] {
		for code := 100; code < 600; code++ {
			if http.StatusText(code) != "" {
				series["aksync_api_requests_total"]["code"][strconv.Itoa(code)] = true
			}
		}
	}
	used := map[string]bool{}
	for _, q := range list {
		t.Run(q.where, func(t *testing.T) {
			expr, err := promql.ParseExpr(q.expr)
			if err != nil {
				t.Fatalf("%s: %v", q.expr, err)
			}
			checkExpr(t, expr, series, used)
		})
	}
	for _, name := range slices.Sorted(maps.Keys(series)) {
		base := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_sum"), "_count")
		if strings.HasPrefix(name, "aksync_") && !used[name] && !used[base+"_bucket"] {
			t.Errorf("nothing shows %s", name)
		}
	}
}

// targetLabels are what Prometheus adds to each series.
var targetLabels = []string{"job", "instance"}

// checkExpr checks the selectors, and that labels by which series are grouped or
// matched are labels of series below.
func checkExpr(t *testing.T, expr parser.Expr, series exports, used map[string]bool) {
	t.Helper()
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch node := node.(type) {
		case *parser.VectorSelector:
			used[node.Name] = true
			checkSelector(t, node, series)
		case *parser.AggregateExpr:
			checkLabels(t, node, node.Grouping, series)
		case *parser.BinaryExpr:
			if node.VectorMatching != nil {
				checkLabels(t, node.LHS, node.VectorMatching.MatchingLabels, series)
				checkLabels(t, node.RHS, node.VectorMatching.MatchingLabels, series)
			}
		}
		return nil
	})
}

func checkSelector(t *testing.T, selector *parser.VectorSelector, series exports) {
	t.Helper()
	known, exists := series[selector.Name]
	if !exists {
		t.Errorf("nobody exports %q: %s", selector.Name, selector)
		return
	}
	for _, matcher := range selector.LabelMatchers {
		if matcher.Name == "__name__" || slices.Contains(targetLabels, matcher.Name) {
			continue
		}
		if known[matcher.Name] == nil {
			t.Errorf("%s has no label %s", selector.Name, matcher.Name)
			continue
		}
		alternatives := []string{matcher.Value}
		if matcher.Type == labels.MatchRegexp || matcher.Type == labels.MatchNotRegexp {
			alternatives = strings.Split(matcher.Value, "|")
		}
		for _, alternative := range alternatives {
			is := regexp.MustCompile("^(?:" + alternative + ")$").MatchString
			if !slices.ContainsFunc(slices.Collect(maps.Keys(known[matcher.Name])), is) {
				t.Errorf("%s of %s is never %q", matcher.Name, selector.Name, alternative)
			}
		}
	}
}

// checkLabels wants each label to be one of every series in the expression.
func checkLabels(t *testing.T, expr parser.Expr, names []string, series exports) {
	t.Helper()
	for selector := range selectors(expr) {
		for _, label := range names {
			if !slices.Contains(targetLabels, label) && series[selector][label] == nil {
				t.Errorf("%s has no label %s, by which it is grouped or matched: %s", selector, label, expr)
			}
		}
	}
}

// selectors gives the names of the metrics whose labels an expression's result
// has: not those that only say which series stay.
func selectors(expr parser.Expr) map[string]bool {
	names := map[string]bool{}
	parser.Inspect(expr, func(node parser.Node, path []parser.Node) error {
		if selector, isSelector := node.(*parser.VectorSelector); isSelector && !isFilter(append(slices.Clone(path), node)) {
			names[selector.Name] = true
		}
		return nil
	})
	return names
}

// isFilter tells whether a path leads through the right side of and or unless.
func isFilter(path []parser.Node) bool {
	for i, node := range path[:len(path)-1] {
		binary, isBinary := node.(*parser.BinaryExpr)
		if isBinary && (binary.Op == parser.LAND || binary.Op == parser.LUNLESS) && path[i+1] == parser.Node(binary.RHS) {
			return true
		}
	}
	return false
}

// recordedLabels are those by which a recording rule groups.
func recordedLabels(t *testing.T, promql parser.Parser, rule rule) metricLabels {
	t.Helper()
	expr, err := promql.ParseExpr(rule.Expr)
	if err != nil {
		t.Fatalf("%s: %v", rule.Record, err)
	}
	found := metricLabels{}
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if group, isGroup := node.(*parser.AggregateExpr); isGroup && !group.Without {
			for _, label := range group.Grouping {
				found[label] = map[string]bool{}
			}
		}
		return nil
	})
	return found
}
