package history

import (
	"slices"
	gosync "sync"
)

// mostRecent is how many events a daemon remembers that has no folder for them.
const mostRecent = 500

// Recent is what a daemon changed last, for as long as it lives. It may be used by
// several goroutines at once.
type Recent struct {
	mutex  gosync.Mutex
	events []*Event // the newest last
}

// Add adds an event; the oldest goes where there are many.
func (r *Recent) Add(event Event) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if len(r.events) == mostRecent {
		r.events = slices.Delete(r.events, 0, 1)
	}
	r.events = append(r.events, &event)
	return nil
}

// Sync does nothing: nothing of it is on a disk.
func (*Recent) Sync() error { return nil }

// Last gives the last events of an object as the function Last does.
func (r *Recent) Last(object Object, n int) []*Event {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	var last []*Event
	for _, event := range slices.Backward(r.events) {
		if object.has(event) && len(last) < n {
			last = append(last, event)
		}
	}
	return last
}
