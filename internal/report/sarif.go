package report

import (
	"crypto/sha256"
	"encoding/hex"
	"io"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/sync"
)

// The rules that an error or a warning can break. A rule's name never changes: code
// scanning tells by it that an alert is the one it knows.
const (
	ruleFile  = "invalid-blueprint"
	ruleValue = "invalid-value"
	ruleSlip  = "suspicious-value"
)

// The objects of SARIF 2.1.0 are called as they are there.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool struct {
			Driver sarifDriver `json:"driver"`
		} `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version,omitempty"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID                   string       `json:"id"`
		ShortDescription     sarifMessage `json:"shortDescription"`
		FullDescription      sarifMessage `json:"fullDescription"`
		Help                 sarifMessage `json:"help"`
		DefaultConfiguration struct {
			Level string `json:"level"`
		} `json:"defaultConfiguration"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string            `json:"ruleId"`
		RuleIndex int               `json:"ruleIndex"`
		Level     string            `json:"level"`
		Message   sarifMessage      `json:"message"`
		Locations []sarifLocation   `json:"locations,omitempty"`
		Prints    map[string]string `json:"partialFingerprints"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI  string `json:"uri"`
		Base string `json:"uriBaseId,omitempty"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
	}
)

// SARIF writes the errors and warnings of a pass in SARIF 2.1.0, for code scanning: it
// shows each one in its file. The same ones give the same bytes.
func SARIF(w io.Writer, pass *sync.Pass, about About) error {
	run := sarifRun{ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{
		Name: "aksync", Version: about.AksyncVersion, InformationURI: "https://github.com/aksync/aksync", Rules: sarifRules(),
	}
	for _, problem := range pass.Problems() {
		rule := 0
		if problem.Path != "" {
			rule = 1
		}
		run.Results = append(run.Results, about.sarifResult(rule, problem))
	}
	for _, warning := range pass.Warnings() {
		run.Results = append(run.Results, about.sarifResult(2, warning))
	}
	return encode(w, sarifLog{
		Schema:  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
		Version: "2.1.0",
		Runs:    []sarifRun{run},
	})
}

func sarifRules() []sarifRule {
	rule := func(level, id, short, full string) sarifRule {
		r := sarifRule{
			ID: id, ShortDescription: sarifMessage{short}, FullDescription: sarifMessage{full},
			Help: sarifMessage{"Run aksync validate: it names file, line, column and what would be right, without a server."},
		}
		r.DefaultConfiguration.Level = level
		return r
	}
	return []sarifRule{
		rule("error", ruleFile, "A blueprint that can't be read", "The file is not YAML or CUE of the shape that a blueprint has. None of its entries are applied."),
		rule("error", ruleValue, "A value that authentik would not take, or not as it is meant", "An entry of the blueprint has a value, a key or a reference that is wrong. None of the file's entries are applied."),
		rule("warning", ruleSlip, "What authentik takes and is hardly meant", "An entry of the blueprint says something twice, or something that counts for nothing. Its file is applied."),
	}
}

func (a About) sarifResult(index int, problem tree.Problem) sarifResult {
	rule := sarifRules()[index]
	result := sarifResult{RuleID: rule.ID, RuleIndex: index, Level: rule.DefaultConfiguration.Level, Message: sarifMessage{clean(inFile(problem))}}
	uri, below := "", false
	if place := problem.Place; place.File != "" {
		uri, below = a.uri(place.File)
		location := sarifPhysical{Artifact: sarifArtifact{URI: uri}}
		if below {
			location.Artifact.Base = "%SRCROOT%"
		}
		if place.Line > 0 {
			location.Region = &sarifRegion{place.Line, place.Column}
		}
		result.Locations = []sarifLocation{{location}}
	}
	result.Prints = map[string]string{"aksync/v1": fingerprint(uri, result.Message.Text)}
	return result
}

// fingerprint stays the same where an error moves to another line.
func fingerprint(uri, message string) string {
	sum := sha256.Sum256([]byte(uri + "\x00" + message))
	return hex.EncodeToString(sum[:16])
}

// inFile says what is wrong to somebody who looks at the file already.
func inFile(problem tree.Problem) string {
	problem.Place = tree.Place{}
	return problem.Error()
}
