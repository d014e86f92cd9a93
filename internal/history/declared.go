package history

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/aksync/aksync/sync"
)

// declaredName is the file that holds what was declared.
const declaredName = "declared.json"

// declaredFormat is the version of its form. One of another version is not taken.
const declaredFormat = "1"

// declaredFile is the file.
type declaredFile struct {
	Format string `json:"aksync_declared"`
	// Server is the address of the authentik that the objects are in.
	Server  string          `json:"server"`
	Objects []sync.Declared `json:"objects"`
}

// Declared is what was declared: a sync.Memory.
type Declared struct {
	folder  *Folder
	objects []sync.Declared
}

// Declared reads what was declared; nothing in a new folder. What belongs to another
// server is refused, since a primary key means another object there.
func (f *Folder) Declared() (*Declared, error) {
	d := &Declared{folder: f}
	path := filepath.Join(f.path, declaredName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return d, nil
	}
	if err != nil {
		return nil, err
	}
	if err := checkForm(text); err != nil {
		return nil, fmt.Errorf("%s %w", path, err)
	}
	var file declaredFile
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("%s is damaged (%w): with the file taken away all begins anew, and what was removed until now stays", path, err)
	}
	if file.Server != f.server {
		return nil, fmt.Errorf("%s remembers what is declared for %s, and --url is %s: want a folder for each server", path, file.Server, f.server)
	}
	d.objects = file.Objects
	return d, nil
}

// checkForm refuses a file of another form.
func checkForm(text []byte) error {
	var header struct {
		Format string `json:"aksync_declared"`
	}
	if err := json.Unmarshal(text, &header); err == nil && header.Format != declaredFormat {
		return fmt.Errorf("has the format %q, and this aksync reads %q", header.Format, declaredFormat)
	}
	return nil
}

// Declared returns what was remembered last.
func (d *Declared) Declared() []sync.Declared { return slices.Clone(d.objects) }

// Remember keeps the objects instead of those that there were.
func (d *Declared) Remember(objects []sync.Declared) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(declaredFile{declaredFormat, d.folder.server, objects}); err != nil {
		return err
	}
	if err := d.folder.replace(declaredName, text.Bytes()); err != nil {
		return err
	}
	d.objects = slices.Clone(objects)
	return nil
}
