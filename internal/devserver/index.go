package devserver

import "slices"

// index keeps objects in an order that is total over them, so that a page of a
// list costs no sorting.
type index struct {
	objects []*object
	compare func(a, b *object) int
}

func (x *index) add(o *object) {
	at, _ := slices.BinarySearchFunc(x.objects, o, x.compare)
	x.objects = slices.Insert(x.objects, at, o)
}

func (x *index) remove(o *object) {
	if at, found := slices.BinarySearchFunc(x.objects, o, x.compare); found {
		x.objects = slices.Delete(x.objects, at, at+1)
	}
}
