package schema

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/aksync/aksync/internal/tree"
)

// Holds is how somebody is permitted something with a single object; #Holds in
// kind.cue says what each word means.
type Holds struct {
	Span
	Give    string   `json:"give"`
	Take    string   `json:"take"`
	Read    string   `json:"read"`
	ID      string   `json:"id"`
	Shows   []string `json:"shows"`
	All     string   `json:"all"`
	Needs   []Need   `json:"needs"`
	Full    string   `json:"full,omitempty"`
	Instead string   `json:"instead,omitempty"`
}

// App is the part of the model that says where authentik has it, which begins the
// names of permissions.
func (k *Kind) App() string {
	app, _, _ := strings.Cut(k.Model, ".")
	return app
}

// Permitted returns the names of all that somebody can be permitted to do with an
// object of the kind, without the app.
func (k *Kind) Permitted() []string {
	_, name, _ := strings.Cut(k.Model, ".")
	names := []string{"view_" + name, "add_" + name, "change_" + name, "delete_" + name}
	return append(names, slices.Sorted(maps.Keys(k.Permissions))...)
}

// Codename returns the name of a permission for objects of the kind without its app,
// or says why there is none of that name.
func (k *Kind) Codename(permission string) (codename, complaint string) {
	codename = permission
	if app, name, isFull := strings.Cut(permission, "."); isFull {
		if codename = name; app != k.App() {
			return "", fmt.Sprintf("%s is none of %s, whose permissions begin with %s", tree.Describe(permission), k.Model, k.App())
		}
	}
	if !slices.Contains(k.Permitted(), codename) {
		return "", fmt.Sprintf("%s has no permission %s: %s", k.Model, tree.Describe(permission), Suggest(codename, k.Permitted()))
	}
	return codename, ""
}

// checkPermissions says what is wrong with the permissions of an entry.
func (s *Schema) checkPermissions(k *Kind, e tree.Entry) tree.Problems {
	var problems tree.Problems
	for _, permission := range e.Permissions {
		holders := false
		for _, member := range permission.Fields {
			field := s.Permission.Field(member.Name())
			if field == nil {
				continue // it is complained of already
			}
			at := Join(permission.Path, member.Name())
			wrong := s.checkReference(field, at, member.Value, field.Refers)
			if name, isText := member.Value.Data.(string); isText && field.Refers == "" && len(wrong) == 0 {
				if _, complaint := k.Codename(name); complaint != "" {
					wrong = tree.Problems{{Place: member.Value.Place, Path: at, Message: complaint}}
				}
			}
			holders = holders || field.Refers != "" && member.Value.Data != nil
			problems = append(problems, wrong...)
		}
		if !holders {
			problems = append(problems, tree.Problem{Place: permission.Place, Path: permission.Path,
				Message: "nobody is permitted it: want a role, or a user"})
		}
	}
	return problems
}

// Names returns permissions for one object of a kind as a server of the version takes
// them (KINDS.md 4.4).
func (h *Holds) Names(k *Kind, codenames []string, version string) []any {
	names := make([]any, len(codenames))
	for i, codename := range codenames {
		names[i] = codename
		if h.IsFull(version) {
			names[i] = k.App() + "." + codename
		}
	}
	return names
}

// Full is a permission for objects of the kind with its app in front.
func (k *Kind) Full(permission string) string {
	if codename, complaint := k.Codename(permission); complaint == "" {
		return k.App() + "." + codename
	}
	return permission
}

// NotFull says of a permission that a server of the version wants it as full.
func (k *Kind) NotFull(full, version string) string {
	return fmt.Sprintf("authentik %s itself would refuse the blueprint for it: want %s, which every version takes", version, full)
}

// WithoutHolds says that nobody of the kind is permitted anything with one object by the
// API of a version.
func (k *Kind) WithoutHolds(version string) string {
	message := fmt.Sprintf("authentik %s has no request by which a %s is permitted anything with one object", version, k.Title)
	if k.Holds != nil {
		message += ": " + k.Holds.Instead
	}
	return message
}

// IsFull reports whether permissions have the name of their app in front.
func (h *Holds) IsFull(version string) bool { return h.Full != "" && !Before(version, h.Full) }

// Request returns the request that permits somebody, of a kind, something with an object
// of another one.
func (h *Holds) Request(of *Kind, holder string, k *Kind, object string, names []any) Request {
	before, after, _ := strings.Cut(strings.Trim(h.Give, "/"), "/{key}/")
	return Request{Method: http.MethodPost, Path: before, Key: holder, Action: after, Rights: h.RightsToGive(of),
		Body: Object{"permissions": names, "model": k.Model, "object_pk": object}}
}

// ReadFrom returns the path and the query of the list of those who are permitted
// anything with an object of a kind.
func (h *Holds) ReadFrom(k *Kind, object string) (path string, query url.Values, err error) {
	return readFrom(h.Read, "{model}", url.QueryEscape(k.Model), "{object}", url.QueryEscape(object))
}

// ReadAllFrom returns the path and the query of the list of all permissions for single
// objects.
func (h *Holds) ReadAllFrom() (path string, query url.Values, err error) { return readFrom(h.All) }

// Permit is a permission for a single object. ID is its own primary key, among those of
// holders of one kind.
type Permit struct{ Model, Object, Codename, ID string }

// ReadPermit returns the permission that an answer shows.
func ReadPermit(shown Object) Permit {
	word := func(name string) string { text, _ := shown[name].(string); return text }
	return Permit{word("app_label") + "." + word("model"), word("object_pk"), word("codename"), IDText(tree.PlainJSON(shown["id"]))}
}

// Permits returns all permissions for single objects of somebody in that list.
func (h *Holds) Permits(holder Object) []Permit {
	var permits []Permit
	for _, shows := range h.Shows {
		list, _ := holder[shows].([]any)
		for _, element := range list {
			object, _ := element.(Object)
			permits = append(permits, ReadPermit(object))
		}
	}
	return permits
}
