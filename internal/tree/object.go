package tree

// Object is an object with all its fields as a server answered it: a mapping that
// can't be written within a text, since authentik would write it in a form of its
// own.
type Object Map

// Fields returns the object's fields; the mappings among them can't be written
// within a text either.
func (o Object) Fields() Map {
	fields := make(Map, len(o))
	for i, p := range o {
		if nested, isMap := p.Value.Data.(Map); isMap {
			p.Value.Data = Object(nested)
		}
		fields[i] = p
	}
	return fields
}
