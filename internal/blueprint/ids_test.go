package blueprint_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aksync/aksync/internal/blueprint"
	"github.com/aksync/aksync/internal/tree"
)

const knownUUID = "6b9dfcb3-1f5e-4b0c-9f0e-000000000001"

// answerIDs answers as a planner does: live has a known key, new is created by
// change 7, and nothing else is there.
func answerIDs(ref tree.Reference) (tree.Value, error) {
	slug := ""
	for _, condition := range ref.Where {
		slug = fmt.Sprint(condition.Value.Plain())
	}
	switch {
	case slug == "live" && ref.Tag == tree.TagFindObject:
		return tree.FromJSON(map[string]any{"pk": knownUUID, "slug": "live", "stages": []any{"a"}}), nil
	case slug == "live":
		return tree.Value{Data: tree.ID{Known: knownUUID}}, nil
	case slug == "new":
		return tree.Value{Data: tree.ID{Change: 7}}, nil
	default:
		return tree.Value{}, errors.New("nothing is found")
	}
}

// readAny reads one blueprint, valid or not.
func readAny(t *testing.T, options blueprint.Options, text string) *blueprint.File {
	t.Helper()
	inFolder(t, map[string]string{"x.yaml": text})
	return read(t, newReader(t, options), ".").Files[0]
}

// resolveAttribute evaluates an expression, in which LIVE and NEW are references,
// and resolves it.
func resolveAttribute(t *testing.T, expression string) (any, error) {
	t.Helper()
	expression = strings.NewReplacer(
		"OBJECT", "!FindObject [authentik_flows.flow, [slug, live]]",
		"LIVE", "!Find [authentik_flows.flow, [slug, live]]",
		"NEW", "!Find [authentik_flows.flow, [slug, new]]",
	).Replace(expression)
	file := readAny(t, blueprint.Options{Schema: loaded(t, freeSchema)},
		"entries:\n- model: authentik_core.group\n  identifiers: {name: x}\n  attrs:\n    attributes: "+expression+"\n")
	if len(file.Problems) > 0 {
		return nil, file.Problems[0]
	}
	value := attributes(file)
	once, err := value.Resolve(answerIDs)
	if err != nil {
		return nil, err
	}
	again, err := value.Resolve(answerIDs)
	if err != nil || once.HasPending() {
		t.Errorf("%s: resolved again it is %v, %v", expression, again.Plain(), err)
	}
	if diff := cmp.Diff(once.Plain(), again.Plain()); diff != "" {
		t.Errorf("%s: resolved again it is another value:\n%s", expression, diff)
	}
	return once.Plain(), nil
}

// What references find is a key, as in authentik, and no text; and one that is known
// only after apply stays what it is, or a part of a text. Nothing is left to be
// evaluated.
func TestKeysInExpressions(t *testing.T) {
	later := tree.ID{Change: 7}
	for _, tt := range []struct {
		expression string
		want       any
	}{
		{`LIVE`, knownUUID},
		{`NEW`, later},
		{`[LIVE, NEW, x]`, []any{knownUUID, later, "x"}},
		{`{a: NEW, b: [LIVE]}`, map[string]any{"a": later, "b": []any{knownUUID}}},
		{`!If [NEW, LIVE, null]`, knownUUID},
		{`!If [LIVE, NEW, null]`, later},
		{`!If [!Condition [AND, NEW, LIVE], yes, no]`, true},
		{`!Format ["%s", LIVE]`, knownUUID},
		{`!Format ["%s-%%-%s", NEW, LIVE]`, tree.Text{later, "-%-" + knownUUID}},
		{`!Format ["<%s>", !Format ["a %s", NEW]]`, tree.Text{"<a ", later, ">"}},
		{`!Format ["%40s|", LIVE]`, "    " + knownUUID + "|"},
		{`!Format ["x=%s", !If [true, [!AtIndex [OBJECT, slug]], null]]`, "x=['live']"},
		{`!Format ["x=%s", !If [true, [LIVE, 1], null]]`, "x=[UUID('" + knownUUID + "'), 1]"},
		{`!Format ["x=%s", !If [true, {a: !AtIndex [OBJECT, stages]}, null]]`, "x={'a': ['a']}"},
		{`!Enumerate [!If [true, [NEW, LIVE], null], SEQ, !Value 0]`, []any{later, knownUUID}},
		{`!Enumerate [!AtIndex [OBJECT, stages], MAP, [!Value 0, NEW]]`, map[string]any{"a": later}},
		{`!AtIndex [!If [true, [NEW, x], null], 0]`, later},
		{`OBJECT`, map[string]any{"pk": knownUUID, "slug": "live", "stages": []any{"a"}}},
	} {
		t.Run(tt.expression, func(t *testing.T) {
			got, err := resolveAttribute(t, tt.expression)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What authentik can't do with a key is refused, and so is what needs one that is
// not known yet; no message and no value shows how Go writes it.
func TestKeysThatAreNotTaken(t *testing.T) {
	for expression, want := range map[string]string{
		`!Enumerate [LIVE, SEQ, !Value 0]`:                         "!Enumerate wants a list or a mapping: it got the key of an object",
		`!Enumerate [NEW, SEQ, !Value 0]`:                          "!Enumerate wants a list or a mapping: it got a key that is known after apply",
		`!Enumerate [!Format ["%s", NEW], SEQ, !Value 0]`:          "it got text with a key that is known after apply",
		`!AtIndex [LIVE, 0]`:                                       "!AtIndex wants a list or a mapping: it got the key of an object",
		`!AtIndex [text, LIVE, 1]`:                                 "!AtIndex wants a list or a mapping: it got text",
		`!AtIndex [!If [true, {a: 1}, null], LIVE, 1]`:             "!AtIndex wants a key: it got the key of an object",
		`!AtIndex [!If [true, [1], null], NEW, 1]`:                 "wants a whole number to find an element of a list: it got a key that is known after apply",
		`!Format ["%d", NEW]`:                                      "%d wants a number: it got a key that is known after apply",
		`!Format ["%r", NEW]`:                                      "%r: the key of an object that this pass creates is known after apply",
		`!Format ["%9s", NEW]`:                                     "%9s: the key of an object that this pass creates is known after apply",
		`!Format ["%s", !If [true, [NEW], null]]`:                  "%s: the key of an object that this pass creates is known after apply",
		`!Format ["%s", OBJECT]`:                                   "a whole object is written by authentik in a form of its own",
		`!Format ["%s", !If [true, [OBJECT], null]]`:               "a whole object is written by authentik in a form of its own",
		`!Format ["%5%"]`:                                          "%5% is no conversion that Python knows",
		`!Enumerate [!If [true, [NEW], null], MAP, [!Value 0, x]]`: "a key that is known after apply can't be a key: want text",
		`!Format ["%s", !If [LIVE, [!Find [authentik_flows.flow, [slug, none]]], null]]`: "nothing is found",
	} {
		t.Run(expression, func(t *testing.T) {
			got, err := resolveAttribute(t, expression)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("it is %v, %v\nwant %s", got, err, want)
			}
			if err != nil && (strings.Contains(err.Error(), "0x") || strings.Contains(err.Error(), "&{")) {
				t.Errorf("the message shows Go's own form: %v", err)
			}
		})
	}
}

// A variable that is empty is told from one that is not set, and one whose value is
// an address with a password is not read unless that is allowed by name.
func TestEnvironment(t *testing.T) {
	const secret = "s3cr3t"
	variables := map[string]string{
		"EMPTY": "", "PLAIN": "https://example.com/a?b=c", "PG": "postgres://user:" + secret + "@host/db", "MYSQL": "root:" + secret + "@tcp(db:3306)/x",
		"ODBC": "Server=db;Password=" + secret + ";", "REDIS": "redis://:" + secret + "@cache", "DATABASE_URL": "x", "MAIL": "somebody@example.com",
	}
	for name, want := range map[string]string{
		"EMPTY": "is set and empty, which authentik takes for not set", "UNSET": "is not set: set it", "PLAIN": "", "MAIL": "",
		"PG": "looks like an address with a password in it and the field name is shown in plans: want it in a sensitive field, or allow it with --env-allow PG", "MYSQL": "a password", "ODBC": "a password", "REDIS": "a password",
		"DATABASE_URL": "may not be read here, since its name looks like a secret's",
	} {
		options := blueprint.Options{LookupEnv: environment(variables)}
		text := "entries:\n- model: " + stageModel + "\n  identifiers: {name: !Env " + name + "}\n"
		got := readAny(t, options, text).Problems
		if (want == "") != (len(got) == 0) || want != "" && !strings.Contains(got[0].Message, want) || strings.Contains(fmt.Sprint(got), secret) {
			t.Errorf("%s: got %v, want %q", name, got, want)
		}
		options.EnvAllow = []string{name}
		if got := readAny(t, options, text).Problems; variables[name] != "" && len(got) > 0 {
			t.Errorf("%s: allowed, and got %v", name, got)
		}
	}
}
