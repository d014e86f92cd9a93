package deploy_test

import (
	"testing"

	"sigs.k8s.io/yaml"
)

// ruleFile is a file of alerts or recording rules:
// https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/
type ruleFile struct {
	Groups []struct {
		Name  string `json:"name"`
		Rules []rule `json:"rules"`
	} `json:"groups"`
}

type rule struct {
	Alert       string            `json:"alert"`
	Record      string            `json:"record"`
	Expr        string            `json:"expr"`
	For         string            `json:"for"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

// rules are all alerts and recording rules.
func rules(t *testing.T) []rule {
	t.Helper()
	var all []rule
	for _, file := range []string{"prometheus/alerts.yaml", "prometheus/recording.yaml"} {
		var rules ruleFile
		decode(t, file, &rules)
		for _, group := range rules.Groups {
			all = append(all, group.Rules...)
		}
	}
	return all
}

// promtool runs the tests of the alerts; here it is seen to that each alert has
// one in which it fires and one in which it doesn't, and that it says what it
// is about.
func TestAlertsAreTested(t *testing.T) {
	var tests struct {
		Tests []struct {
			Alerts []struct {
				Name string `json:"alertname"`
				Want []any  `json:"exp_alerts"`
			} `json:"alert_rule_test"`
		} `json:"tests"`
	}
	if err := yaml.Unmarshal(read(t, "prometheus/tests.yaml"), &tests); err != nil {
		t.Fatal(err)
	}
	fires, silent := map[string]bool{}, map[string]bool{}
	for _, test := range tests.Tests {
		for _, alert := range test.Alerts {
			if len(alert.Want) > 0 {
				fires[alert.Name] = true
			} else {
				silent[alert.Name] = true
			}
		}
	}
	for _, rule := range rules(t) {
		if rule.Alert == "" {
			continue
		}
		if !fires[rule.Alert] || !silent[rule.Alert] {
			t.Errorf("%s: tested to fire: %t, not to fire: %t", rule.Alert, fires[rule.Alert], silent[rule.Alert])
		}
		if rule.Labels["severity"] == "" || rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" {
			t.Errorf("%s lacks a severity, a summary or a description", rule.Alert)
		}
	}
}
