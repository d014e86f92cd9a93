//go:build kubernetes

package leader

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"github.com/rs/zerolog"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// clientLogger takes what client-go logs, at debug level: it repeats its errors
// with every try, and what matters of them is said here once. Its own levels
// from 1 on, where the headers of requests appear, are left out.
func clientLogger(log zerolog.Logger) logr.Logger {
	return funcr.New(func(_, args string) {
		log.Debug().Str("client_go", args).Msg("Kubernetes client")
	}, funcr.Options{})
}

// troubles says once that the Lease API fails, again where it fails in another
// way, and once that it works again. It is not safe for concurrent use.
type troubles struct {
	log    zerolog.Logger
	bad    bool // as was said last
	reason meta.StatusReason
	recent bool // something has failed since the last reading that went well
}

// read notes how reading the Lease went. One that goes well doesn't mean that
// all is well: where the rights for writing are missing, each is followed by a
// write that fails. The next one, with nothing in between, does.
func (t *troubles) read(err error) {
	if err != nil && !apierrors.IsNotFound(err) {
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
	switch {
	case err == nil:
		t.well()
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err), apierrors.IsNotFound(err):
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
	reason := apierrors.ReasonForError(err)
	if t.bad && t.reason == reason {
		return
	}
	t.bad, t.reason = true, reason
	event := t.log.Warn()
	if advice(reason) != "" {
		event = t.log.Error()
	}
	event.Err(explain(doing, reason, err)).Msg("the Lease API fails: trying again")
}

func explain(doing string, reason meta.StatusReason, err error) error {
	if text := advice(reason); text != "" {
		return fmt.Errorf("%s the Lease: %w: %s", doing, err, text)
	}
	return fmt.Errorf("%s the Lease: %w", doing, err)
}

// advice says what a person has to do, where trying again won't help.
func advice(reason meta.StatusReason) string {
	switch reason {
	case meta.StatusReasonForbidden:
		return "the service account needs a Role with the verbs get, create and update for leases " +
			"of the API group coordination.k8s.io in that namespace, and a RoleBinding"
	case meta.StatusReasonUnauthorized:
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
