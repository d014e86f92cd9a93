package tree

// FileState is what a blueprint file is.
type FileState string

// The states of a file.
const (
	Valid    FileState = "valid"
	Invalid  FileState = "invalid"  // it has problems: none of its entries is applied, and their objects are left as they are
	Disabled FileState = "disabled" // it says that it is switched off, or declares nothing
)

// FileStates returns all states of a file.
func FileStates() []FileState { return []FileState{Valid, Invalid, Disabled} }
