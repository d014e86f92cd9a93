package devserver

import (
	"net/http"
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

// named are the objects that a list refers to, with their names.
func (v view) named(o *object, field string) []any {
	list := []any{}
	for _, pk := range targets(o.fields[field]) {
		if other := v.store.find(o.table.refers(field), pk); other != nil {
			list = append(list, map[string]any{"pk": other.pk, "name": other.fields["name"]})
		}
	}
	return list
}
