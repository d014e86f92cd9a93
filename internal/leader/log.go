package leader

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/rs/zerolog"
)

// troubles says once that the Lease API fails, again where it fails in another
// way, and once that it works again. It is not safe for concurrent use.
type troubles struct {
	log    zerolog.Logger
	bad    bool // as was said last
	reason reason
	recent bool // something has failed since the last reading that went well
}

// read notes how reading the Lease went. One that goes well doesn't mean that
// all is well: where the rights for writing are missing, each is followed by a
// write that fails. The next one, with nothing in between, does.
func (t *troubles) read(err error) {
	if err != nil && reasonOf(err) != notFound {
		t.failed("reading", err)
		return
	}
	if !t.recent {
		t.well()
	}
	t.recent = false
}

// wrote notes how writing the Lease went. That another was faster is no
// trouble.
func (t *troubles) wrote(err error) {
	if err == nil {
		t.well()
		return
	}
	switch reasonOf(err) {
	case conflict, alreadyExists, notFound:
	default:
		t.failed("writing", err)
	}
}

func (t *troubles) well() {
	if t.bad {
		t.log.Info().Msg("the Lease API works again")
	}
	t.bad, t.recent = false, false
}

func (t *troubles) failed(doing string, err error) {
	if errors.Is(err, context.Canceled) {
		return // given up here, which says nothing about the API
	}
	t.recent = true
	why := reasonOf(err)
	if t.bad && t.reason == why {
		t.log.Debug().Err(err).Msg("the Lease API still fails: " + doing)
		return
	}
	t.bad, t.reason = true, why
	event := t.log.Warn()
	if advice(why) != "" {
		event = t.log.Error()
	}
	event.Err(explain(doing, why, err)).Msg("the Lease API fails: trying again")
}

func explain(doing string, why reason, err error) error {
	if text := advice(why); text != "" {
		return fmt.Errorf("%s the Lease: %w: %s", doing, err, text)
	}
	return fmt.Errorf("%s the Lease: %w", doing, err)
}

// advice says what a person has to do, where trying again won't help.
func advice(why reason) string {
	switch why {
	case forbidden:
		return "the service account needs a Role with the verbs get, create and update for leases " +
			"of the API group coordination.k8s.io in that namespace, and a RoleBinding"
	case unauthorized:
		return "the API refuses the service account's token"
	}
	return ""
}

// teller passes on who leads, where that has changed.
type teller struct {
	mutex    sync.Mutex
	log      zerolog.Logger
	onChange func(leading bool, leader string)
	told     bool
	leading  bool
	leader   string
}

func (t *teller) tell(leading bool, leader string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.told && t.leading == leading && t.leader == leader {
		return
	}
	t.told, t.leading, t.leader = true, leading, leader
	switch {
	case leading:
		t.log.Info().Msg("this replica leads")
	case leader == "":
		t.log.Info().Msg("no leader is known")
	default:
		t.log.Info().Str("leader", leader).Msg("another replica leads: waiting")
	}
	t.onChange(leading, leader)
}
