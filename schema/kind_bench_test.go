package schema_test

import (
	"testing"

	"github.com/aksync/aksync/schema"
)

// BenchmarkKind shows what one kind costs that is asked for, beside the start.
func BenchmarkKind(b *testing.B) {
	b.Run("start", func(b *testing.B) {
		for b.Loop() {
			if _, err := schema.Load(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("all", func(b *testing.B) {
		kinds := 0
		for b.Loop() {
			s, err := schema.Load()
			if err != nil {
				b.Fatal(err)
			}
			kinds = len(s.Kinds())
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*kinds), "µs/kind")
	})
	for _, model := range []string{stageModel, "authentik_core.application", "authentik_sources_ldap.ldapsource", "authentik_policies_event_matcher.eventmatcherpolicy"} {
		b.Run(model, func(b *testing.B) {
			for b.Loop() {
				s, err := schema.Load()
				if err != nil || s.Kind(model) == nil {
					b.Fatal(err)
				}
			}
		})
	}
}
