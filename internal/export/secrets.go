package export

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/aksync/aksync/schema"
)

// The ways to give a secret to a blueprint.
const (
	ByEnv  = "env"
	ByFile = "file"
)

// secretsFile lists the secrets that a folder leaves out.
const secretsFile = "secrets.env.example"

// secretsFolder is where containers have theirs, and the folder that !File may read
// beside the blueprints' own.
const secretsFolder = "/run/secrets/"

// secrets are the fields that a folder leaves out, with the names by which they can be
// given.
type secrets struct {
	by  string
	all []*secret
	of  map[identity][]*secret
}

// secret is a field that is left out.
type secret struct {
	entry *entry
	file  string
	field *schema.Field
	name  string
}

// newSecrets finds what is left out, by file, and gives it names.
func newSecrets(files map[string][]*entry, o Options) *secrets {
	s := &secrets{by: o.Secrets, of: map[identity][]*secret{}}
	count := map[string]int{}
	for _, path := range members(files) {
		for _, e := range files[path] {
			for _, left := range e.hidden {
				if left.empty {
					continue
				}
				one := &secret{entry: e, file: path, field: left.of, name: secretName(e, left.of.Name)}
				count[one.name]++
				s.all = append(s.all, one)
				s.of[e.identity] = append(s.of[e.identity], one)
			}
		}
	}
	for _, one := range s.all {
		if count[one.name] > 1 {
			one.name += "_" + strings.ToUpper(hashed(one.entry.kind.Model, one.entry.name, one.field.Name))
		}
	}
	return s
}

// secretName is the name of the variable for a field of an object.
func secretName(e *entry, field string) string {
	_, model, _ := strings.Cut(e.kind.Model, ".")
	parts := []string{"ak", model, slug(e.name), field}
	if parts[2] == "" {
		parts[2] = hashed(e.name)
	}
	return strings.ToUpper(strings.ReplaceAll(strings.Join(parts, "_"), "-", "_"))
}

// path is the file of a secret.
func (s *secret) path() string { return secretsFolder + strings.ToLower(s.name) }

// isText reports whether a tag can give the value: it is text.
func (s *secret) isText() bool { return s.field.Type == schema.Text }

const secretsHead = `# What the blueprints of this folder leave out, since it is secret or nobody can read
# it. authentik keeps what it has: nothing here is needed as long as the objects exist.
# To set one, or to make the objects on an empty server, take the # off its line in the
# blueprint and give the value as the line says, here as NAME=value or as the file.

`

// list says which there are, and of what they are.
func (s *secrets) list() []byte {
	var out bytes.Buffer
	out.WriteString(secretsHead)
	for _, one := range s.all {
		out.WriteString(s.item(one))
	}
	return out.Bytes()
}

// item says of what a secret is, and is ready for its value.
func (s *secrets) item(one *secret) string {
	needed := ""
	if one.field.Required {
		needed = ", without which it can't be made"
	}
	head := fmt.Sprintf("# %s: %s of the %s %q%s\n", one.file, one.field.Name, one.entry.kind.Title, one.entry.name, needed)
	switch {
	case !one.isText():
		return head + "# (not text: to be written into the blueprint)\n"
	case s.by == ByFile:
		return fmt.Sprintf("%s# %s\n", head, one.path())
	default:
		return fmt.Sprintf("%s%s=\n", head, one.name)
	}
}

// yamlLine is the line, to be taken into the blueprint, that gives the value.
func (s *secrets) yamlLine(one *secret) string {
	switch {
	case !one.isText():
		return one.field.Name + ": {}"
	case s.by == ByFile:
		return one.field.Name + ": !File " + one.path()
	default:
		return one.field.Name + ": !Env " + one.name
	}
}

// cueLine is yamlLine in CUE.
func (s *secrets) cueLine(one *secret) string {
	switch {
	case !one.isText():
		return label(one.field.Name) + ": {}"
	case s.by == ByFile:
		return fmt.Sprintf("%s: %s.#File & {#path: %s}", label(one.field.Name), packageName, quote(one.path()))
	default:
		return fmt.Sprintf("%s: %s.#Env & {#name: %s}", label(one.field.Name), packageName, quote(one.name))
	}
}
