package main

import (
	"runtime/debug"
	"testing"

	"github.com/aksync/aksync/sync"
)

// Garbage is collected sooner as long as many objects are declared.
func TestCollector(t *testing.T) {
	before := debug.SetGCPercent(collectAt)
	defer debug.SetGCPercent(before)
	for _, tt := range []struct{ objects, want int }{{1, collectAt}, {manyObjects, collectManyAt}, {manyObjects - 1, collectAt}} {
		collector{}.Planned(&sync.Pass{Plan: &sync.Plan{Changes: make([]*sync.Change, tt.objects)}})
		if got := debug.SetGCPercent(collectAt); got != tt.want {
			t.Errorf("%d objects: at %d %%, want %d", tt.objects, got, tt.want)
		}
	}
}
