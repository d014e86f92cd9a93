package devserver_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

const (
	stageModel = "authentik_stages_password.passwordstage"
	flowModel  = "authentik_flows.flow"
)

// exchange is what was sent to a real authentik and what it answered.
type exchange struct {
	Name    string
	Request struct {
		Method, Path string
		Query        json.RawMessage
		Headers      map[string]string
		Body         json.RawMessage
		BodyRaw      *string `json:"body_raw"`
	}
	Response struct {
		Status  int
		Headers map[string]string
		Body    any
	}
}

// excuse gives the entry of notReproduced that is about the exchange.
func (x exchange) excuse(version string) string {
	for _, entry := range []string{x.Name, version + " " + x.Name} {
		if notReproduced[entry] != "" {
			return entry
		}
	}
	return ""
}

// The tokens of the records.
const (
	recordedAdmin  = "an-example-token"
	recordedNobody = "another-example-token"
)

// notServed are the endpoints of the records that aksync has no use for.
var notServed = []string{
	"/api/v3/core/users/me/", "/api/v3/stages/all/types/",
	"/api/v3/schema/", "/api/v3/flows/bindings/",
}

// notReproduced says why exchanges of an endpoint that is served are not
// reproduced; a name stands for all exchanges of that name, with the version in
// front for those of that version only.
var notReproduced = map[string]string{
	"options-list":              "the labels and help texts of fields are not in the schema",
	"options-detail":            "the labels and help texts of fields are not in the schema",
	"2025.10.4 post-lang-de":    "messages are in English only, which is what aksync asks for",
	"2025.10.4 get-404-lang-de": "messages are in English only, which is what aksync asks for",
}

func TestReplay(t *testing.T) {
	for _, version := range []string{"2024.12.5", "2025.10.4"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			replay(t, version)
		})
	}
}

func replay(t *testing.T, version string) {
	r := newReplayer(t, version)
	excused := map[string]int{}
	compared, served := 0, 0
	for i, x := range r.exchanges {
		r.server.BeforeWrite(nil)
		r.setUp(i)
		if slices.ContainsFunc(notServed, func(path string) bool { return strings.HasPrefix(x.Request.Path, path) }) {
			continue
		}
		served++
		diff := r.run(x)
		entry := x.excuse(version)
		switch {
		case entry != "":
			excused[entry]++
			if diff == "" {
				t.Errorf("%s is reproduced, and not to be in the list (%s)", x.Name, notReproduced[entry])
			}
		case diff != "":
			t.Errorf("%d %s %s %s (-recorded +answered):\n%s", i, x.Name, x.Request.Method, x.Request.Path, diff)
		default:
			compared++
		}
	}
	for entry := range notReproduced {
		otherVersion := strings.HasPrefix(entry, "20") && !strings.HasPrefix(entry, version)
		if excused[entry] == 0 && !otherVersion {
			t.Errorf("the list names %s, which is no exchange", entry)
		}
	}
	t.Logf("%d of %d exchanges are of endpoints that are served; %d are reproduced, %d are not",
		served, len(r.exchanges), compared, served-compared)
}

// replayer plays the records against a server of its own.
type replayer struct {
	t         *testing.T
	server    *devserver.Server
	exchanges []exchange
	// known are the stages that the server holds or held, by pk.
	known map[string]bool
}

func newReplayer(t *testing.T, version string) *replayer {
	t.Helper()
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	server, err := devserver.New(devserver.Config{Schema: s, Version: version, Admin: recordedAdmin, Nobody: recordedNobody})
	if err != nil {
		t.Fatal(err)
	}
	r := &replayer{t: t, server: server, exchanges: readExchanges(t, version), known: map[string]bool{}}
	r.setUpBefore()
	return r
}

func readExchanges(t *testing.T, version string) []exchange {
	t.Helper()
	file, err := os.Open("../../testdata/exchanges/" + version + ".jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var list []exchange
	for decoder := json.NewDecoder(file); decoder.More(); {
		var x exchange
		decoder.UseNumber()
		if err := decoder.Decode(&x); err != nil {
			t.Fatal(err)
		}
		list = append(list, x)
	}
	return list
}

func (r *replayer) named(name string) exchange {
	r.t.Helper()
	at := slices.IndexFunc(r.exchanges, func(x exchange) bool { return x.Name == name })
	if at < 0 {
		r.t.Fatalf("there is no exchange %s", name)
	}
	return r.exchanges[at]
}

// results gives the objects of a recorded list or of a single one.
func (x exchange) results() []map[string]any {
	body, _ := x.Response.Body.(map[string]any)
	if list, isList := body["results"].([]any); isList {
		objects := make([]map[string]any, len(list))
		for i, object := range list {
			objects[i], _ = object.(map[string]any)
		}
		return objects
	}
	if body["meta_model_name"] == stageModel {
		return []map[string]any{body}
	}
	return nil
}

// setUpBefore makes the state that the recording began with: the flows, their
// stages of all kinds, and their policies.
func (r *replayer) setUpBefore() {
	r.t.Helper()
	flows := r.named("flow-list-ps20").results()
	for _, flow := range flows {
		r.put(flowModel, flow)
	}
	models := map[string]string{}
	for _, stage := range r.named("stages-all").results() {
		model, _ := stage["meta_model_name"].(string)
		pk, _ := stage["pk"].(string)
		if model != stageModel {
			r.put(model, stage)
			models[pk] = model
		} else if stage["name"] == "default-authentication-password" {
			r.put(stageModel, r.whole(pk))
			models[pk] = model
		}
	}
	for _, flow := range flows {
		r.bindAll(flow, models)
	}
}

// whole is a stage as some exchange shows it.
func (r *replayer) whole(pk string) map[string]any {
	for _, x := range r.exchanges {
		for _, stage := range x.results() {
			if stage["pk"] == pk && stage["backends"] != nil {
				return stage
			}
		}
	}
	return nil
}

// bindAll binds a flow's stages and policies to it.
func (r *replayer) bindAll(flow map[string]any, models map[string]string) {
	r.t.Helper()
	pk, _ := flow["pk"].(string)
	for i, stage := range flow["stages"].([]any) {
		if err := r.server.Bind(models[stage.(string)], stage.(string), pk, 10*(i+1)); err != nil {
			r.t.Fatal(err)
		}
	}
	for _, policy := range flow["policies"].([]any) {
		r.put("authentik_policies_expression.expressionpolicy", map[string]any{"pk": policy, "name": policy})
		r.put("authentik_policies.policybinding", map[string]any{"pk": uuid.NewString(), "target": pk, "policy": policy})
	}
}

// setUp makes the changes before exchange i that the recording script made
// without recording them, as far as they show in what the records see: stages
// that no recorded request created, names that were taken, a binding, and what
// was tidied up before a whole list.
func (r *replayer) setUp(i int) {
	x := r.exchanges[i]
	switch {
	case x.Name == "list-ps1":
		r.reveal(r.named("list-ps100").results())
	case x.Name == "bind-create":
		r.bindAsRecorded(x)
	case slices.Contains([]string{"race-post-2-loser", "race-post-8-loser", "race-rename-loser", "swap-direct"}, x.Name):
		r.ensurePK(i)
		if x.Response.Status == http.StatusMethodNotAllowed {
			r.server.BeforeWrite(func() { r.ensureName(x) }) // somebody came in between
		} else {
			r.ensureName(x)
		}
	case slices.Contains([]string{"delete", "put-name-too-long"}, x.Name):
		r.ensurePK(i)
	case x.Name == "get-uuid-braces":
		r.put(stageModel, x.results()[0]) // changed since put-name-too-long-after
	case x.Response.Status == http.StatusOK && x.Request.Method == http.MethodGet && strings.HasPrefix(x.Request.Path, "/api/v3/stages/password/"):
		r.reveal(x.results())
	}
	if slices.Contains(wholeLists, x.Name) {
		r.tidyUp(x)
	}
}

// reveal adds the stages that are seen for the first time.
func (r *replayer) reveal(stages []map[string]any) {
	for _, stage := range stages {
		if pk, _ := stage["pk"].(string); stage["meta_model_name"] == stageModel && !r.known[pk] {
			r.put(stageModel, stage)
			r.bind(stage)
		}
	}
}

// ensurePK adds the stage that a path ends with: as a later exchange shows it,
// or else under a name of its own.
func (r *replayer) ensurePK(i int) {
	pk := strings.TrimSuffix(strings.TrimPrefix(r.exchanges[i].Request.Path, "/api/v3/stages/password/"), "/")
	if pk == "" || r.known[pk] {
		return
	}
	for _, later := range r.exchanges[i:] {
		for _, stage := range later.results() {
			if stage["pk"] == pk {
				r.put(stageModel, stage)
				return
			}
		}
	}
	r.put(stageModel, map[string]any{"pk": pk, "name": "stage " + pk, "backends": []any{"authentik.core.auth.InbuiltBackend"}})
}

// ensureName adds a stage that has the name which a body asks for.
func (r *replayer) ensureName(x exchange) {
	r.t.Helper()
	var body struct{ Name string }
	if err := json.Unmarshal(x.Request.Body, &body); err != nil {
		r.t.Fatal(err)
	}
	r.put(stageModel, map[string]any{
		"pk": uuid.NewString(), "name": body.Name, "backends": []any{"authentik.core.auth.InbuiltBackend"},
	})
}

func (r *replayer) bindAsRecorded(x exchange) {
	r.t.Helper()
	var body struct {
		Target, Stage string
		Order         int
	}
	if err := json.Unmarshal(x.Request.Body, &body); err != nil {
		r.t.Fatal(err)
	}
	r.put(stageModel, map[string]any{"pk": body.Stage, "name": "bound", "backends": []any{"authentik.core.auth.InbuiltBackend"}})
	if err := r.server.Bind(stageModel, body.Stage, body.Target, body.Order); err != nil {
		r.t.Fatal(err)
	}
}

func (r *replayer) tidyUp(x exchange) {
	kept := map[string]bool{}
	for _, stage := range x.results() {
		kept[stage["pk"].(string)] = true
	}
	for _, stage := range r.server.All(stageModel) {
		if pk := stage["pk"].(string); !kept[pk] {
			r.server.Remove(stageModel, pk)
		}
	}
}

// wholeLists are lists before which the recording script tidied up.
var wholeLists = []string{"final-list", "final-list2"}

func (r *replayer) put(model string, object map[string]any) {
	r.t.Helper()
	pk, _ := object["pk"].(string)
	r.known[pk] = true
	plain, _ := tree.FromJSON(object).Plain().(map[string]any)
	fields := maps.Clone(plain)
	delete(fields, "flow_set")
	if _, err := r.server.Put(model, pk, fields); err != nil {
		r.t.Fatal(err)
	}
}

func (r *replayer) bind(stage map[string]any) {
	r.t.Helper()
	flows, _ := stage["flow_set"].([]any)
	bound, _ := r.server.Get(stageModel, stage["pk"].(string))["flow_set"].([]any)
	if len(bound) == len(flows) {
		return
	}
	for _, flow := range flows {
		flowPK, _ := flow.(map[string]any)["pk"].(string)
		if err := r.server.Bind(stageModel, stage["pk"].(string), flowPK, 20); err != nil {
			r.t.Fatal(err)
		}
	}
}

// run sends an exchange's request and gives how the answer differs.
func (r *replayer) run(x exchange) string {
	r.t.Helper()
	recorder := httptest.NewRecorder()
	r.server.ServeHTTP(recorder, x.request(r.t))
	answer := recorder.Result()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	got := seen{Status: answer.StatusCode, Headers: map[string]string{}}
	want := seen{Status: x.Response.Status, Headers: map[string]string{}}
	for _, name := range []string{"Content-Type", "Content-Language", "Vary", "Allow"} {
		got.Headers[name], want.Headers[name] = answer.Header.Get(name), x.Response.Headers[strings.ToLower(name)]
	}
	switch {
	case strings.HasPrefix(got.Headers["Content-Type"], "text/html"):
		got.Body, want.Body = htmlShape(string(body)), htmlShape(fmt.Sprint(x.Response.Body))
	case len(body) > 0 && x.Request.Method != http.MethodHead:
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		var decoded any
		if err := decoder.Decode(&decoded); err != nil {
			r.t.Fatalf("%s: the answer is no JSON: %v: %s", x.Name, err, body)
		}
		got.Body, want.Body = decoded, x.Response.Body
		if got.Status == http.StatusCreated && want.Status == http.StatusCreated {
			r.adopt(decoded.(map[string]any), x.Response.Body.(map[string]any))
		}
	default:
		got.Body, want.Body = "", fmt.Sprint(x.Response.Body)
		if x.Request.Method == http.MethodHead {
			want.Body = ""
		}
	}
	got.Body, want.Body = withoutChance(got.Body), withoutChance(want.Body)
	return cmp.Diff(want, got)
}

// seen is what is compared of an answer.
type seen struct {
	Status  int
	Headers map[string]string // those that matter
	Body    any
}

// htmlShape is all that is compared of a page for people.
func htmlShape(body string) string {
	if strings.Contains(body, "<!DOCTYPE html>") {
		return "a page"
	}
	return body
}

// adopt gives an object that was created the primary key of the records,
// which is random, so that later exchanges find it.
func (r *replayer) adopt(made, recorded map[string]any) {
	r.t.Helper()
	pk, _ := made["pk"].(string)
	if made["meta_model_name"] != stageModel || len(pk) != 36 {
		return
	}
	r.server.Remove(stageModel, pk)
	object := maps.Clone(made)
	object["pk"] = recorded["pk"]
	r.put(stageModel, object)
	made["pk"] = recorded["pk"]
}

// withoutChance leaves out what is random: the primary keys of bindings, and
// the order of a flow's stages and a stage's flows, which is another one in each
// answer.
func withoutChance(body any) any {
	switch body := body.(type) {
	case []any:
		for _, element := range body {
			withoutChance(element)
		}
	case map[string]any:
		if body["model_name"] == "flowstagebinding" {
			delete(body, "pk")
		}
		for _, name := range []string{"stages", "flow_set"} {
			if list, isList := body[name].([]any); isList {
				slices.SortFunc(list, func(a, b any) int { return strings.Compare(sortText(a), sortText(b)) })
			}
		}
		withoutChance(body["results"])
	}
	return body
}

var cut = regexp.MustCompile(`(?s)^(.*)\.\.\.\[cut, (\d+) chars\](.*)$`)

// uncut makes up for what the records left out of a long text.
func uncut(text string) string {
	match := cut.FindStringSubmatch(text)
	if match == nil {
		return text
	}
	var length int
	if _, err := fmt.Sscan(match[2], &length); err != nil {
		panic(err)
	}
	head, tail := match[1], match[3]
	filler := make([]byte, 0, length)
	random := uint32(1)
	compressible := strings.HasSuffix(head, strings.Repeat("x", 20))
	for len(filler) < length-len(head)-len(tail) {
		random = random*1664525 + 1013904223
		digit := byte('x')
		if !compressible {
			digit = "0123456789abcdef"[random>>28]
		}
		filler = append(filler, digit)
	}
	return head + string(filler) + tail
}

// request makes the recorded request.
func (x exchange) request(t *testing.T) *http.Request {
	t.Helper()
	// The records have the path of root-config wrong.
	x.Request.Path = strings.Replace(x.Request.Path, "/api/v3<path>", "/api/v3/root/config/", 1)
	target := &url.URL{Path: x.Request.Path, RawQuery: x.query(t)}
	if decoded, err := url.PathUnescape(x.Request.Path); err == nil && decoded != x.Request.Path {
		target.Path, target.RawPath = decoded, x.Request.Path
	}
	request := httptest.NewRequest(x.Request.Method, "http://authentik.test/", strings.NewReader(x.body(t)))
	request.URL.Path, request.URL.RawPath, request.URL.RawQuery = target.Path, target.RawPath, target.RawQuery
	request.Header = http.Header{}
	for name, value := range x.Request.Headers {
		request.Header.Set(name, value)
	}
	return request
}

func (x exchange) query(t *testing.T) string {
	t.Helper()
	var raw string
	if json.Unmarshal(x.Request.Query, &raw) == nil {
		return uncut(raw)
	}
	var fields map[string]any
	decoder := json.NewDecoder(bytes.NewReader(x.Request.Query))
	decoder.UseNumber()
	if len(x.Request.Query) == 0 {
		return ""
	}
	if err := decoder.Decode(&fields); err != nil {
		t.Fatalf("%s: %v", x.Name, err)
	}
	query := url.Values{}
	for name, value := range fields {
		query.Set(name, fmt.Sprint(value))
	}
	return query.Encode()
}

// body is the recorded body as it was sent.
func (x exchange) body(t *testing.T) string {
	t.Helper()
	switch raw := x.Request.BodyRaw; {
	case x.Name == "post-ctype-latin1":
		return strings.ReplaceAll(*raw, "\ufffd", "\xe9") // the records can't hold the byte
	case x.Name == "post-bad-utf8":
		return strings.ReplaceAll(*raw, "\ufffd", "\xff")
	case x.Name == "body-3mb":
		return strings.TrimSuffix(*raw, "...[cut, 12000 chars]") + strings.Repeat("x", 3<<20) + `"}`
	case x.Name == "body-33mb":
		return strings.TrimSuffix(*raw, "...[cut, 12000 chars]") + strings.Repeat("x", 33<<20) + `","backends":["authentik.core.auth.InbuiltBackend"]}`
	case raw != nil:
		return uncut(*raw)
	}
	if string(x.Request.Body) == "null" || len(x.Request.Body) == 0 {
		return ""
	}
	var fields map[string]any
	if json.Unmarshal(x.Request.Body, &fields) != nil {
		return string(x.Request.Body)
	}
	if name, isText := fields["name"].(string); isText && cut.MatchString(name) {
		fields["name"] = uncut(name)
		text, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	return string(x.Request.Body)
}
