package authentik

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestURL(t *testing.T) {
	for address, want := range map[string]string{
		"https://auth.example.com":                "https://auth.example.com/api/v3/",
		"https://auth.example.com/":               "https://auth.example.com/api/v3/",
		"https://auth.example.com/api/v3":         "https://auth.example.com/api/v3/",
		"https://auth.example.com/api/v3/":        "https://auth.example.com/api/v3/",
		"http://127.0.0.1:9000/sub//":             "http://127.0.0.1:9000/sub/api/v3/",
		"http://[::1]:9000/a%20b/api/v3/":         "http://[::1]:9000/a%20b/api/v3/",
		"https://auth.example.com/my-api/v3":      "https://auth.example.com/my-api/v3/api/v3/",
		"":                                        "not set",
		"auth.example.com":                        "does not begin with http",
		"auth.example.com:9000":                   "--url",
		"ftp://auth.example.com":                  "does not begin with http",
		"https://":                                "names no host",
		"https:///api/v3":                         "names no host",
		"https://:443":                            "names no host",
		"https://auth.example.com:port":           "not an address",
		"https://user:hunter2@auth.example.com":   "no user name, password",
		"https://user:hun/ter2@auth.example.com":  "no user name, password",
		"https://auth.example.com/?token=hunter2": "no user name, password, query",
		"https://auth.example.com/#hunter2":       "fragment",
		"https://auth.example.com/\nx":            "not an address",
	} {
		t.Run(address, func(t *testing.T) {
			c, err := New(Config{URL: address, Token: StaticToken(testToken)})
			if err != nil {
				if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hun") {
					t.Errorf("error %q, want one with %q", err, want)
				}
				return
			}
			if got := c.URL(); got != want {
				t.Errorf("API is at %s, want %s", got, want)
			}
		})
	}
}

func TestConfig(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Config){
		"AUTHENTIK_TOKEN_FILE":          func(cfg *Config) { cfg.Token = nil },
		"--timeout":                     func(cfg *Config) { cfg.Timeout = -1 },
		"--parallelism":                 func(cfg *Config) { cfg.Parallelism = -1 },
		"--rate-limit: -1 is":           func(cfg *Config) { cfg.RateLimit = -1 },
		"--rate-limit: NaN is":          func(cfg *Config) { cfg.RateLimit = math.NaN() },
		"--ca-file: open ":              func(cfg *Config) { cfg.CAFile = filepath.Join(dir, "none") },
		"no certificate in PEM form":    func(cfg *Config) { cfg.CAFile = empty },
		"--client-key is not: they go":  func(cfg *Config) { cfg.ClientCert = empty },
		"--client-cert is not: they go": func(cfg *Config) { cfg.ClientKey = empty },
		"--client-cert " + empty:        func(cfg *Config) { cfg.ClientCert, cfg.ClientKey = empty, empty },
	} {
		t.Run(want, func(t *testing.T) {
			cfg := Config{URL: "https://auth.example.com", Token: StaticToken(testToken)}
			change(&cfg)
			if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want one with %q", err, want)
			}
		})
	}
}
