package tree

// Object is an object with all its fields as a server answered it, or a mapping
// within one: a mapping that can't be written within a text, since authentik would
// write it in a form of its own.
type Object Map
