package schema

import (
	"fmt"
	"slices"

	"github.com/aksync/aksync/internal/tree"
)

// Misfit says why answers of a version that is not known are not understood: a field by
// which objects are found is not there, or one of the others that count is of another
// type. It is empty where each of the fields is as the schema has it.
func (k *Kind) Misfit(objects []Object, finding, others []string) string {
	for i, name := range slices.Concat(finding, others) {
		field := k.field(name)
		if name == PK {
			field = k.field(k.ID)
		}
		if field == nil || !field.Answers() {
			continue
		}
		for _, object := range objects {
			data, has := object[field.answered()]
			switch plain := tree.FromJSON(data).Data; {
			case !has && i < len(finding):
				return fmt.Sprintf("the server's %s has no %s", k.Title, field.Name)
			case plain != nil && !field.takesType(plain):
				return fmt.Sprintf("the server's %s has %s for %s, and not %s", k.Title, tree.TypeName(plain), field.Name, field.want())
			}
		}
	}
	return ""
}
