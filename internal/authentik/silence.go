package authentik

import (
	"sync"
	"time"
)

// silence measures how long authentik has been asked without a complete answer,
// over all calls together.
type silence struct {
	now func() time.Time

	mutex  sync.Mutex
	asking int       // calls that have asked and were not answered
	since  time.Time // when the first of them asked, or authentik answered last, whichever is later
}

// Unanswered returns how long authentik has now been asked without any complete
// answer, over the attempts of calls and the waits between them. It is 0 while
// no call is under way. Any complete answer ends the silence, an error of the
// server as well; waiting for --rate-limit or for what Retry-After asks is none.
func (c *Client) Unanswered() time.Duration {
	s := c.silence
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.asking == 0 {
		return 0
	}
	return s.now().Sub(s.since)
}

// ask notes that an attempt of a call goes out.
func (s *silence) ask(x *exchange) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	now := s.now()
	if x.began.IsZero() {
		x.began = now
	}
	if x.asking {
		return
	}
	if s.asking == 0 {
		s.since = now
	}
	x.asking = true
	s.asking++
}

// answered notes that a complete answer to an attempt has come.
func (s *silence) answered(x *exchange) {
	s.mutex.Lock()
	s.since = s.now()
	s.mutex.Unlock()
	s.end(x)
}

// end notes that a call does not wait for an answer any more.
func (s *silence) end(x *exchange) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if x.asking {
		x.asking = false
		s.asking--
	}
}
