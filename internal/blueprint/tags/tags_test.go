package tags

import (
	"encoding/json"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"

	"github.com/aksync/aksync/schema"
)

// The table of tags is where they are written down: the CUE schema takes exactly
// those.
func TestTheSchemaKnowsEachTag(t *testing.T) {
	text, err := schema.Source()
	if err != nil {
		t.Fatal(err)
	}
	context := cuecontext.New()
	root := context.CompileBytes(text)
	for _, name := range append(NewLanguage().Names(), "!Bogus") {
		quoted, _ := json.Marshal(name)
		value := context.CompileString("#Tag & {"+string(quoted)+": 1}", cue.Scope(root))
		if known := value.Validate() == nil; known != (name != "!Bogus") {
			t.Errorf("%s is taken as a #Tag: %v", name, known)
		}
	}
}
