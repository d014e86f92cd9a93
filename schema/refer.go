package schema

import (
	"slices"
	"strings"
)

// answered is the field of an answer that shows the value: the field's own, or
// that of a field with a request of its own.
func (f *Field) answered() string {
	if f.Via != nil {
		if len(f.Via.Show) > 0 || f.Via.Blind {
			return "" // it is listed elsewhere, or nowhere
		}
		return f.Via.Read
	}
	return f.Name
}

// Answers reports whether objects show the value of the field.
func (f *Field) Answers() bool { return !f.WriteOnly && f.answered() != "" }

// Shown reports whether the value of an object can be read, from its answer or from
// a list of its own.
func (f *Field) Shown() bool { return f.Answers() || f.Via.Lists() && !f.WriteOnly }

// GoesAlong reports whether a declared value is sent with each write of the object,
// since nothing shows whether it differs, and to set it again harms nobody, as a
// password could.
func (f *Field) GoesAlong() bool {
	return !f.Shown() && !f.Proof.proves() && (f.Via == nil || !f.WriteOnly)
}

// CanRefer reports whether a reference to the model may stand where one to refers
// is wanted: it is the same, a special case of it, or a base of it, of which the
// plan says whether it was the right one.
func (s *Schema) CanRefer(refers, model string) bool {
	if refers == "" || refers == model {
		return refers == model
	}
	if kind := s.Kind(model); kind != nil && kind.Is(refers) {
		return true
	}
	kind := s.Kind(refers)
	return kind != nil && kind.Is(model)
}

// wantModel names what a reference may refer to: the model, or those that it is the
// base of where that is no kind that anybody knows by name.
func (s *Schema) wantModel(model string) string {
	kind := s.Kind(model)
	if kind == nil || kind.Path != "" || len(kind.Members) == 0 {
		return model
	}
	return "one of " + strings.Join(kind.Members, ", ")
}

// Members returns the kinds that are special cases of a base.
func (s *Schema) Members(base string) []*Kind {
	kind := s.Kind(base)
	if kind == nil {
		return nil
	}
	var members []*Kind
	for _, model := range kind.Members {
		if member := s.Kind(model); member != nil {
			members = append(members, member)
		}
	}
	return members
}

// Binds reports whether objects of the kind have no name of their own and are known by
// what they bind, such as bindings.
func (k *Kind) Binds() bool { return k.Key == "" && len(k.Label) > 0 }

// KnownBy names the fields that tell an object of the kind from others: those of its keys
// and of its label, each once.
func (k *Kind) KnownBy() []string {
	names := slices.Concat(append(slices.Clone(k.Keys), k.Label)...)
	slices.Sort(names)
	return slices.Compact(names)
}

// Bound returns, of a binding, the models of what it binds to an object of the kind:
// where that is what the first field of the label refers to, those of the others. It
// is nil where the binding binds the object to something else.
func (k *Kind) Bound(to *Kind) []string {
	if len(k.Label) == 0 {
		return nil
	}
	if field := k.Fields.Field(k.Label[0]); field == nil || !to.Is(field.Refers) {
		return nil
	}
	models := []string{}
	for _, name := range k.Label[1:] {
		if field := k.Fields.Field(name); field != nil && field.Refers != "" {
			models = append(models, field.Refers)
		}
	}
	return models
}

// Mirror returns the model and the field that hold the same relation from its other
// end, and reports whether there are any.
func (f *Field) Mirror() (model, field string, mirrors bool) {
	at := strings.LastIndex(f.Mirrors, ".")
	if at < 0 {
		return "", "", false
	}
	return f.Mirrors[:at], f.Mirrors[at+1:], true
}

// Hidden names the fields that nobody may read.
func (k *Kind) Hidden() []string {
	var names []string
	for _, field := range k.Fields.Fields {
		if field.Sensitive {
			names = append(names, field.Name)
		}
	}
	return names
}

// KeyWords names what finds an object of the kind.
func (k *Kind) KeyWords() string {
	if k.Key != "" {
		return k.Key
	}
	for _, key := range append(slices.Clone(k.Keys), k.Label) {
		if len(key) > 0 {
			return strings.Join(key, " and ")
		}
	}
	return PK
}
