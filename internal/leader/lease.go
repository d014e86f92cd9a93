package leader

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// leases is what an election needs of Kubernetes' API: one Lease. It is asked
// for one thing at a time. An answer other than the deed is a *refusal.
type leases interface {
	// get reads the Lease.
	get(ctx context.Context) (lease, error)
	// put writes the record in place of the one in the version of the Lease
	// that is given, and is refused (conflict) where that is not the newest
	// one. Where the version is empty it makes the Lease, and is refused
	// (alreadyExists) where there is one.
	put(ctx context.Context, old lease, r record) (lease, error)
}

// lease is a Lease as it was read. The zero value is none.
type lease struct {
	record
	version  string          // the resourceVersion: another one for each write
	metadata json.RawMessage // all of it, the version too, to be sent back as it is
}

// record is the spec of a Lease, with the meaning that client-go's election
// gives it: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/
type record struct {
	Holder      string    `json:"holderIdentity"` // empty where nobody holds it
	Seconds     int32     `json:"leaseDurationSeconds"`
	Acquired    microTime `json:"acquireTime"`
	Renewed     microTime `json:"renewTime"`
	Transitions int32     `json:"leaseTransitions"`
}

// microTime is a time as Kubernetes writes it: in UTC and with six digits after
// the point, no more and no fewer. The zero value is null.
type microTime struct{ time.Time }

// micro gives what a Lease holds of a time.
func micro(t time.Time) microTime { return microTime{t.UTC().Truncate(time.Microsecond)} }

// MarshalJSON writes the time.
func (t microTime) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return []byte(t.UTC().Format(`"2006-01-02T15:04:05.000000Z07:00"`)), nil
}

// UnmarshalJSON reads a time with any number of digits.
func (t *microTime) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*t = microTime{}
		return nil
	}
	parsed, err := time.Parse(time.RFC3339, strings.Trim(string(text), `"`))
	if err != nil {
		return err
	}
	*t = micro(parsed)
	return nil
}

// reason is why the API refuses a request, in its own word:
// https://pkg.go.dev/k8s.io/apimachinery/pkg/apis/meta/v1#StatusReason
type reason string

// The reasons that make a difference here.
const (
	unknown       reason = ""
	alreadyExists reason = "AlreadyExists"
	conflict      reason = "Conflict"
	forbidden     reason = "Forbidden"
	notFound      reason = "NotFound"
	unauthorized  reason = "Unauthorized"
)

// refusal is an answer of the API that is not the deed.
type refusal struct {
	reason  reason
	message string
}

func (r *refusal) Error() string { return r.message }

// reasonOf gives the API's reason; unknown where the error is another.
func reasonOf(err error) reason {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r.reason
	}
	return unknown
}
