package history

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// The log is a few files, the newest without a number. One that is full is renamed, and
// the oldest goes.
const (
	logFiles = 4
	fullLog  = 4 << 20 // bytes
)

// logName is the name of a file of the log: 0 is the newest.
func logName(number int) string {
	if number == 0 {
		return "changes.jsonl"
	}
	return fmt.Sprintf("changes.%d.jsonl", number)
}

// Log is what the daemon changed, a line of JSON for each change. It never has more than
// logFiles files of fullLog bytes and a line. What was added is there when the process
// is killed, and after Sync when the machine is, too.
type Log struct {
	folder *Folder
	file   *os.File
	size   int64
	full   int64
	dirty  bool
}

// Log opens the log to add to it. Only one may be open.
func (f *Folder) Log() (*Log, error) {
	l := &Log{folder: f, full: fullLog}
	return l, l.open()
}

// open opens the newest file, and ends the line that a process was killed in.
func (l *Log) open() error {
	file, err := os.OpenFile(filepath.Join(l.folder.path, logName(0)), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil && info.Size() > 0 {
		last := make([]byte, 1)
		if _, err = file.ReadAt(last, info.Size()-1); err == nil && last[0] != '\n' {
			_, err = file.WriteString("\n")
		}
	}
	if err == nil {
		err = syncFolder(l.folder.path)
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	l.file, l.size = file, info.Size()
	return nil
}

// Add adds an event.
func (l *Log) Add(event Event) error {
	line, err := asLine(event)
	if err != nil {
		return err
	}
	if l.file == nil || l.size > 0 && l.size+int64(len(line)) > l.full {
		if err := l.rotate(); err != nil {
			return err
		}
	}
	n, err := l.file.Write(line)
	l.size += int64(n)
	l.dirty = true
	if err != nil && n > 0 { // the next line is one of its own
		_, ended := l.file.WriteString("\n")
		err = errors.Join(err, ended)
	}
	return err
}

// rotate makes room in a new file. Where it fails, the next event tries again.
func (l *Log) rotate() error {
	if l.file != nil {
		err := errors.Join(l.Sync(), l.file.Close())
		l.file = nil
		if err != nil {
			return err
		}
		for number := logFiles - 2; number >= 0; number-- {
			err := os.Rename(filepath.Join(l.folder.path, logName(number)), filepath.Join(l.folder.path, logName(number+1)))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return l.open()
}

// Sync puts what was added onto the disk, if anything was.
func (l *Log) Sync() error {
	if !l.dirty || l.file == nil {
		return nil
	}
	l.dirty = false
	return l.file.Sync()
}

// Close ends the log.
func (l *Log) Close() error {
	if l.file == nil {
		return nil
	}
	return errors.Join(l.Sync(), l.file.Close())
}

// Read gives the events of the log in a folder to each, the oldest first, also while a
// daemon adds to it. Lines that are none, such as one that a process was killed in, are
// left out and counted.
func Read(path string, each func(*Event) error) (damaged int, err error) {
	return readLines(path, func(line []byte) (bool, error) {
		var event Event
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.UseNumber()
		if decoder.Decode(&event) != nil {
			return false, nil
		}
		return true, each(&event)
	})
}

// readLines gives each line to take, which says whether it is one.
func readLines(path string, take func(line []byte) (bool, error)) (damaged int, err error) {
	files, err := openAll(path)
	defer func() {
		for _, file := range files {
			err = errors.Join(err, file.Close())
		}
	}()
	if err != nil {
		return 0, err
	}
	for i := len(files) - 1; i >= 0; i-- {
		text, err := io.ReadAll(files[i])
		if err != nil {
			return damaged, err
		}
		for line := range bytes.Lines(text) {
			if len(bytes.TrimSpace(line)) == 0 {
				continue
			}
			isEvent, err := take(line)
			if err != nil {
				return damaged, err
			}
			if !isEvent {
				damaged++
			}
		}
	}
	return damaged, nil
}

// openAll opens the files of a log, the newest first: one that is renamed meanwhile is
// met twice then, and not missed.
func openAll(path string) (files []*os.File, err error) {
	var newer os.FileInfo
	for number := range logFiles {
		file, err := os.Open(filepath.Join(path, logName(number)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return files, err
		}
		files = append(files, file)
		info, err := file.Stat()
		if err != nil {
			return files, err
		}
		if newer != nil && os.SameFile(newer, info) {
			files = files[:len(files)-1]
			if err := file.Close(); err != nil {
				return files, err
			}
			continue
		}
		newer = info
	}
	if len(files) == 0 {
		_, err = os.Stat(path)
	}
	return files, err
}

// Object is a live object, or one that was.
type Object struct{ Model, Name, PK string }

// has reports whether an event is of the object: of its primary key, or of its name,
// since it may have been made anew.
func (o Object) has(event *Event) bool {
	return event.Model == o.Model && (event.Name == o.Name || event.PK != "" && event.PK == o.PK)
}

// Last gives the last events of an object in the log of a folder, at most n, the newest
// first: those of its primary key, and those of its name, since it may have been made
// anew. It reads the whole log, and decodes only what may be of the object.
func Last(path string, object Object, n int) ([]*Event, error) {
	model, err := encoded("model", object.Model)
	if err != nil {
		return nil, err
	}
	var last []*Event
	_, err = readLines(path, func(line []byte) (bool, error) {
		var event Event
		if !bytes.Contains(line, model) || json.Unmarshal(line, &event) != nil {
			return true, nil
		}
		if object.has(&event) {
			last = append(last, &event)
			if len(last) > n {
				last = last[1:]
			}
		}
		return true, nil
	})
	slices.Reverse(last)
	return last, err
}

// encoded is a field as it stands in a line.
func encoded(name, value string) ([]byte, error) {
	text, err := asLine(value)
	return append([]byte(`"`+name+`":`), bytes.TrimSpace(text)...), err
}

// asLine is a value as a line of JSON.
func asLine(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return b.Bytes(), err
}
