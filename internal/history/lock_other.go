//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package history

import (
	"errors"
	"os"
)

// tryLock refuses a folder that another process may have, too.
func tryLock(*os.File) error {
	return errors.New("this system has no lock that keeps another aksync from it")
}
