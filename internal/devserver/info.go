package devserver

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/aksync/aksync/schema"
)

// health is health-live and health-ready.
func health(*Server, *request) response {
	return response{status: http.StatusOK, html: true, allow: []string{}}
}

// adminVersion is admin-version.
func (s *Server) adminVersion(*request) response {
	return ok(map[string]any{
		"version_current": s.config.Version, "version_latest": s.config.Version, "version_latest_valid": true,
		"build_hash": "", "outdated": false, "outpost_outdated": false,
	})
}

// rootConfig is root-config.
func (s *Server) rootConfig(*request) response {
	config := map[string]any{
		"error_reporting": map[string]any{
			"enabled": false, "sentry_dsn": "https://sentry.example.invalid/1", "environment": "customer",
			"send_pii": false, "traces_sample_rate": 0.1,
		},
		"capabilities":  []string{"can_impersonate", "is_enterprise"},
		"cache_timeout": 300, "cache_timeout_flows": 300, "cache_timeout_policies": 300,
	}
	if s.version.reputationTimeout {
		config["cache_timeout_reputation"] = 0
	}
	return ok(config)
}

// options is auth-weak-options: what a client may do is not told, since the
// schema does not hold authentik's labels and help texts.
func options(name, description string) handler {
	return func(*Server, *request) response {
		return ok(map[string]any{
			"name":        name,
			"description": description,
			"renders":     []string{"application/json"},
			"parses":      []string{"application/json"},
		})
	}
}

// titleOf is the kind's title in capitals, such as Password Stage.
func titleOf(kind *schema.Kind) string {
	words := strings.Fields(kind.Title)
	for i, word := range words {
		words[i] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, " ")
}

// className is what authentik calls the kind's class, such as PasswordStage.
func className(kind *schema.Kind) string {
	if kind.Class != "" {
		return kind.Class
	}
	return strings.ReplaceAll(titleOf(kind), " ", "")
}

// me is who asks (special/core-users-me).
func (s *Server) me(r *request) response {
	s.store.RLock()
	defer s.store.RUnlock()
	caller := s.caller()
	if caller == nil {
		return detail(http.StatusForbidden, noPermission)
	}
	v := view{store: s.store, host: r.Host}
	user := v.object(caller, []string{"pk", "username", "name", "is_active", "is_superuser", "email", "avatar", "uid", "type"})
	for _, field := range s.store.facts.Caller.Lists {
		if caller.table.field(field) != nil {
			user[field] = v.named(caller, field)
		}
	}
	user["settings"], user["system_permissions"] = map[string]any{}, s.store.codenames(s.store.facts.Caller.System)
	return ok(map[string]any{"user": user})
}

// named are the objects that a list refers to, and those that they inherit from, by
// name (UserSelfSerializer in authentik/core/api/users.py).
func (v view) named(o *object, field string) []any {
	var found []*object
	model := o.table.refers(field)
	for _, other := range v.above(o) {
		if other.table.kind.Is(model) {
			found = append(found, other)
		}
	}
	slices.SortStableFunc(found, func(a, b *object) int { return cmp.Compare(pkText(a.fields["name"]), pkText(b.fields["name"])) })
	list := make([]any, len(found))
	for i, other := range found {
		list[i] = map[string]any{"pk": other.pk, "name": other.fields["name"]}
	}
	return list
}

// above are all objects whose rights an object has.
func (v view) above(o *object) []*object {
	var all []*object
	for next := []*object{o}; len(next) > 0; next = next[1:] {
		for _, field := range next[0].table.kind.Fields.Fields {
			if !field.Inherits {
				continue
			}
			for _, pk := range targets(next[0].fields[field.Name]) {
				if other := v.store.find(field.Refers, pk); other != nil && !slices.Contains(all, other) {
					all, next = append(all, other), append(next, other)
				}
			}
		}
	}
	return all
}
