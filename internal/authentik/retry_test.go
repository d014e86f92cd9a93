package authentik

import (
	"net/http"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestBackoff(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	tune := defaultTuning()
	tune.now = func() time.Time { return now }
	tune.jitter = func(d time.Duration) time.Duration { return d }
	c := &Client{tune: tune}
	tests := []struct {
		name    string
		attempt int
		header  string
		want    time.Duration
	}{
		{"first", 0, "", 500 * time.Millisecond},
		{"second", 1, "", time.Second},
		{"fourth", 3, "", 4 * time.Second},
		{"longest", 10, "", 30 * time.Second},
		{"no overflow", 200, "", 30 * time.Second},
		{"seconds", 0, "7", 7 * time.Second},
		{"seconds with blanks", 0, " 7 ", 7 * time.Second},
		{"no seconds", 3, "0", 500 * time.Millisecond},
		{"too many seconds", 0, "3600", time.Minute},
		{"seconds beyond all bounds", 1, "99999999999999999999", time.Second},
		{"negative", 1, "-5", time.Second},
		{"a word", 1, "soon", time.Second},
		{"date", 0, now.Add(9 * time.Second).Format(http.TimeFormat), 9 * time.Second},
		{"date of RFC 850", 0, now.Add(9 * time.Second).Format(time.RFC850), 9 * time.Second},
		{"late date", 0, now.Add(time.Hour).Format(http.TimeFormat), time.Minute},
		{"past date", 0, now.Add(-time.Hour).Format(http.TimeFormat), 500 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp := &http.Response{Header: http.Header{}}
			if tt.header != "" {
				resp.Header.Set("Retry-After", tt.header)
			}
			if got := c.backoff(tune.retryMin, tune.retryMax, tt.attempt, resp); got != tt.want {
				t.Errorf("wait is %s, want %s", got, tt.want)
			}
		})
	}
	if got := c.backoff(tune.retryMin, tune.retryMax, 2, nil); got != 2*time.Second {
		t.Errorf("wait without an answer is %s", got)
	}
}

func TestJitter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wait := time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "wait"))
		if got := jitter(wait); got > wait || got < wait/2 {
			t.Errorf("%s became %s", wait, got)
		}
	})
}
