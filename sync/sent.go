package sync

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"slices"

	"github.com/aksync/aksync/schema"
)

// Sent is what a process knows of the values that no answer shows: digests of those
// that it has sent, or that were declared when it saw their objects first. The key
// of the digests is the process's own, so that they are of no use to anybody else.
// Nothing of it is written anywhere.
type Sent struct {
	key     []byte
	digests map[fieldKey]digest
}

type digest [sha256.Size]byte

// NewSent returns what a process knows at its start: nothing.
func NewSent() *Sent {
	key := make([]byte, sha256.Size)
	rand.Read(key) // it never fails
	return &Sent{key: key, digests: map[fieldKey]digest{}}
}

// digest is the keyed digest of a value.
func (s *Sent) digest(value any) digest {
	text, err := json.Marshal(value)
	if err != nil {
		return digest{} // of a value that is known only after apply
	}
	mac := hmac.New(sha256.New, s.key)
	mac.Write(text)
	return digest(mac.Sum(nil))
}

// tells compares a declared value with what was sent.
func (s *Sent) tells(key fieldKey, value any) schema.Verdict {
	if s == nil {
		return schema.Unknown
	}
	sent, known := s.digests[key]
	switch {
	case !known:
		return schema.Unknown
	case sent == s.digest(value):
		return schema.Equal
	default:
		return schema.Different
	}
}

// owes notes that a value was to be sent and was not, so that it differs from
// whatever is declared.
func (s *Sent) owes(key fieldKey) { s.digests[key] = digest{} }

// begin notes what is declared of objects that are seen for the first time: a change
// of that is one.
func (s *Sent) begin(plan *Plan) {
	for key, value := range plan.unseen {
		if _, known := s.digests[key]; !known {
			s.digests[key] = s.digest(value)
		}
	}
}

// note notes what the changes of a pass have sent.
func (s *Sent) note(sch *schema.Schema, report *Report) {
	for _, result := range report.Results {
		kind := sch.Kind(result.Change.Model)
		if kind == nil || result.PK == "" {
			continue
		}
		for _, field := range kind.Fields.Fields {
			value, declared := result.Change.Declared[field.Name]
			key := fieldKey{kind.Model, result.PK, field.Name}
			switch {
			case !declared || !result.Change.sends(kind, field):
			case result.Outcome == Done:
				s.digests[key] = s.digest(value)
			case result.Outcome == Failed && result.Change.Action == Create:
				s.owes(key)
			}
		}
	}
}

// sends reports whether a change sends a declared field that no answer shows: an
// update those that differ, and what goes along with others.
func (c *Change) sends(kind *schema.Kind, field *schema.Field) bool {
	if c.Action == Update && !c.sets(field.Name) {
		return field.GoesAlong() && c.writes(kind)
	}
	return !field.Shown() && (c.Action == Create || c.Action == Update)
}

// sets reports whether the field is one of those that the change sets.
func (c *Change) sets(name string) bool {
	return slices.ContainsFunc(c.Fields, func(f FieldChange) bool { return f.Name == name })
}

// setsAny reports whether the change sets a field of its kind of which that is so.
func (c *Change) setsAny(kind *schema.Kind, is func(*schema.Field) bool) bool {
	return slices.ContainsFunc(c.Fields, func(f FieldChange) bool {
		field := kind.Fields.Field(f.Name)
		return field != nil && is(field)
	})
}

// writes reports whether the change sets anything by a request for the object itself.
func (c *Change) writes(kind *schema.Kind) bool {
	return c.setsAny(kind, func(field *schema.Field) bool { return field.Via == nil })
}
