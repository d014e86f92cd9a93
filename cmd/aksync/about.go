package main

import (
	"cmp"
	"os"

	"github.com/spf13/cobra"

	"github.com/aksync/aksync/internal/report"
	"github.com/aksync/aksync/sync"
)

// about says what made a report, and where: forms that other programs show in
// files name these from the top of the repository.
func about(url string) report.About {
	// Without a working directory names stay as they are given.
	folder, _ := os.Getwd()
	return report.About{
		AksyncVersion: thisBuild().version,
		ServerURL:     url,
		Dir:           folder,
		Root:          cmp.Or(os.Getenv("GITHUB_WORKSPACE"), os.Getenv("CI_PROJECT_DIR"), folder),
	}
}

// annotate shows errors in the files of a pull request, when it runs there.
func annotate(cmd *cobra.Command, pass *sync.Pass, about report.About) error {
	if os.Getenv("GITHUB_ACTIONS") != "true" {
		return nil
	}
	return report.Annotations(cmd.ErrOrStderr(), pass, about)
}
