package main

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// table gathers what was measured, by what happened meanwhile.
type table struct {
	rows []*row
}

type row struct {
	phase        string
	failed       int
	first, whole []time.Duration // of log-ins
	applies      []time.Duration
}

func (t *table) row(phase string) *row {
	for _, r := range t.rows {
		if r.phase == phase {
			return r
		}
	}
	r := &row{phase: phase}
	t.rows = append(t.rows, r)
	return r
}

func (t *table) login(phase string, l login, err error) {
	r := t.row(phase)
	if err != nil {
		r.failed++
		return
	}
	r.first, r.whole = append(r.first, l.first), append(r.whole, l.whole)
}

func (t *table) work(phase string, took time.Duration) {
	r := t.row(phase)
	r.applies = append(r.applies, took)
}

// print compares each row with the first, which is the quiet server's.
func (t *table) print(w io.Writer) {
	if len(t.rows) == 0 {
		return
	}
	fmt.Fprintln(w, "| meanwhile | log-ins | failed | apply s | first page ms | ratio | log-in ms | ratio | mean ms | ratio | 9 of 10 within ms | ratio |")
	fmt.Fprintln(w, "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
	for _, r := range t.rows {
		quiet := t.rows[0]
		fmt.Fprintf(w, "| %s | %d | %d | %.1f | %s | %s | %s | %s |\n", r.phase, len(r.whole), r.failed, quantile(r.applies, 0.5).Seconds(),
			compared(quantile(r.first, 0.5), quantile(quiet.first, 0.5)), compared(quantile(r.whole, 0.5), quantile(quiet.whole, 0.5)),
			compared(mean(r.whole), mean(quiet.whole)), compared(quantile(r.whole, 0.9), quantile(quiet.whole, 0.9)))
	}
}

// compared writes a time and how many times another it is.
func compared(one, other time.Duration) string {
	return fmt.Sprintf("%d | %.2f", one.Milliseconds(), float64(one)/float64(max(other, 1)))
}

func quantile(times []time.Duration, share float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	return sorted[int(share*float64(len(sorted)-1)+0.5)]
}

func mean(times []time.Duration) time.Duration {
	var sum time.Duration
	for _, took := range times {
		sum += took
	}
	return sum / time.Duration(max(len(times), 1))
}
