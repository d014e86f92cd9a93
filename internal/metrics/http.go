package metrics

import (
	"fmt"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/zerolog"
)

// Config is what the HTTP server shows and what it can ask for. Its functions are
// called from several goroutines at once and must not wait for a pass to end.
type Config struct {
	Metrics *Metrics
	// Health is asked at each probe.
	Health func() Health
	// Status is asked each time somebody looks at the page.
	Status func() Status
	// Detail is asked each time somebody looks at an object; it may be nil.
	Detail func(Object) Detail
	// Sync asks for a pass now, and returns without waiting for it.
	Sync   func()
	Logger zerolog.Logger
}

// HTTP serves metrics, health and the page for people.
type HTTP struct {
	cfg  Config
	page *page
	log  *slog.Logger
}

// NewHTTP prepares the server; Serve runs it. It fails only if the embedded page
// is broken.
func NewHTTP(cfg Config) (*HTTP, error) {
	page, err := newPage()
	if err != nil {
		return nil, err
	}
	return &HTTP{cfg: cfg, page: page, log: slog.New(zerolog.NewSlogHandler(cfg.Logger))}, nil
}

// Handler serves
//   - /metrics, in Prometheus's text format or OpenMetrics,
//   - /-/healthy: 200 while the process lives,
//   - /-/ready: 200, or 503 with the reason (see Health.NotReady),
//   - POST /-/sync: asks for a pass now and answers 202,
//   - /: the page for people, /objects: a list of objects (see asked), and /object: one
//     of them, by model and by pk or name,
//
// and nothing else: another path is 404, another method 405.
//
// A request that a browser sends on behalf of another site is refused unless it
// only reads (403), so that no page somebody happens to visit can start a pass.
func (h *HTTP) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(h.cfg.Metrics.Gatherer(), promhttp.HandlerOpts{
		EnableOpenMetrics: true,
		ErrorLog:          slog.NewLogLogger(h.log.Handler(), slog.LevelError),
	}))
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, "aksync is healthy.")
	})
	mux.HandleFunc("GET /-/ready", h.ready)
	mux.HandleFunc("POST /-/sync", h.sync)
	mux.HandleFunc("GET /{$}", h.status)
	mux.HandleFunc("GET /objects", h.objects)
	mux.HandleFunc("GET /object", h.object)
	return h.secured(http.NewCrossOriginProtection().Handler(mux))
}

func (h *HTTP) ready(w http.ResponseWriter, _ *http.Request) {
	if reason := h.cfg.Health().NotReady(); reason != "" {
		answer(w, http.StatusServiceUnavailable, "aksync is not ready: "+reason)
		return
	}
	answer(w, http.StatusOK, "aksync is ready.")
}

func (h *HTTP) sync(w http.ResponseWriter, r *http.Request) {
	h.log.Info("a pass was asked for", "client", r.RemoteAddr)
	h.cfg.Sync()
	answer(w, http.StatusAccepted, "A pass has been asked for.")
}

func (h *HTTP) status(w http.ResponseWriter, r *http.Request) {
	h.show(w, http.StatusOK, frontOf(h.cfg.Status(), r.URL.Query().Has("refresh")))
}

func (h *HTTP) objects(w http.ResponseWriter, r *http.Request) {
	h.show(w, http.StatusOK, listOf(h.cfg.Status(), askedBy(r.URL.Query())))
}

// object shows one object; where several are meant it lists them.
func (h *HTTP) object(w http.ResponseWriter, r *http.Request) {
	status, query := h.cfg.Status(), r.URL.Query()
	found := meant(status.Objects, query.Get("model"), query.Get("pk"), query.Get("name"))
	switch {
	case len(found) == 0:
		h.show(w, http.StatusNotFound, missingOf(status))
	case len(found) > 1:
		status.Objects = found
		h.show(w, http.StatusOK, listOf(status, asked{}))
	default:
		var detail Detail
		if h.cfg.Detail != nil {
			detail = h.cfg.Detail(found[0])
		}
		h.show(w, http.StatusOK, objectOf(status, found[0], detail))
	}
}

// show answers with a page, or with an error and no part of it.
func (h *HTTP) show(w http.ResponseWriter, status int, v view) {
	body, err := h.page.render(v)
	if err != nil {
		h.log.Error("status page", "error", err)
		answer(w, http.StatusInternalServerError, "The page could not be made; the log says why.")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// secured sets the headers that keep a browser from doing more with an answer
// than to show it.
func (h *HTTP) secured(next http.Handler) http.Handler {
	policy := "default-src 'none'; style-src " + h.page.styleHash() +
		"; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// answer writes one line of text. A client that is gone needs no answer.
func answer(w http.ResponseWriter, status int, line string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, line)
}
