package blueprint

import (
	"github.com/aksync/aksync/internal/blueprint/tags"
	"github.com/aksync/aksync/internal/blueprint/yaml"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// Spoken returns which objects the text of a blueprint speaks of, in YAML: entries with
// their identifiers only. The text is somebody else's, such as a server's: its tags read
// no variable and no file, and what is wrong with it is no problem.
func Spoken(s *schema.Schema, text string) []*tree.Entry {
	language := tags.NewLanguage()
	root, found, _, _ := yaml.Read("", []byte(text), language)
	top, isDict := root.Data.(tree.Map)
	if !found || !isDict {
		return nil
	}
	nothing := &tags.Policy{LookupEnv: func(string) (string, bool) { return "", false }}
	file := &File{Unmanaged: map[string]int{}, inputs: tags.NewLooks(nothing)}
	d := &document{
		file: file, shapes: newShapes(),
		scope: &tags.Scope{Schema: s, Language: language, Looks: file.inputs, IDs: map[string]int{}},
	}
	if context, given := top.Get("context"); given {
		d.scope.Context, _ = context.Data.(tree.Map)
	}
	d.listen(top)
	return file.Silent
}
