// Package metrics holds what the daemon shows of itself: its Prometheus metrics
// and the HTTP server that serves them, its health, and a page for people.
//
// The names of metrics and of their labels are part of what users rely on. No
// label ever holds the name of an object or of a file: those have no bound, and
// may be nobody's business.
package metrics

import (
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/sync"
)

// CodeError is the label code of a request that got no answer.
const CodeError = "error"

// Metrics are the daemon's metrics on a registry of their own, so that nothing a
// library registers by itself is served, and tests don't meet each other. All
// methods are safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry

	syncs        *prometheus.CounterVec
	syncDuration prometheus.Histogram
	lastSync     prometheus.Gauge
	lastSuccess  prometheus.Gauge
	objects      *prometheus.GaugeVec
	changes      *prometheus.CounterVec
	blueprints   *prometheus.GaugeVec
	requests     *prometheus.CounterVec
	requestTime  *prometheus.HistogramVec
	watchEvents  prometheus.Counter
	contested    prometheus.Gauge
	unmanaged    *prometheus.GaugeVec
	leader       prometheus.Gauge
}

// New makes the metrics of a build: version and revision are what
// aksync_build_info says. Series whose labels are known from the start are there
// from the start, at 0, so that a rate sees the first event too.
func New(version, revision string) *Metrics {
	m := &Metrics{
		registry:     prometheus.NewRegistry(),
		syncs:        counters("syncs_total", "Passes over all blueprints, by what set them off and how they ended.", "trigger", "result"),
		syncDuration: newSyncDuration(),
		lastSync:     gauge("last_sync_timestamp_seconds", "When the last pass ended, as Unix time; 0 before the first."),
		lastSuccess:  gauge("last_success_timestamp_seconds", "When the last pass without any failure ended, as Unix time; 0 before the first."),
		objects:      gauges("objects", "Objects that blueprints declare, as the last pass left them.", "model", "state"),
		changes:      counters("changes_total", "Changes to objects in authentik.", "model", "action", "result"),
		blueprints:   gauges("blueprints", "Blueprint files.", "state"),
		requests:     counters("api_requests_total", "Requests to authentik's API, by status code, or error where there was no answer.", "method", "endpoint", "code"),
		requestTime:  newRequestDuration(),
		contested:    gauge("contested_fields", "Fields that somebody else keeps changing back."),
		unmanaged:    gauges("unmanaged_objects", "Live objects that no blueprint speaks of, of the kinds that blueprints speak of; without authentik's own.", "model"),
		leader:       gauge("leader", "1 where this replica writes, 0 where it only follows."),
		watchEvents: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "watch_events_total", Help: "File events on watched paths, before they are gathered into passes."}),
	}
	m.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		buildInfo(version, revision),
		m.syncs, m.syncDuration, m.lastSync, m.lastSuccess, m.objects, m.changes,
		m.blueprints, m.requests, m.requestTime, m.watchEvents, m.contested, m.unmanaged, m.leader,
	)
	m.initSeries()
	return m
}

func (m *Metrics) initSeries() {
	for _, trigger := range sync.Triggers() {
		for _, verdict := range sync.Verdicts() {
			m.syncs.WithLabelValues(string(trigger), string(verdict))
		}
	}
	for _, state := range tree.FileStates() {
		m.blueprints.WithLabelValues(string(state))
	}
}

// InitModel makes the series of a managed model (such as
// authentik_stages_password.passwordstage) exist, at 0. It is meant to be called
// once for each model before the first pass.
func (m *Metrics) InitModel(model string) {
	for _, state := range sync.ObjectStates() {
		m.objects.WithLabelValues(model, string(state))
	}
	for _, action := range sync.Changing() {
		for _, verdict := range []sync.Verdict{sync.Success, sync.Unmade} {
			m.changes.WithLabelValues(model, string(action), string(verdict))
		}
	}
}

// ObserveSync notes a pass that began at start and took d. Only a success moves the
// time of the last success.
func (m *Metrics) ObserveSync(trigger sync.Trigger, verdict sync.Verdict, start time.Time, d time.Duration) {
	m.syncs.WithLabelValues(string(trigger), string(verdict)).Inc()
	m.syncDuration.Observe(d.Seconds())
	end := unixSeconds(start.Add(d))
	m.lastSync.Set(end)
	if verdict == sync.Success {
		m.lastSuccess.Set(end)
	}
}

// SetObjects says how the last pass left the declared objects of a model.
func (m *Metrics) SetObjects(model string, tally sync.Tally) {
	for _, state := range sync.ObjectStates() {
		m.objects.WithLabelValues(model, string(state)).Set(float64(tally.Of(state)))
	}
}

// AddChange counts one change to an object of a model, which was made or failed.
func (m *Metrics) AddChange(model string, action sync.Action, made bool) {
	verdict := sync.Unmade
	if made {
		verdict = sync.Success
	}
	m.changes.WithLabelValues(model, string(action), string(verdict)).Inc()
}

// SetBlueprints says how many blueprint files there are of each state.
func (m *Metrics) SetBlueprints(count func(tree.FileState) int) {
	for _, state := range tree.FileStates() {
		m.blueprints.WithLabelValues(string(state)).Set(float64(count(state)))
	}
}

// ObserveRequest notes one request to authentik's API, each retry for itself.
// The endpoint is the path's template, with a placeholder where a pk stands; the
// code is the status, or CodeError where there was no answer.
func (m *Metrics) ObserveRequest(method, endpoint, code string, d time.Duration) {
	m.requests.WithLabelValues(method, endpoint, code).Inc()
	m.requestTime.WithLabelValues(method, endpoint).Observe(d.Seconds())
}

// AddWatchEvent counts one file event.
func (m *Metrics) AddWatchEvent() { m.watchEvents.Inc() }

// Gatherer gives what is served under /metrics.
func (m *Metrics) Gatherer() prometheus.Gatherer { return m.registry }

func buildInfo(version, revision string) prometheus.Collector {
	info := gauges("build_info", "Always 1; the labels say which build of aksync this is.", "version", "revision", "goversion")
	info.WithLabelValues(version, revision, runtime.Version()).Set(1)
	return info
}

func unixSeconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// SetContested says how many fields somebody else keeps changing back.
func (m *Metrics) SetContested(fields int) { m.contested.Set(float64(fields)) }

// SetUnmanaged says how many live objects of each model no blueprint speaks of: of all
// models of which that is known.
func (m *Metrics) SetUnmanaged(counts map[string]int) {
	for model, count := range counts {
		m.unmanaged.WithLabelValues(model).Set(float64(count))
	}
}

// DropUnmanaged says of a model that it is not known any more.
func (m *Metrics) DropUnmanaged(model string) { m.unmanaged.DeleteLabelValues(model) }

// SetLeader says whether this replica writes.
func (m *Metrics) SetLeader(leads bool) {
	m.leader.Set(0)
	if leads {
		m.leader.Set(1)
	}
}
