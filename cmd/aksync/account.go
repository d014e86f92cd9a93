package main

import (
	"io"
	"text/template"

	"github.com/aksync/aksync/sync"
)

// account is a blueprint that authentik's own engine and aksync take alike. The role
// goes by a group, since only from authentik 2025.12 on a user can have one himself.
// The token's key is made up by the server, so that it stands in no file.
const account = `# A service account that may do what aksync needs for its blueprints, and no more.
# For authentik {{.Version}}, by aksync permissions.
#
# Apply it as a superuser, and again when the blueprints have come to need more; keep
# it out of the folder that aksync applies. Then copy the token's key in authentik's
# admin interface, under Directory, Tokens and App passwords: aksync.
version: 1
metadata:
  name: aksync's service account
entries:
  - model: authentik_rbac.role
    id: role
    identifiers:
      name: aksync
    attrs:
      permissions:{{if not .Needed}} []{{end}}
{{- range .Needed}}
        - {{.Permission}} # to {{.Why}}
{{- end}}
  - model: authentik_core.group
    id: group
    identifiers:
      name: aksync
    attrs:
      roles:
        - !KeyOf role
  - model: authentik_core.user
    id: user
    identifiers:
      username: aksync
    attrs:
      name: aksync
      type: service_account
      groups:
        - !KeyOf group
  - model: authentik_core.token
    identifiers:
      identifier: aksync
    attrs:
      user: !KeyOf user
      intent: api
      expiring: false
      description: aksync's access to the API
`

// writeAccount writes a blueprint of a role that has the rights, and of a service
// account that has it.
func writeAccount(w io.Writer, needed []sync.Needed, version string) error {
	blueprint, err := template.New("account").Parse(account)
	if err != nil {
		return err
	}
	return blueprint.Execute(w, struct {
		Version string
		Needed  []sync.Needed
	}{version, needed})
}
