package schema

import (
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"strings"
)

// Proof says which field of an answer tells of a value that the answer does not
// show, and how; #Proof in kind.cue says what each word means.
type Proof struct {
	Field string `json:"field"`
	By    string `json:"by"`
}

// The ways to tell.
const (
	byCertificate = "certificate"
	byPresence    = "presence"
)

// Verdict says whether a declared value is what an object has.
type Verdict int

// The verdicts.
const (
	Unknown Verdict = iota // nothing tells
	Equal
	Different
)

// Tells compares a declared value with an object by what its answer shows of it.
func (p *Proof) Tells(declared any, object Object) Verdict {
	if p == nil || object == nil {
		return Unknown
	}
	text, _ := declared.(string)
	switch shown := object[p.Field].(type) {
	case string:
		if p.By == byCertificate && shown != "" {
			return verdict(Fingerprint(text) == strings.ToLower(shown))
		}
	case bool:
		if p.By == byPresence && shown != (text != "") {
			return Different
		}
	}
	return Unknown
}

// Absent reports whether an answer tells that nothing is set.
func (p *Proof) Absent(object Object) bool {
	return p != nil && p.By == byPresence && object[p.Field] == false
}

// proves reports whether the proof always tells.
func (p *Proof) proves() bool { return p != nil && p.By == byCertificate }

func verdict(equal bool) Verdict {
	if equal {
		return Equal
	}
	return Different
}

// Shows returns what stands for the declared value, and for that of the object, in a
// plan: what proves them, where that is not only whether there is one. Otherwise
// there is nothing.
func (p *Proof) Shows(declared any, object Object) (before, after any) {
	if !p.proves() {
		return nil, nil
	}
	text, _ := declared.(string)
	shown, _ := object[p.Field].(string)
	return "SHA-256 " + shown, "SHA-256 " + Fingerprint(text)
}

// Fingerprint is the SHA-256 of the first certificate in a PEM text, in hexadecimal
// with colons as authentik has it (KINDS.md 4.5); nothing where there is none.
func Fingerprint(text string) string {
	for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			return strings.ReplaceAll(fmt.Sprintf("% x", sha256.Sum256(block.Bytes)), " ", ":")
		}
	}
	return ""
}
