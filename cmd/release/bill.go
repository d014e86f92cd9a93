package main

import (
	"bytes"
	"encoding/json"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// The bill of materials is CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/): what Go
// says that it linked into the program.
type bill struct {
	Format       string       `json:"bomFormat"`
	SpecVersion  string       `json:"specVersion"`
	Version      int          `json:"version"`
	Metadata     metadata     `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type metadata struct {
	Timestamp string    `json:"timestamp"`
	Component component `json:"component"`
}

type component struct {
	Ref        string     `json:"bom-ref"`
	Type       string     `json:"type"`
	Name       string     `json:"name"`
	Version    string     `json:"version"`
	PURL       string     `json:"purl"`
	Properties []property `json:"properties,omitempty"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn"`
}

// bill writes the bill of materials of a program for a target.
func (r *release) bill(info *debug.BuildInfo, t target) ([]byte, error) {
	program := module("application", info.Main.Path, "v"+r.version) // as Go names its versions
	program.Name, program.Version = r.name, r.version
	program.Properties = []property{{"aksync:platform", t.goos + "/" + t.goarch}, {"aksync:revision", r.revision}}
	components := []component{module("library", "std", strings.TrimPrefix(info.GoVersion, "go"))}
	for _, dep := range info.Deps {
		if dep.Replace != nil {
			dep = dep.Replace
		}
		c := module("library", dep.Path, dep.Version)
		if dep.Sum != "" { // as go.sum has it
			c.Properties = []property{{"aksync:go.sum", dep.Sum}}
		}
		components = append(components, c)
	}
	slices.SortFunc(components, func(a, b component) int { return strings.Compare(a.Ref, b.Ref) })
	all := dependency{Ref: program.Ref}
	for _, c := range components {
		all.DependsOn = append(all.DependsOn, c.Ref)
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(bill{
		Format: "CycloneDX", SpecVersion: "1.6", Version: 1,
		Metadata:   metadata{r.time.UTC().Format(time.RFC3339), program},
		Components: components, Dependencies: []dependency{all},
	})
	return text.Bytes(), err
}

// module is a module of Go as package URLs name it.
func module(kind, path, version string) component {
	purl := "pkg:golang/" + strings.ToLower(path) + "@" + url.QueryEscape(version)
	return component{Ref: purl, Type: kind, Name: path, Version: version, PURL: purl}
}
