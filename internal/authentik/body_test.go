package authentik

import (
	"encoding/json"
	"io"
	"math"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestBody has all that a body can hold.
func TestBody(t *testing.T) {
	var got string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = string(body)
		answerJSON(w, 200, `{}`)
	}))
	t.Cleanup(srv.Close)
	large, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	body := Object{
		"a": nil, "b": true, "c": "text", "d": json.Number("1e400"), "e": -7, "f": int64(math.MaxInt64), "g": large, "h": 0.5,
		"i": []any{}, "j": []any{nil, []any{"x"}, map[string]any{"k": 1}}, "l": Object{},
	}
	if _, err := newTestClient(t, srv.URL).Create(t.Context(), stages, body); err != nil {
		t.Fatal(err)
	}
	const want = `{"a":null,"b":true,"c":"text","d":1e400,"e":-7,"f":9223372036854775807,"g":123456789012345678901234567890,"h":0.5,"i":[],"j":[null,["x"],{"k":1}],"l":{}}`
	if got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
}

// TestForeignBody has values of Go in a body that JSON would make something of:
// nothing is sent, and no error says what is at an address.
func TestForeignBody(t *testing.T) {
	srv := serve(t, text(200, typeJSON, `{}`))
	c := newTestClient(t, srv.URL)
	type named struct{ Secret string }
	word := "a secret"
	loop := []any{nil}
	loop[0] = loop
	for want, value := range map[string]any{
		"x is a authentik.named":   named{word},
		"x is a *authentik.named":  &named{word},
		"x is a *string":           &word,
		"x is a []string":          []string{word},
		"x is a map[string]string": map[string]string{"a": word},
		"x is a []uint8":           []byte(word),
		"x is a *big.Float":        big.NewFloat(1),
		"x is a json.RawMessage":   json.RawMessage(word),
		"x is a func()":            func() {},
		"x is a uint":              uint(1),
		"x is a float32":           float32(1),
		"x is NaN":                 math.NaN(),
		"x is +Inf":                math.Inf(1),
		"x is a json.Number that":  json.Number(""),
		"x.a is a json.Number":     Object{"a": json.Number("1.2.3")},
		"x[0] is a json.Number":    []any{json.Number("a secret")},
		"x[2] is a json.Number":    []any{1, 2, json.Number(`"a secret"`)},
		"x[1] is a json.Number":    []any{1, json.Number("1 ")},
		"x is a nil *big.Int":      (*big.Int)(nil),
		"x[1] is a *string":        []any{word, &word},
		"x.a.b[0] is a *string":    Object{"a": map[string]any{"b": []any{&word}}},
		"is nested too deeply":     loop,
	} {
		t.Run(want, func(t *testing.T) {
			for method, call := range map[string]func(Object) error{
				http.MethodPost:  func(body Object) error { _, err := c.Create(t.Context(), stages, body); return err },
				http.MethodPut:   func(body Object) error { _, err := c.Update(t.Context(), stages, key, body); return err },
				http.MethodPatch: func(body Object) error { _, err := c.Patch(t.Context(), stages, key, body); return err },
			} {
				err := call(Object{"name": "n", "x": value})
				if err == nil || !strings.Contains(err.Error(), want) || mayHaveHappened(err) {
					t.Fatalf("%s: error %v, want one with %q", method, err, want)
				}
				if strings.Contains(err.Error(), word) || strings.Contains(err.Error(), "0xc0") {
					t.Errorf("%s: error %q shows the value", method, err)
				}
			}
		})
	}
	if n := srv.seen.Load(); n != 0 {
		t.Errorf("%d requests", n)
	}
}
