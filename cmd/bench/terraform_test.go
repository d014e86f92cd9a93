package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFindTerraform(t *testing.T) {
	folder := t.TempDir()
	program := func(name string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, nil, 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	here, gone := program("terraform"), filepath.Join(folder, "gone")
	for _, tt := range []struct{ name, terraform, provider, want string }{
		{"none", gone, here, "there is no Terraform to compare with"},
		{"no provider", here, gone, "there is no provider of authentik for Terraform"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := needsTerraform(options{terraform: tt.terraform, provider: tt.provider}); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
	if err := needsTerraform(options{terraform: here, provider: program("terraform-provider-authentik")}); err != nil {
		t.Error(err)
	}
}
