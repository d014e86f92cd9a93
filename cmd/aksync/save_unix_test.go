//go:build unix

package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A pipe with a name is written to, and stays one.
func TestSaveFileInAPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	read := make(chan string, 1)
	go func() {
		text, err := os.ReadFile(path)
		if err != nil {
			text = []byte(err.Error())
		}
		read <- string(text)
	}()
	if err := saveFile(path, saying("new")); err != nil {
		t.Fatal(err)
	}
	if text := <-read; text != "new" {
		t.Errorf("the pipe gives %q", text)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode().Type() != os.ModeNamedPipe {
		t.Errorf("the pipe is %v now (%v)", info, err)
	}
}

func TestSaveFileInADevice(t *testing.T) {
	if err := saveFile(os.DevNull, saying("new")); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		t.Errorf("%s is %v now (%v)", os.DevNull, info, err)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	if err := saveFile("/dev/full", saying("new")); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("the error of a full device is %v", err)
	}
	if err := saveFile("/dev/full", func(io.Writer) error { return io.ErrUnexpectedEOF }); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the error of a plan that can't be made is %v", err)
	}
}
