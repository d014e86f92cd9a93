package watch

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// churn makes, moves, replaces, links and removes folders at random. Whatever
// fails (a name that is taken, a folder moved into itself) is left out.
func churn(rnd *rand.Rand, root string, steps int) {
	pick := func() string {
		path := root
		for range 1 + rnd.IntN(3) {
			path = filepath.Join(path, strconv.Itoa(rnd.IntN(4)))
		}
		return path
	}
	for range steps {
		switch rnd.IntN(6) {
		case 0, 1:
			_ = os.MkdirAll(pick(), 0o700)
		case 2:
			_ = os.Rename(pick(), pick())
		case 3:
			_ = os.RemoveAll(pick())
		case 4:
			_ = os.Symlink(pick(), pick())
		case 5:
			_ = os.Remove(pick())
		}
	}
}

func watches(w *Watcher, folder string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tree.byPath[folder] != nil
}

// However folders were moved about, in the end each of them is watched.
func TestEveryFolderIsWatchedAfterAnyHistory(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			root := tempDir(t)
			seen, from := recorded()
			w := startFrom(t, Config{Paths: []string{root}}, from)
			churn(rand.New(rand.NewPCG(seed, 1)), root, 2000)
			sentinel := mkdir(t, root, "sentinel")
			signalsUntil(t, w, func() bool { return watches(w, sentinel) })

			n := 0
			must(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
				if err != nil || !entry.IsDir() || filepath.Base(path) == "sentinel" || filepath.Base(path)[0] == 'p' {
					return err
				}
				n++
				name := "p" + strconv.Itoa(n)
				mkdir(t, path, name)
				seen.waitFor(t, name)
				return nil
			}))
		})
	}
}
