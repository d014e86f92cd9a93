package schema_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aksync/aksync/schema"
)

// The log is read as real servers have it (2025.12), and only what says that somebody
// made something.
func TestMakersRead(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	const group = `"context": {"model": {"pk": "14e2fdffc12e48cb981bb9369c37c4a6", "app": "authentik_core", "name": "by hand", "model_name": "group"}}`
	for _, tt := range []struct{ name, entry, object, who string }{
		{"a uuid", `{"action": "model_created", "created": "2026-11-26T07:10:37.646698Z", "user": {"pk": 2, "username": "akadmin"}, ` + group + `}`,
			schema.LogKey("authentik_core.group", "14e2fdff-c12e-48cb-981b-b9369c37c4a6"), "akadmin"},
		{"a number", `{"action": "model_created", "user": {"username": "a"}, "context": {"model": {"pk": 7, "app": "authentik_core", "model_name": "user"}}}`,
			schema.LogKey("authentik_core.user", "7"), "a"},
		{"another action", `{"action": "model_updated", "user": {"username": "a"}, ` + group + `}`, "", ""},
		{"nobody", `{"action": "model_created", "user": {}, ` + group + `}`, "", ""},
		{"no object", `{"action": "model_created", "user": {"username": "a"}, "context": {"model": "group"}}`, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var entry schema.Object
			decoder := json.NewDecoder(strings.NewReader(tt.entry))
			decoder.UseNumber()
			if err := decoder.Decode(&entry); err != nil {
				t.Fatal(err)
			}
			making, tells := s.Kind("authentik_events.event").Makers.Read(entry)
			if tells != (tt.object != "") || tells && (making.Object != tt.object || making.Who != tt.who) {
				t.Errorf("it says %v, %v", making, tells)
			}
		})
	}
}
