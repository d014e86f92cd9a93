package schema

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Self says where the API tells somebody which object of a kind he is, such as which
// user; #Kind in kind.cue says what each word means.
type Self struct {
	Path  string `json:"path"`
	Field string `json:"field"`
	// Superuser is the field of the object that says whether he can do everything.
	Superuser string         `json:"superuser"`
	While     map[string]any `json:"while,omitempty"`
}

// Bearer says as whom somebody can act who has an object of a kind, such as a token;
// #Kind in kind.cue says what each word means.
type Bearer struct {
	Field  string         `json:"field"`
	Only   map[string]any `json:"only,omitempty"`
	While  map[string]any `json:"while,omitempty"`
	Secret string         `json:"secret,omitempty"`
}

// Power is a permission by which somebody can get further rights.
type Power struct {
	Span
	// Why ends a sentence that says what it lets people do.
	Why string `json:"why"`
}

// Power says how whoever has a permission can get further rights by it, in words
// that end a sentence on what it lets people do; or nothing, where he can't. The permission is named as
// authentik names it, such as authentik_core.change_user, and grants is the model that
// Field.Grants names. Beside the powers of that model it is the right to make or
// change objects of which a field empowers.
func (s *Schema) Power(grants, permission string) string {
	if kind := s.Kind(grants); kind != nil && kind.Powers[permission].Why != "" {
		return kind.Powers[permission].Why
	}
	app, codename, _ := strings.Cut(permission, ".")
	verb, model, _ := strings.Cut(codename, "_")
	if !slices.Contains([]string{"add", "change"}, verb) { // as Django calls them
		return ""
	}
	kind := s.Kind(app + "." + model)
	if kind == nil || !kind.Managed {
		return ""
	}
	for _, field := range kind.Fields.Fields {
		if field.Empowers != "" {
			return field.Empowers
		}
	}
	return ""
}

// powersAt returns the powers that a server of the version has.
func powersAt(powers map[string]Power, version string) map[string]Power {
	own := map[string]Power{}
	for name, power := range powers {
		if power.Has(version) {
			own[name] = power
		}
	}
	return own
}

// verifyRights makes sure that what the kind says of rights is about fields that it has.
func (k *Kind) verifyRights() error {
	var names []string
	if k.Self != nil {
		names = slices.AppendSeq(names, maps.Keys(k.Self.While))
	}
	if k.Bears != nil {
		names = append(names, k.Bears.Field)
		names = slices.AppendSeq(slices.AppendSeq(names, maps.Keys(k.Bears.Only)), maps.Keys(k.Bears.While))
		if k.Bears.Secret != "" {
			names = append(names, k.Bears.Secret)
		}
	}
	for _, name := range names {
		if k.Fields.Field(name) == nil {
			return fmt.Errorf("self or bears names %q, which is none of its fields", name)
		}
	}
	return nil
}
