package sync_test

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aksync/aksync/internal/authentik"
	"github.com/aksync/aksync/internal/devserver"
	"github.com/aksync/aksync/internal/devserver/devtest"
	"github.com/aksync/aksync/internal/exemplar"
	"github.com/aksync/aksync/schema"
	"github.com/aksync/aksync/sync"
)

// The rights that are said to be needed are enough for every kind: objects are created,
// changed and deleted with them. None of them is too many: without it something fails,
// and the error names it.
func TestRightsOfEveryKind(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"2025.10.4", "2025.12.4"} {
		at := s.At(version)
		for _, kind := range at.Managed() {
			if !kind.Create || kind.Enterprise || kind.Owned != nil || exemplar.Untried(kind) != "" {
				continue
			}
			t.Run(version+"/"+kind.Model, func(t *testing.T) {
				r := newRightful(t, s, version)
				r.model = kind.Model
				e := &everyKind{Exemplar: exemplar.Of(t, at, r.server, kind), t: t, schema: at, kind: kind}
				// Some providers go with their application; an id is not for everybody to give.
				fields := e.Fields(0, func(f *schema.Field) bool { return f.Name != "backchannel_providers" && f.Name != kind.ID })
				steps := []string{e.entry(fields, "absent"), e.entry(fields, "present")}
				for _, ofItsOwn := range []bool{false, true} {
					if other := other(e, fields, ofItsOwn); other != nil {
						steps, fields = append(steps, e.entry(other, "present")), other
					}
				}
				for i, step := range append(steps, steps[0])[1:] {
					r.settle(steps[i], step)
				}
				for _, right := range r.untested() {
					t.Errorf("nothing fails without %s", right)
				}
			})
		}
	}
}

// rightful makes passes with the rights that are said to be needed, and with each of
// them missing.
type rightful struct {
	t           *testing.T
	schema      *schema.Schema
	version     string
	model       string
	server      *devserver.Server
	admin, user sync.API
	guards      sync.Guards
	limited     map[string][]string
	needed      map[string]bool // the rights, and whether something has failed without
}

const limitedToken = "limited"

func newRightful(t *testing.T, s *schema.Schema, version string) *rightful {
	r := &rightful{
		t: t, schema: s, version: version, limited: map[string][]string{limitedToken: nil}, needed: map[string]bool{},
		guards: sync.Guards{AllowInUse: true},
	}
	r.server = devtest.Seeded(t, devserver.Config{Schema: s, Version: version, Limited: r.limited})
	r.admin, r.user = devtest.Client(t, r.server, devserver.DevToken), devtest.Client(t, r.server, limitedToken)
	return r
}

// other are the fields with another value for the first that can be changed, or for all
// that have a request of their own; or nil.
func other(e *everyKind, full map[string]any, ofItsOwn bool) map[string]any {
	changed, count := maps.Clone(full), 0
	others := e.Fields(1, func(*schema.Field) bool { return true })
	for _, field := range e.kind.Fields.Fields {
		value, has := others[field.Name]
		if has && (field.Shown() || field.Proof != nil) && !e.Names(field.Name) && field.Name != e.kind.ID && (field.Via != nil) == ofItsOwn && (ofItsOwn || count == 0) &&
			!reflect.DeepEqual(value, full[field.Name]) {
			changed[field.Name] = value
			count++
		}
	}
	if count == 0 {
		return nil
	}
	return changed
}

// settle applies a blueprint from where another one leaves off: without each of the
// rights, as far as nothing has failed without it before; and then with all.
func (r *rightful) settle(before, text string) {
	r.t.Helper()
	desired := read(r.t, r.schema, map[string]string{"a.yaml": text})
	if len(desired.Entries) != 1 {
		r.t.Fatalf("it is no valid blueprint:\n%s", text)
	}
	var rights []string
	for _, needed := range sync.RightsFor(r.schema, r.version, desired, r.guards).Needed {
		rights = append(rights, needed.Permission)
		if _, known := r.needed[needed.Permission]; !known {
			r.needed[needed.Permission] = false
		}
	}
	for _, right := range rights {
		if !r.needed[right] && r.fail(right) {
			if pass := r.apply(r.admin, read(r.t, r.schema, map[string]string{"a.yaml": before})); pass.Verdict() != sync.Success {
				r.t.Fatalf("it can't be as before: %v %v %v\n%s", pass.Err, pass.Problems(), outcomes(pass.Report), before)
			}
			r.limited[limitedToken] = slices.DeleteFunc(slices.Clone(rights), func(other string) bool { return other == right })
			r.needed[right] = r.fails(right, desired)
		}
	}
	r.limited[limitedToken] = rights
	if pass := r.apply(r.user, desired); pass.Verdict() != sync.Success {
		r.t.Fatalf("with %v the pass is %s: %v %v %v\n%s", rights, pass.Verdict(), pass.Err, pass.Problems(), outcomes(pass.Report), text)
	}
}

func (r *rightful) apply(api sync.API, desired sync.Desired) *sync.Pass {
	reconciler := &sync.Reconciler{Schema: r.schema, API: api, Guards: r.guards, Source: &sourceOf{read: &sync.Blueprints{Desired: desired}}}
	return reconciler.Apply(context.Background(), sync.TriggerRequest)
}

// fail reports whether something is expected to fail without the right.
func (r *rightful) fail(right string) bool {
	return unfailing[right] == "" && unfailing[r.model+": "+right] == ""
}

// unfailing are rights without which nothing fails here, of one kind or of any, and why.
var unfailing = map[string]string{
	"authentik_core.view_propertymapping":                                    "without it nobody knows which the server has added, and they stay",
	"authentik_flows.view_flow":                                              "without it only the primary key of a flow is of use",
	"authentik_flows.view_flowstagebinding":                                  "likewise",
	"authentik_core.enable_group_superuser":                                  "the embedded server does not ask for it",
	"authentik_core.disable_group_superuser":                                 "likewise",
	"authentik_core.applicationentitlement: authentik_core.view_application": "likewise",
}

// fails makes a pass, and reports whether that fails. The error has to name the right.
func (r *rightful) fails(right string, desired sync.Desired) bool {
	pass := r.apply(r.user, desired)
	if pass.Verdict() == sync.Success {
		return false
	}
	var words []string
	if pass.Err != nil {
		words = append(words, pass.Err.Error())
	}
	for _, problem := range pass.Problems() {
		words = append(words, problem.Error())
	}
	if pass.Report != nil {
		for _, result := range pass.Report.Results {
			if result.Err != nil {
				words = append(words, result.Err.Error())
			}
		}
	}
	if text := strings.Join(words, "\n"); !strings.Contains(text, "the token's user lacks ") || !strings.Contains(text, right) {
		r.t.Errorf("without %s it fails and does not say so:\n%s", right, text)
	}
	return true
}

// untested are the rights without which nothing has failed.
func (r *rightful) untested() []string {
	var rights []string
	for _, right := range slices.Sorted(maps.Keys(r.needed)) {
		if !r.needed[right] && r.fail(right) {
			rights = append(rights, right)
		}
	}
	return rights
}

// A token that is not good is no matter of permissions.
func TestRefusedToken(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	r := newRightful(t, s, devserver.DefaultVersion)
	client := devtest.Client(t, r.server, "wrong")
	_, err = sync.ReadLive(t.Context(), r.schema, versioned{client}, []string{flowModel})
	if err == nil || !strings.HasSuffix(err.Error(), "403 Forbidden: Token invalid/expired") {
		t.Errorf("the error is %v", err)
	}
}

// versioned says its version to everybody.
type versioned struct{ sync.API }

func (versioned) Version(context.Context) (string, error) { return devserver.DefaultVersion, nil }

// A field that takes a permission of its own is refused by a complaint about it.
func TestRefusedField(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	desired := read(t, s, map[string]string{"a.yaml": "version: 1\nentries:\n- {model: " + groupModel + ", identifiers: {name: g}, attrs: {is_superuser: true}}\n"})
	reconciler, _ := started(t, s, desired)
	reconciler.API = refusing{reconciler.API}
	pass := reconciler.Apply(context.Background(), sync.TriggerRequest)
	if pass.Err != nil || pass.Report == nil || len(pass.Report.Results) != 1 {
		t.Fatalf("the pass is %v %v", pass.Err, pass.Problems())
	}
	if err := pass.Report.Results[0].Err; err == nil || !strings.HasSuffix(err.Error(), ": the token's user lacks authentik_core.enable_group_superuser") {
		t.Errorf("the error is %v", err)
	}
}

// refusing refuses to make superusers, as authentik does (core/api/groups.py).
type refusing struct{ sync.API }

func (refusing) Create(context.Context, string, schema.Object) (schema.Object, error) {
	return nil, &authentik.Error{Method: "POST", Path: "/api/v3/core/groups/", Status: 400, Fields: map[string][]string{
		"is_superuser": {"User does not have permission to set superuser status to True."},
	}}
}
