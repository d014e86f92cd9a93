package authentik

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestFields(t *testing.T) {
	tests := []struct {
		body   string
		detail string
		fields map[string][]string
		line   string
	}{
		{`{"detail":"Not found."}`, "Not found.", map[string][]string{}, "Not found."},
		{`{"detail":"No.","code":"invalid"}`, "No.", map[string][]string{}, "No."},
		{`{"detail":["a","b"],"code":["c"]}`, "", map[string][]string{"detail": {"a", "b"}, "code": {"c"}}, "code: c; detail: a b"},
		{`{"b":["2","1"],"a":"text"}`, "", map[string][]string{"a": {"text"}, "b": {"2", "1"}}, "a: text; b: 2 1"},
		{`{"backends":{"1":["x"],"0":["y"]}}`, "", map[string][]string{"backends[0]": {"y"}, "backends[1]": {"x"}}, "backends[0]: y; backends[1]: x"},
		{`{"flow_set":[{},{"slug":["x"],"non_field_errors":["y"]}]}`, "",
			map[string][]string{"flow_set[1].slug": {"x"}, "flow_set[1].non_field_errors": {"y"}}, "flow_set[1].non_field_errors: y; flow_set[1].slug: x"},
		{`{"a":{"b":{"0":{"c":["x"]}}}}`, "", map[string][]string{"a.b[0].c": {"x"}}, "a.b[0].c: x"},
		{`["Null characters are not allowed."]`, "", map[string][]string{wholeBody: {"Null characters are not allowed."}}, "Null characters are not allowed."},
		{`"text"`, "", map[string][]string{wholeBody: {"text"}}, "text"},
		{`{"a":[1,true,"x\ny\u001b[0m"]}`, "", map[string][]string{"a": {"1", "true", "x y [0m"}}, "a: 1 true x y [0m"},
		{`{"a":[null],"b":null}`, "", map[string][]string{"a": {"null"}, "b": {"null"}}, "a: null; b: null"},
		{`{"code":"permission_denied"}`, "", map[string][]string{"code": {"permission_denied"}}, "code: permission_denied"},
		{`{"detail":"","code":"permission_denied"}`, "", map[string][]string{"code": {"permission_denied"}}, "code: permission_denied"},
		{`{}`, "", map[string][]string{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.body, func(t *testing.T) {
			answer, err := decode([]byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			e := &Error{}
			e.Detail, e.Fields = (&exchange{}).messages(answer)
			if diff := cmp.Diff(tt.fields, e.Fields); diff != "" || e.Detail != tt.detail {
				t.Errorf("detail %q, fields (-want +got):\n%s", e.Detail, diff)
			}
			if got := e.Message(); got != tt.line {
				t.Errorf("message %q, want %q", got, tt.line)
			}
		})
	}
}

// TestForbidden: what the server says about a 403 is in the error, whoever says
// it and in whatever form.
func TestForbidden(t *testing.T) {
	for body, want := range map[string]string{
		`{"detail":"You do not have permission to perform this action.","code":"permission_denied"}`: "403 Forbidden: You do not have permission to perform this action.",
		`{"code":"permission_denied"}`:                    "403 Forbidden: code: permission_denied",
		`{"detail":["No.","Never."]}`:                     "403 Forbidden: detail: No. Never.",
		`{"non_field_errors":["The license is invalid"]}`: "403 Forbidden: The license is invalid",
		`{"flows":{"0":["No access."]}}`:                  "403 Forbidden: flows[0]: No access.",
		`["Enterprise only"]`:                             "403 Forbidden: Enterprise only",
		`"no"`:                                            "403 Forbidden: no",
		"RBAC: access denied":                             "403 Forbidden: not the API's JSON: RBAC: access denied",
	} {
		t.Run(body, func(t *testing.T) {
			srv := serve(t, text(403, typeJSON, body))
			for method, call := range calls(t.Context(), newTestClient(t, srv.URL)) {
				err := call()
				if !isUnauthorized(err) || mayHaveHappened(err) || !strings.HasSuffix(err.Error(), want) {
					t.Errorf("%s: error %q, want one with %q", method, err, want)
				}
			}
		})
	}
}

// TestTokenComesBack has a server that quotes the request's header.
func TestTokenComesBack(t *testing.T) {
	for _, handle := range []http.HandlerFunc{
		text(400, typeJSON, fmt.Sprintf(`{"%[1]s":["Bearer %[1]s"],"detail":"%[1]s"}`, testToken)),
		text(400, "text/plain", "no "+testToken),
		text(302, "", "", "Location", "https://"+testToken+".example.com/"),
		text(200, typeJSON, testToken),
	} {
		srv := serve(t, handle)
		_, err := newTestClient(t, srv.URL).Create(t.Context(), stages, Object{})
		e, ok := errors.AsType[*Error](err)
		if !ok {
			t.Fatalf("error is %#v", err)
		}
		for e := error(e); e != nil; e = errors.Unwrap(e) {
			if all := fmt.Sprintf("%v %+v %#v", e, e, e); strings.Contains(all, testToken) {
				t.Errorf("the token is in %s", all)
			}
		}
	}
}

func TestOneLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text") + strings.Repeat(rapid.StringN(0, 3, -1).Draw(t, "piece"), 300)
		line := oneLine(text)
		if strings.ContainsAny(line, "\n\r\x1b") || len(line) > maxMessage+len("…") || utf8.ValidString(text) && !utf8.ValidString(line) {
			t.Errorf("%q became %q", text, line)
		}
	})
}

// recorded is one exchange with a real server.
type recorded struct {
	Name    string
	Request struct {
		Method, Path string
		Body         any
	}
	Response struct {
		Status  int
		Headers map[string]string
		Body    any
	}
}

func recordings(t *testing.T) map[string]recorded {
	t.Helper()
	file, err := os.Open("testdata/exchanges.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	all := map[string]recorded{}
	for decoder := json.NewDecoder(file); ; {
		var r recorded
		if err := decoder.Decode(&r); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all[r.Name] = r
	}
}

// answer replays what the real server said.
func (r recorded) answer(w http.ResponseWriter, _ *http.Request) {
	body, ok := r.Response.Body.(string)
	if !ok {
		data, err := json.Marshal(r.Response.Body)
		if err != nil {
			panic(err)
		}
		body = string(data)
	}
	w.Header().Set("Content-Type", r.Response.Headers["content-type"])
	w.WriteHeader(r.Response.Status)
	_, _ = io.WriteString(w, body)
}

// repeat makes the client's call for what was recorded.
func (r recorded) repeat(ctx context.Context, c *Client) error {
	path := strings.Trim(strings.TrimPrefix(r.Request.Path, "/api/v3/"), "/")
	parts := strings.SplitN(path, "/", 3)
	collection, key := strings.Join(parts[:2], "/"), strings.Join(parts[2:], "")
	var err error
	switch {
	case r.Request.Method == http.MethodDelete:
		err = c.Delete(ctx, collection, key)
	case r.Request.Method == http.MethodPut:
		if key == "" { // put-on-list, which the client cannot do
			key = "x"
		}
		_, err = c.Update(ctx, collection, key, Object{})
	case r.Request.Method == http.MethodPost:
		_, err = c.Create(ctx, collection, Object{})
	case path == "admin/version":
		_, err = c.Version(ctx)
	case key == "":
		_, err = c.List(ctx, collection, "pk", nil, 0)
	default:
		_, err = c.Retrieve(ctx, collection, key)
	}
	return err
}

// TestRecorded replays answers of a real authentik 2025.10.4.
func TestRecorded(t *testing.T) {
	type judged struct {
		Message                                            string
		NotFound, Unauthorized, Forbidden, Validation, May bool
	}
	forbidden := func(message string) *judged { return &judged{Message: message, Unauthorized: true} }
	lacking := func(message string) *judged { return &judged{Message: message, Unauthorized: true, Forbidden: true} }
	missing := func(message string) *judged { return &judged{Message: message, NotFound: true} }
	invalid := func(message string) *judged { return &judged{Message: message, Validation: true} }
	unknown := &judged{May: true}
	want := map[string]*judged{
		"admin-version": nil, "post-minimal": nil, "put-full": nil, "delete": nil, "flow-by-slug": nil,
		"admin-version-noauth":         forbidden("Authentication credentials were not provided."),
		"auth-bad-list":                forbidden("Token invalid/expired"),
		"auth-bad-post":                forbidden("Token invalid/expired"),
		"auth-none-get":                lacking("You do not have permission to perform this action."),
		"auth-weak-put":                lacking("You do not have permission to perform this action."),
		"flow-detail-404":              missing("No Flow matches the given query."),
		"get-404":                      missing("No PasswordStage matches the given query."),
		"put-unknown":                  missing("No PasswordStage matches the given query."),
		"delete-unknown":               missing("No PasswordStage matches the given query."),
		"list-page-2":                  missing("Invalid page."),
		"get-notuuid-dot":              {},
		"unknown-api-path":             {},
		"auth-nonascii-get":            {},
		"auth-nonascii-post":           unknown,
		"noslash-list-post":            unknown,
		"post-flowset-empty":           unknown,
		"put-flowset-new":              unknown,
		"race-post-2-loser":            unknown,
		"put-on-list":                  {Message: `Method "PUT" not allowed.`},
		"list-search-nul":              invalid("Null characters are not allowed."),
		"post-array":                   invalid("Invalid data. Expected a dictionary, but got list."),
		"post-malformed":               invalid("JSON parse error - unexpected end of data: line 1 column 10 (char 9)"),
		"post-dup-name":                invalid("name: stage with this name already exists."),
		"post-cf-notuuid":              invalid("configure_flow: “abc” is not a valid UUID."),
		"post-backends-unknown-second": invalid(`backends[1]: "nope.Backend" is not a valid choice.`),
		"post-flowset-existing":        invalid("flow_set[0].slug: Flow with this slug already exists."),
		"post-flowset-pkonly": invalid("flow_set[0].designation: This field is required.; flow_set[0].name: This field is required.; " +
			"flow_set[0].slug: This field is required.; flow_set[0].title: This field is required."),
		"post-multi-errors": invalid(`allow_show_password: Must be a valid boolean.; backends[0]: "x" is not a valid choice.; ` +
			`configure_flow: “y” is not a valid UUID.; failed_attempts_before_cancel: A valid integer is required.; name: This field may not be blank.`),
		// A page cut from a longer list, for any page that is asked for.
		"list-ordering-pk": {},
	}
	all := recordings(t)
	for name, want := range want {
		t.Run(name, func(t *testing.T) {
			r, ok := all[name]
			if !ok {
				t.Fatal("not in testdata/exchanges.jsonl")
			}
			srv := serve(t, r.answer)
			err := r.repeat(t.Context(), newTestClient(t, srv.URL))
			if want == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			e, ok := errors.AsType[*Error](err)
			if !ok {
				t.Fatalf("error is %#v", err)
			}
			got := &judged{e.Message(), isNotFound(err), isUnauthorized(err), e.Forbidden(), e.Validation(), mayHaveHappened(err)}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "<") {
				t.Errorf("error is %q", err)
			}
		})
	}
	for name := range all {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is recorded and not looked at", name)
		}
	}
}
