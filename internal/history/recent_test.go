package history

import (
	"fmt"
	"testing"
)

// What is remembered in memory is bounded, and found by key and by name.
func TestRecent(t *testing.T) {
	var r Recent
	for i := range 3 * mostRecent {
		if err := r.Add(Event{Model: "a.b", Name: fmt.Sprint("n", i%2), PK: fmt.Sprint(i % 2), Error: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Add(Event{Model: "a.b", Name: "renamed", PK: "1", Error: "newest"}); err != nil {
		t.Fatal(err)
	}
	if len(r.events) != mostRecent {
		t.Errorf("it remembers %d events", len(r.events))
	}
	last := r.Last(Object{Model: "a.b", Name: "n1", PK: "1"}, 2)
	if len(last) != 2 || last[0].Error != "newest" || last[1].Error != fmt.Sprint(3*mostRecent-1) {
		t.Errorf("the last are %v", last)
	}
	for _, other := range []Object{{Model: "a.c", Name: "n1", PK: "1"}, {Model: "a.b", Name: "n3"}} {
		if last := r.Last(other, 5); len(last) > 0 {
			t.Errorf("%v has events of another object", other)
		}
	}
}
