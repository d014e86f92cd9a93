package schema

// Successor is what has the place of a field since it is gone; #Successor in kind.cue
// says what each word means.
type Successor struct {
	Field  string `json:"field,omitempty"`
	Listed bool   `json:"listed,omitempty"`
	Taken  bool   `json:"taken,omitempty"`
	Words  string `json:"words,omitempty"`
}

// TakenFor returns the field that authentik takes the field for since it is gone, or
// nothing.
func (f *Field) TakenFor() string {
	if f.Successor == nil || !f.Successor.Taken {
		return ""
	}
	return f.Successor.Field
}

// WordsOfSuccessor say what has the place of the field since it is gone, or nothing.
func (f *Field) WordsOfSuccessor() string {
	switch s := f.Successor; {
	case s == nil:
		return ""
	case s.Field == "":
		return s.Words
	case s.Listed:
		return s.Field + ", a list, has its place"
	default:
		return s.Field + " has its place"
	}
}

// LackingField says that a server of the version has not got a field of the kind, which
// has, and which field has its place.
func (k *Kind) LackingField(f *Field, version string) string {
	message := f.Lacking(f.Name, version)
	if f.Gone(version) {
		if words := f.WordsOfSuccessor(); words != "" {
			message += "; " + words
		}
		return message
	}
	for _, other := range k.Fields.Fields {
		if other.Successor != nil && other.Successor.Field == f.Name && other.Has(version) && !other.Successor.Taken {
			return message + "; until then " + other.Name + " has its place"
		}
	}
	return message
}
