package deploy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// composeFile has the keys of the compose specification that are used here, as
// https://github.com/compose-spec/compose-spec/blob/main/05-services.md has them.
type composeFile struct {
	Name     string                    `json:"name"`
	Services map[string]composeService `json:"services"`
	Secrets  map[string]struct {
		File string `json:"file"`
	} `json:"secrets"`
	Networks map[string]struct {
		Name     string `json:"name"`
		External bool   `json:"external"`
	} `json:"networks"`
}

type composeService struct {
	Image       string            `json:"image"`
	Build       string            `json:"build"`
	Restart     string            `json:"restart"`
	Environment map[string]string `json:"environment"`
	Volumes     []struct {
		Type     string `json:"type"`
		Source   string `json:"source"`
		Target   string `json:"target"`
		ReadOnly bool   `json:"read_only"`
		Bind     struct {
			CreateHostPath *bool `json:"create_host_path"`
		} `json:"bind"`
	} `json:"volumes"`
	Secrets     []string `json:"secrets"`
	Ports       []string `json:"ports"`
	Networks    []string `json:"networks"`
	Healthcheck struct {
		Test        []string `json:"test"`
		Interval    string   `json:"interval"`
		Timeout     string   `json:"timeout"`
		StartPeriod string   `json:"start_period"`
	} `json:"healthcheck"`
	ReadOnly        bool     `json:"read_only"`
	User            string   `json:"user"`
	CapDrop         []string `json:"cap_drop"`
	SecurityOpt     []string `json:"security_opt"`
	MemLimit        string   `json:"mem_limit"`
	StopGracePeriod string   `json:"stop_grace_period"`
}

// The service has no rights that it does not need, and what it names is there.
func TestCompose(t *testing.T) {
	var compose composeFile
	decode(t, "compose.yaml", &compose)
	service := compose.Services["aksync"]
	got := []any{service.ReadOnly, service.User, service.CapDrop, service.SecurityOpt, service.Ports}
	want := []any{true, "65532:65532", []string{"ALL"}, []string{"no-new-privileges:true"}, []string{"127.0.0.1:9180:9180"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rights (-want +got):\n%s", diff)
	}
	for _, secret := range service.Secrets {
		if compose.Secrets[secret].File == "" {
			t.Errorf("there is no secret %s", secret)
		}
		if file := service.Environment["AUTHENTIK_TOKEN_FILE"]; file != "/run/secrets/"+secret {
			t.Errorf("the token is looked for in %s", file)
		}
	}
	for _, network := range service.Networks {
		if !compose.Networks[network].External {
			t.Errorf("the network %s is not authentik's", network)
		}
	}
	for _, volume := range service.Volumes {
		if create := volume.Bind.CreateHostPath; !volume.ReadOnly || create == nil || *create {
			t.Errorf("the volume %s can be written, or is made where it is missing", volume.Source)
		}
	}
}
