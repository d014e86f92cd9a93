package devserver

import (
	"maps"
	"slices"
	"strings"

	"github.com/aksync/aksync/schema"
)

// allowed is what can be allowed with the objects of one model.
type allowed struct {
	// Title is what authentik calls the model, where no kind says so.
	Title string `json:"title"`
	// Verbs are those of the usual ones that can be allowed, or all; Also is what can
	// be allowed beside them, by codename, with what people read of it.
	Verbs []string          `json:"verbs"`
	Also  map[string]string `json:"also"`
	// Declared is set where authentik's own blueprints can declare such objects,
	// though this schema manages none.
	Declared bool `json:"declared"`
	schema.Span
}

// verbs begin the codenames of what can be allowed with all models.
var verbs = []string{"add", "change", "delete", "view"}

// addPermissions adds what can be allowed with the objects of each model.
func (s *store) addPermissions() {
	t := s.kinds[s.facts.Permission]
	if t == nil {
		return
	}
	titles := map[string]string{}
	for model, what := range s.facts.Permissions {
		if what.Title != "" && what.Has(s.version) {
			titles[model] = what.Title
		}
	}
	for _, model := range s.models {
		if title := s.kinds[model].about.Verbose; title != "" {
			titles[model] = title
		}
	}
	for _, model := range slices.Sorted(maps.Keys(titles)) {
		s.addAllowed(t, model, titles[model], s.facts.Permissions[model])
	}
}

// addAllowed adds what can be allowed with the objects of one model.
func (s *store) addAllowed(t *table, model, title string, what *allowed) {
	app, name, _ := strings.Cut(model, ".")
	add := func(codename, text string) {
		s.put(t, s.newPK(t), map[string]any{
			"codename": codename, "name": text, "model": name, "app_label": app,
			"app_label_verbose": appTitle(app), "model_verbose": title,
		})
	}
	if what == nil {
		what = &allowed{}
	}
	usual := what.Verbs
	if usual == nil {
		usual = verbs
	}
	for _, verb := range usual {
		add(verb+"_"+name, "Can "+verb+" "+title)
	}
	also := inVersion(what.Also, s.version)
	for _, codename := range slices.Sorted(maps.Keys(also)) {
		add(codename, also[codename])
	}
}

// grantAll lets somebody do the same with all objects that blueprints can declare
// (default/rbac-role-read-only.yaml).
func (s *store) grantAll(holder *object, verb string) {
	for _, permission := range s.permissions() {
		name, app := pkText(permission.fields["model"]), pkText(permission.fields["app_label"])
		if s.isDeclared(app+"."+name) && permission.fields["codename"] == verb+"_"+name {
			s.give(holder, permission, "", "")
		}
	}
}

func (s *store) isDeclared(model string) bool {
	what, t := s.facts.Permissions[model], s.kinds[model]
	return t != nil && t.kind.Managed || what != nil && what.Declared
}

// permissions are all of them.
func (s *store) permissions() []*object {
	if t := s.kinds[s.facts.Permission]; t != nil {
		return t.inPKOrder.objects
	}
	return nil
}

// codenames are what can be allowed with the objects of an app.
func (s *store) codenames(app string) []any {
	list := []any{}
	for _, o := range s.permissions() {
		if o.fields["app_label"] == app {
			list = append(list, o.fields["codename"])
		}
	}
	return list
}

// appTitle is what authentik calls an app for people.
func appTitle(app string) string {
	words := strings.Split(app, "_")
	for i, word := range words[1:] {
		words[i+1] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, " ")
}
