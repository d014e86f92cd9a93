package sync_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	gosync "sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/aksync/aksync/internal/authentik"
	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// faultyProxy stands between the client and the embedded server and lets
// requests go wrong as the queue says; when it is empty all goes well.
type faultyProxy struct {
	next *devserver.Server

	mutex  gosync.Mutex
	faults []fault
	// created counts what the server created in this history, by name.
	created map[string]int
	// acting lets the server do one thing at a time: of two writes at once a
	// real one may lose one, which is none of aksync's doing.
	acting gosync.Mutex
	// seen counts the requests; others are what somebody else does before
	// some of them.
	seen   int
	others map[int]func()
}

type fault string

// The faults: before the server acts, after it acted, or in its place.
const (
	none         fault = "none"
	resetBefore  fault = "reset before"
	resetAfter   fault = "reset after"
	halfBody     fault = "half body"
	garbage      fault = "garbage body"
	htmlPage     fault = "html page"
	empty405     fault = "empty 405"
	gateway502   fault = "502 before"
	timeout504   fault = "504 after"
	busy503      fault = "503 before"
	error500     fault = "500 before"
	tooMany429   fault = "429 before"
	starting503  fault = "503 with Retry-After"
	halfOfHeader fault = "reset in the header"
)

var faults = []fault{none, none, none, resetBefore, resetAfter, halfBody, garbage, htmlPage, empty405,
	gateway502, timeout504, busy503, error500, tooMany429, starting503, halfOfHeader}

func (p *faultyProxy) take() fault {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.seen++; p.others[p.seen] != nil {
		p.acting.Lock()
		p.others[p.seen]()
		p.acting.Unlock()
	}
	if len(p.faults) == 0 {
		return none
	}
	next := p.faults[0]
	p.faults = p.faults[1:]
	return next
}

// begin begins a history, in which somebody else does something before some of
// the requests.
func (p *faultyProxy) begin(others map[int]func()) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.seen, p.others, p.created = 0, others, map[string]int{}
}

// calm ends all faults, and what somebody else does.
func (p *faultyProxy) calm() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.faults, p.others = nil, nil
}

// createdSoFar gives what the server created in this history, by name.
func (p *faultyProxy) createdSoFar() map[string]int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return maps.Clone(p.created)
}

func (p *faultyProxy) set(faults []fault) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.faults = faults
}

func (p *faultyProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fail := func(status int, contentType string) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
	}
	switch p.take() {
	case resetBefore:
		panic(http.ErrAbortHandler)
	case empty405:
		if r.Method == http.MethodGet {
			fail(http.StatusInternalServerError, "text/html; charset=utf-8")
			return
		}
		fail(http.StatusMethodNotAllowed, "text/html; charset=utf-8")
	case gateway502:
		fail(http.StatusBadGateway, "text/html")
	case busy503:
		fail(http.StatusServiceUnavailable, "text/html")
	case error500:
		fail(http.StatusInternalServerError, "text/html")
	case tooMany429:
		w.Header().Set("Retry-After", "0")
		fail(http.StatusTooManyRequests, "text/html")
	case starting503:
		w.Header().Set("Retry-After", "0")
		fail(http.StatusServiceUnavailable, "text/html")
	case resetAfter:
		p.act(r)
		panic(http.ErrAbortHandler)
	case timeout504:
		p.act(r)
		fail(http.StatusGatewayTimeout, "text/html")
	case halfBody:
		answer := p.act(r)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(answer.Body.Len()+1))
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes()[:answer.Body.Len()/2])
		panic(http.ErrAbortHandler)
	case halfOfHeader:
		p.act(r)
		connection, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = connection.Write([]byte("HTTP/1.1 200 O"))
			_ = connection.Close()
		}
	case garbage:
		answer := p.act(r)
		fail(answer.Code, "application/json")
		_, _ = w.Write([]byte(`{"pk": `))
	case htmlPage:
		p.act(r)
		fail(http.StatusOK, "text/html")
		_, _ = w.Write([]byte("<!DOCTYPE html><title>Sign in</title>"))
	default:
		answer := p.act(r)
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	}
}

// act lets the server act, and counts what it creates.
func (p *faultyProxy) act(r *http.Request) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	p.acting.Lock()
	p.next.ServeHTTP(answer, r)
	p.acting.Unlock()
	if r.Method == http.MethodPost && answer.Code == http.StatusCreated {
		p.mutex.Lock()
		defer p.mutex.Unlock()
		var object struct{ Name string }
		if err := json.Unmarshal(answer.Body.Bytes(), &object); err != nil {
			panic(err)
		}
		p.created[object.Name]++
	}
	return answer
}

// wish is what one entry of a history wants of a stage.
type wish struct {
	name   string
	state  tree.State
	fields map[string]any
}

func (w wish) entry(place int) *tree.Entry {
	entry := &tree.Entry{
		Place: tree.Place{File: "history.yaml", Line: place + 1, Column: 1}, Path: schema.Index("entries", place),
		Model: stageModel, State: tree.Value{Data: string(w.state)},
		Identifiers: tree.Map{{Key: tree.Value{Data: "name"}, Value: tree.Value{Data: w.name}}},
	}
	for _, name := range slices.Sorted(maps.Keys(w.fields)) {
		entry.Attrs = append(entry.Attrs, tree.Member(tree.Place{}, name, tree.FromJSON(w.fields[name])))
	}
	return entry
}

// drawFields draws some of a stage's fields.
func drawFields(t *rapid.T, always ...string) map[string]any {
	all := map[string]*rapid.Generator[any]{
		"backends": rapid.SampledFrom([]any{
			[]any{"authentik.core.auth.InbuiltBackend"},
			[]any{"authentik.core.auth.TokenBackend", "authentik.core.auth.InbuiltBackend"},
			[]any{"authentik.sources.ldap.auth.LDAPBackend"},
		}),
		"failed_attempts_before_cancel": rapid.SampledFrom([]any{int64(1), int64(5), int64(9)}),
		"allow_show_password":           rapid.SampledFrom([]any{true, false}),
	}
	fields := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if slices.Contains(always, name) || rapid.Bool().Draw(t, name+" given") {
			fields[name] = all[name].Draw(t, name)
		}
	}
	return fields
}

var names = []string{"a", "b", "c", "d", "e"}

func drawWishes(t *rapid.T) []wish {
	var wishes []wish
	for _, name := range names {
		state := rapid.SampledFrom([]tree.State{"", tree.Present, tree.Present, tree.Created, tree.Absent}).Draw(t, "state of "+name)
		if state == "" {
			continue
		}
		wish := wish{name: name, state: state}
		if state != tree.Absent {
			wish.fields = drawFields(t, "backends")
		}
		wishes = append(wishes, wish)
	}
	return wishes
}

// wanted is what a stage has to be like in the end; nil where it has to be
// gone or was never there.
func (w wish) wanted(before schema.Object) map[string]any {
	if w.state == tree.Absent {
		return nil
	}
	if before != nil && w.state == tree.Created {
		return before
	}
	after := map[string]any{"name": w.name, "failed_attempts_before_cancel": int64(5), "allow_show_password": false, "configure_flow": nil}
	maps.Copy(after, before)
	maps.Copy(after, w.fields)
	return after
}

// stages gives the server's stages by name, with their writable fields only.
func stages(server *devserver.Server, kind *schema.Kind) map[string]schema.Object {
	byName := map[string]schema.Object{}
	for _, object := range server.All(stageModel) {
		plain := schema.Object{}
		for _, field := range kind.Fields.Names() {
			plain[field] = tree.FromJSON(object[field]).Plain()
		}
		byName[plain["name"].(string)] = plain
	}
	return byName
}

// somebody is another writer, who changes fields that no wish declares.
type somebody struct {
	server *devserver.Server
	// wrote is what was changed, by name and field, as far as the stage was
	// there.
	wrote map[string]map[string]any
}

// draw draws what somebody does before which request.
func (o *somebody) draw(t *rapid.T, wishes []wish) map[int]func() {
	others := map[int]func(){}
	for range rapid.IntRange(0, 4).Draw(t, "writes of somebody else") {
		name := rapid.SampledFrom(names).Draw(t, "whose")
		field := rapid.SampledFrom([]string{"failed_attempts_before_cancel", "allow_show_password"}).Draw(t, "which")
		var value any = int64(77)
		if field == "allow_show_password" {
			value = rapid.Bool().Draw(t, "to what")
		}
		declared := slices.ContainsFunc(wishes, func(w wish) bool { return w.name == name && w.fields[field] != nil })
		if !declared {
			others[rapid.IntRange(1, 40).Draw(t, "when")] = func() { o.write(name, field, value) }
		}
	}
	return others
}

// write is a PATCH, so that a stage that is deleted meanwhile does not come
// back.
func (o *somebody) write(name, field string, value any) {
	for _, object := range o.server.All(stageModel) {
		if object["name"] != name {
			continue
		}
		body, err := json.Marshal(map[string]any{field: value})
		if err != nil {
			panic(err)
		}
		request := httptest.NewRequest(http.MethodPatch, "/api/v3/stages/password/"+object["pk"].(string)+"/", bytes.NewReader(body))
		request.Header.Set("Authorization", "Bearer "+devserver.DevToken)
		request.Header.Set("Content-Type", "application/json")
		answer := httptest.NewRecorder()
		o.server.ServeHTTP(answer, request)
		if answer.Code == http.StatusNotFound {
			continue
		}
		if answer.Code != http.StatusOK {
			panic(answer.Body.String())
		}
		if o.wrote[name] == nil {
			o.wrote[name] = map[string]any{}
		}
		o.wrote[name][field] = value
	}
}

// For random desired states, live states and faults, repeated passes end in
// the desired state; nothing is created twice; nothing that is not declared
// changes, but by somebody else, whose changes are kept; and what a report calls
// done is done.
func TestHistories(t *testing.T) {
	s := withIdentification(t)
	kind := s.Kind(stageModel)
	handler, err := devserver.New(devserver.Config{Schema: s})
	if err != nil {
		t.Fatal(err)
	}
	proxy := &faultyProxy{next: handler}
	front := httptest.NewServer(proxy)
	defer front.Close()
	client, err := authentik.New(authentik.Config{
		URL: front.URL, Token: authentik.StaticToken(devserver.DevToken), RetryWait: time.Microsecond, Timeout: 10 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	rapid.Check(t, func(t *rapid.T) {
		for _, object := range handler.All(stageModel) {
			handler.Remove(stageModel, object["pk"].(string))
		}
		for _, name := range names {
			if rapid.Bool().Draw(t, name+" is live") {
				fields := drawFields(t, "backends")
				fields["name"] = name
				if _, err := handler.Put(stageModel, "", fields); err != nil {
					t.Fatal(err)
				}
			}
		}
		before := stages(handler, kind)
		wishes := drawWishes(t)
		var desired sync.Desired
		for i, wish := range wishes {
			desired.Entries = append(desired.Entries, wish.entry(i))
		}
		reconciler := &sync.Reconciler{
			Schema: s, API: client, Parallelism: 4,
			Source: &sourceOf{read: &sync.Blueprints{Desired: desired}},
		}
		other := &somebody{server: handler, wrote: map[string]map[string]any{}}
		proxy.begin(other.draw(t, wishes))
		for range rapid.IntRange(1, 3).Draw(t, "passes with faults") {
			proxy.set(rapid.SliceOfN(rapid.SampledFrom(faults), 0, 40).Draw(t, "faults"))
			checkPass(t, handler, kind, reconciler.Apply(context.Background(), sync.TriggerInterval))
		}
		proxy.calm()
		if pass := reconciler.Apply(context.Background(), sync.TriggerInterval); pass.Verdict() != sync.Success {
			t.Fatalf("without faults a pass is %s: %v %v", pass.Verdict(), pass.Err, pass.Problems())
		}
		if pass := reconciler.Apply(context.Background(), sync.TriggerInterval); pass.Verdict() != sync.Success || pass.Plan.HasChanges() {
			t.Fatalf("there are changes left: %v", sketch(pass.Plan))
		}
		checkEnd(t, before, stages(handler, kind), wishes, other.wrote)
		for name, times := range proxy.createdSoFar() {
			if times > 1 || before[name] != nil {
				t.Fatalf("%s was created %d times, and was there before: %t", name, times, before[name] != nil)
			}
		}
	})
}

// checkPass holds a report to what the server has.
func checkPass(t *rapid.T, server *devserver.Server, kind *schema.Kind, pass *sync.Pass) {
	if pass.Report == nil {
		return
	}
	live := stages(server, kind)
	for _, result := range pass.Report.Results {
		if result.Outcome != sync.Done {
			continue
		}
		object := live[result.Change.Name]
		if (result.Change.Action == sync.Delete) != (object == nil) {
			t.Fatalf("%s of %s is called done, and the stage is %v", result.Change.Action, result.Change.Name, object)
		}
		for _, field := range result.Change.Fields {
			if diff := cmp.Diff(field.After, object[field.Name]); diff != "" {
				t.Fatalf("%s of %s is called done, and %s is not (-want +live):\n%s", result.Change.Action, result.Change.Name, field.Name, diff)
			}
		}
	}
}

func checkEnd(t *rapid.T, before, after map[string]schema.Object, wishes []wish, wrote map[string]map[string]any) {
	want := map[string]schema.Object{}
	maps.Copy(want, before)
	for _, wish := range wishes {
		if wanted := wish.wanted(before[wish.name]); wanted != nil {
			want[wish.name] = wanted
		} else {
			delete(want, wish.name)
		}
	}
	for name, fields := range wrote {
		if want[name] != nil {
			want[name] = maps.Clone(want[name])
			maps.Copy(want[name], fields)
		}
	}
	if diff := cmp.Diff(want, after); diff != "" {
		t.Fatalf("the end (-want +got):\n%s", diff)
	}
}
