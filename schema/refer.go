package schema

// answered is the field of an answer that shows the value: the field's own, or
// that of a field with a request of its own.
func (f *Field) answered() string {
	if f.Via != nil {
		if len(f.Via.Show) > 0 {
			return "" // it is listed elsewhere
		}
		return f.Via.Read
	}
	return f.Name
}

// Answers reports whether objects show the value of the field.
func (f *Field) Answers() bool { return !f.WriteOnly && f.answered() != "" }

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
