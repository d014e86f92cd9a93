package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestLogin goes through a flow as authentik 2025.10 answers it: after each answer a
// redirect to the next challenge, which a cookie tells.
func TestLogin(t *testing.T) {
	for _, tt := range []struct {
		password, other, want string
	}{
		{password: "right"},
		{password: "wrong", want: "does not end"},
		{password: "right", other: "ak-stage-captcha", want: "the flow asks for ak-stage-captcha"},
	} {
		u := user{name: "somebody", password: tt.password}
		server := httptest.NewServer(flow(tt.other))
		defer server.Close()
		u.url = server.URL
		times, err := u.login(t.Context(), "default-authentication-flow")
		switch {
		case tt.want == "" && err != nil, tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%+v: error %v, want one with %q", tt, err, tt.want)
		case err == nil && (times.first <= 0 || times.whole <= times.first):
			t.Errorf("%+v: times %+v, want the whole to take longer than the first step", tt, times)
		}
	}
}

// flow asks for a name, a password, and last for what other says, if anything.
func flow(other string) http.Handler {
	next := map[string]string{"ak-stage-identification": "ak-stage-password", "ak-stage-password": "xak-flow-redirect"}
	if other != "" {
		next["ak-stage-password"] = other
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		component := "ak-stage-identification"
		if cookie, err := r.Cookie("authentik_session"); err == nil {
			component = cookie.Value
		}
		if r.Method == http.MethodGet {
			_ = json.NewEncoder(w).Encode(map[string]string{"component": component})
			return
		}
		var answer map[string]string
		_ = json.NewDecoder(r.Body).Decode(&answer)
		if answer["component"] == component && answer["password"] != "wrong" {
			component = next[component]
		}
		http.SetCookie(w, &http.Cookie{Name: "authentik_session", Value: component, Path: "/"})
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	})
}
