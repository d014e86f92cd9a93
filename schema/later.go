package schema

import (
	"fmt"

	"github.com/aksync/aksync/internal/tree"
)

// checkLater says what is wrong with a value that is known only after apply. The
// key of an object may stand where one is wanted, text that holds one where any text
// may; the elements of a list were checked before.
func (f *Field) checkLater(path string, v tree.Value) tree.Problems {
	takes := false
	switch v.Data.(type) {
	case tree.ID:
		takes = f.Refers != "" || f.Type == JSON || f.Type == Text && len(f.Values) == 0
	case tree.Text:
		takes = f.Type == JSON || f.Type == Text && len(f.Values) == 0
	case tree.List:
		takes = f.Type == List || f.Type == JSON
	case tree.Map:
		takes = f.Type == Struct || f.Type == JSON
	}
	if takes {
		return nil
	}
	return tree.Problems{{Place: v.Place, Path: path,
		Message: fmt.Sprintf("is known only after apply, since it depends on an object that is yet to be created, and is not taken here: want %s", f.want())}}
}

// CheckPlain says what is wrong with a value as Value.Plain has it, or nothing.
func (f *Field) CheckPlain(plain any) string {
	problems := f.Check(f.Name, tree.FromJSON(plain))
	if len(problems) == 0 {
		return ""
	}
	return problems[0].Message
}
