package devserver_test

import (
	"net/http"
	"testing"

	"github.com/aksync/aksync/internal/devserver"
)

// What is no JSON is refused, and the answer says where it stops being JSON.
func TestBrokenBodies(t *testing.T) {
	server := newServer(t, devserver.Config{})
	for body, want := range map[string]string{
		`{"name": `:              "unexpected end of data: line 1 column 10 (char 9)",
		"{\n\"name\": \"a\",\n}": "trailing comma is not allowed: line 2 column 12 (char 13)",
		`{"name": x}`:            "unexpected character: line 1 column 10 (char 9)",
		`{} {}`:                  "unexpected character: line 1 column 4 (char 3)",
		`{"name": "\ud83d"}`:     "no low surrogate in string: line 1 column 17 (char 16)",
		"   ":                    "unexpected end of data: line 1 column 4 (char 3)",
		`{"name": "a"}` + "\x00": "unexpected character: line 1 column 14 (char 13)",
	} {
		got := call(t, server, http.MethodPost, stages, body)
		if want := `{"detail":"JSON parse error - ` + want + `"}`; got.status != http.StatusBadRequest || got.body != want {
			t.Errorf("%q answers %d %s, want %s", body, got.status, got.body, want)
		}
	}
	if len(server.All(stageModel)) > 0 {
		t.Errorf("there are stages: %v", server.All(stageModel))
	}
}
