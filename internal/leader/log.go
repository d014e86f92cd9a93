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
// way, and once that it works again.
type troubles struct {
	log zerolog.Logger
	now meta.StatusReason
	bad bool
}

// note takes the outcome of a request. It is not safe for concurrent use.
func (t *troubles) note(verb string, err error) {
	if answered(err) {
		if t.bad {
			t.bad = false
			t.log.Info().Msg("the Lease API works again")
		}
		return
	}
	reason := apierrors.ReasonForError(err)
	if t.bad && t.now == reason {
		return
	}
	t.bad, t.now = true, reason
	event := t.log.Warn()
	if advice(reason) != "" {
		event = t.log.Error()
	}
	event.Err(explain(verb, reason, err)).Msg("the Lease API fails: trying again")
}

// answered says whether the API did its work: that a Lease is not there, or was
// written by another a moment ago, are answers too, and one who has given up
// waiting says nothing about the API.
func answered(err error) bool {
	return err == nil || apierrors.IsNotFound(err) || apierrors.IsConflict(err) ||
		apierrors.IsAlreadyExists(err) || errors.Is(err, context.Canceled)
}

func explain(verb string, reason meta.StatusReason, err error) error {
	if text := advice(reason); text != "" {
		return fmt.Errorf("%s the Lease: %w: %s", verb, err, text)
	}
	return fmt.Errorf("%s the Lease: %w", verb, err)
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
		t.log.Info().Msg("nobody leads")
	default:
		t.log.Info().Str("leader", leader).Msg("another replica leads: waiting")
	}
	t.onChange(leading, leader)
}
