package main

import (
	"embed"
	"fmt"
	"iter"
	"path/filepath"
	"strings"
	"text/template"
)

// companyFiles are the texts that a company is written with, as blueprints and for
// Terraform.
//
//go:embed company/*.tmpl
var companyFiles embed.FS

// company is a set-up like a company's: applications with a provider, a group and
// bindings each, of departments with a way to log in each, and an account on call.
type company struct {
	// N is how many applications there are.
	N int
	// Changed is how many applications are to have another description.
	Changed int
	// State is what the entries of blueprints say.
	State string

	texts *template.Template
}

// peoplePerApplication is how many users there are for each application, which no
// blueprint declares.
const peoplePerApplication = 10

func newCompany(n int, p wanted) (*company, error) {
	texts, err := template.ParseFS(companyFiles, "company/*.tmpl")
	if err != nil {
		return nil, fmt.Errorf("the texts of a company: %w", err)
	}
	c := &company{N: n, Changed: p.changed, State: "present", texts: texts}
	if p.absent {
		c.State = "absent"
	}
	return c, nil
}

// Departments are the names of the departments: one for each 50 applications.
func (c *company) Departments() []string {
	departments := make([]string, max(1, c.N/50))
	for i := range departments {
		departments[i] = fmt.Sprintf("department-%05d", i)
	}
	return departments
}

// application is one of them.
type application struct {
	Name, Department, Description string
	// Kind is that of its provider: oauth2, proxy or saml.
	Kind string
	// Hours is set where it is open in the department's hours only, and Entitled
	// where it knows administrators.
	Hours, Entitled bool
	State           string
}

func (c *company) application(i int, departments []string) application {
	a := application{
		Name:       fmt.Sprintf("app-%05d", i),
		Department: departments[i%len(departments)],
		Kind:       [...]string{"oauth2", "proxy", "saml"}[i%3],
		Hours:      i%2 == 0,
		Entitled:   i%4 == 0,
		State:      c.State,
	}
	a.Description = a.Name + " of the company"
	if i < c.Changed {
		a.Description = a.Name + ", renewed"
	}
	return a
}

// objects counts what is declared.
func (c *company) objects() int {
	const ofDepartment, ofApplication = 13, 4
	half, quarter := (c.N+1)/2, (c.N+3)/4
	return 1 + ofDepartment*len(c.Departments()) + ofApplication*c.N + half + 2*quarter
}

// companyForms are those that the blueprints of a company can be measured in.
var companyForms = []string{"yaml", "yaml files", "cue"}

// files gives the blueprints of a company, with their names: in one file, in one
// for each application, or as a comprehension.
func (c *company) files(form string) iter.Seq2[string, string] {
	switch form {
	case "cue":
		return oneFile("company.cue", filledIn(c.texts, "company.cue.tmpl", c))
	case "yaml":
		text := strings.Builder{}
		for _, part := range c.parts(".yaml") {
			text.WriteString(part)
		}
		return oneFile("company.yaml", yamlHead+text.String())
	default:
		return func(yield func(string, string) bool) {
			for name, part := range c.parts(".yaml") {
				if !yield(name, yamlHead+part) {
					return
				}
			}
		}
	}
}

// parts gives what all share, and then what each application is, in the language
// of the extension.
func (c *company) parts(extension string) iter.Seq2[string, string] {
	return func(yield func(name, text string) bool) {
		if !yield("shared"+extension, filledIn(c.texts, "shared"+extension+".tmpl", c)+"\n") {
			return
		}
		departments := c.Departments()
		for i := range c.N {
			a := c.application(i, departments)
			if !yield(a.Name+extension, filledIn(c.texts, "application"+extension+".tmpl", a)+"\n") {
				return
			}
		}
	}
}

// writeCompanies writes companies of these sizes, each form of each to a folder of
// its own.
func writeCompanies(folder string, sizes []int) error {
	for _, n := range sizes {
		c, err := newCompany(n, wanted{})
		if err != nil {
			return err
		}
		for _, form := range companyForms {
			if err := writeFiles(filepath.Join(folder, fmt.Sprintf("%d %s", n, form)), c.files(form)); err != nil {
				return err
			}
		}
		if err := writeFiles(filepath.Join(folder, fmt.Sprintf("%d terraform", n)), c.parts(".tf")); err != nil {
			return err
		}
	}
	return nil
}
