package exemplar

// members are the kinds whose objects stand for those of a base.
var members = map[string]string{
	"authentik_core.provider":                     "authentik_providers_oauth2.oauth2provider",
	"authentik_core.source":                       "authentik_sources_plex.plexsource",
	"authentik_endpoints.connector":               "authentik_endpoints_connectors_agent.agentconnector",
	"authentik_core.propertymapping":              "authentik_providers_oauth2.scopemapping",
	"authentik_flows.stage":                       "authentik_stages_dummy.dummystage",
	"authentik_policies.policy":                   "authentik_policies_dummy.dummypolicy",
	"authentik_policies.policybindingmodel":       "authentik_core.application",
	"authentik_outposts.outpostserviceconnection": "authentik_outposts.dockerserviceconnection",
}

// known are values that a rule of authentik wants, by field or by model and field.
var known = map[string][]any{
	"email":                            {"a@example.com", "b@example.com"},
	"delegated_subject":                {"a@example.com", "b@example.com"},
	"from_address":                     {"a@example.com", "b@example.com"},
	"meta_icon":                        {"https://example.com/a.png", "https://example.com/b.png"},
	"icon":                             {"https://example.com/a.png", "https://example.com/b.png"},
	"background":                       {"https://example.com/a.png", "https://example.com/b.png"},
	"branding_logo":                    {"/static/a.svg", "/static/b.svg"},
	"branding_favicon":                 {"/static/a.png", "/static/b.png"},
	"branding_default_flow_background": {"/static/a.jpg", "/static/b.jpg"},
	"template":                         {"email/password_reset.html", "email/account_confirmation.html"},
	"email_template":                   {"email/event_notification.html", "email/password_reset.html"},
	"external_host":                    {"https://a.example.com", "https://b.example.com"},
	"internal_host":                    {"http://a:8000", "http://b:8000"},
	"server_uri":                       {"ldap://a.example.com", "ldap://b.example.com"},
	"scope_name":                       {"one", "two"},
	"token_expiry":                     {"minutes=5", "minutes=6"},

	"authentik_brands.brand.default": {false},
	"authentik_core.token.user":      {int64(1)}, "authentik_core.token.intent": {"app_password"},
	"authentik_core.user.permissions":                           {[]any{"authentik_core.view_user"}, []any{"authentik_core.view_group"}},
	"authentik_rbac.role.permissions":                           {[]any{"authentik_core.view_user"}, []any{"authentik_core.view_group"}},
	"authentik_core.user.type":                                  {"internal", "external"},
	"authentik_crypto.certificatekeypair.certificate_data":      {certificate, RecordedCertificate},
	"authentik_crypto.certificatekeypair.key_data":              {""},
	"authentik_flows.flowstagebinding.evaluate_on_plan":         {true},
	"authentik_policies_reputation.reputationpolicy.check_ip":   {true},
	"authentik_outposts.outpost.type":                           {"proxy"},
	"authentik_outposts.kubernetesserviceconnection.local":      {true},
	"authentik_outposts.kubernetesserviceconnection.kubeconfig": {map[string]any{}},
	"authentik_sources_oauth.oauthsource.provider_type":         {"openidconnect"},
	"authentik_stages_redirect.redirectstage.target_static":     {"https://example.com/a", "https://example.com/b"},
}

// certificate is one for example.com, whose key nobody has.
const certificate = `-----BEGIN CERTIFICATE-----
MIIBgjCCASmgAwIBAgIUdls3+NOygZoTDeUhWkZuCbH7xNQwCgYIKoZIzj0EAwIw
FjEUMBIGA1UEAwwLZXhhbXBsZS5jb20wIBcNMjYxMTI2MDM0ODE4WhgPMjEyNjEx
MDIwMzQ4MThaMBYxFDASBgNVBAMMC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEA0C+COtOTRhxVPBUUUb4g0g2BBjtVu91QUy+olNmVujpH/6r
GWlR/wEmK5YK8t5tuZ++6yAnXYDvS5oJ5vikJKNTMFEwHQYDVR0OBBYEFCFYoj/O
04UQjDxdLqnJGA8M7h8sMB8GA1UdIwQYMBaAFCFYoj/O04UQjDxdLqnJGA8M7h8s
MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgO8GVAAKXM5ouH1+s
1H3s9K/p+fp+CDHP/svybk74RN4CIFuJlda4M7eYYQuTYLFJhCBWBsmq5guXtD4P
As8PcSNM
-----END CERTIFICATE-----
`

// RecordedCertificate is that of setup/cert-1 of the recorded exchanges.
const RecordedCertificate = `-----BEGIN CERTIFICATE-----
MIICmjCCAYKgAwIBAgICA+kwDQYJKoZIhvcNAQELBQAwEDEOMAwGA1UEAwwFcmVj
LTEwHhcNMjYwMTAxMDAwMDAwWhcNMzUxMjMwMDAwMDAwWjAQMQ4wDAYDVQQDDAVy
ZWMtMTCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAL5LBIfGcnIb4N1T
H/MUSmAGraN5ABL/M9y9LWMreP1UUUNNgIwedwPjhrLyncaKQp2BuAG4OOoJKqQs
c+0yzO8QL4jRyLcvNVxSpR1JQyDw4BvdwFCQJN+hUB3HRh4xuH+BaRdGuRECBPj0
1+bgwFRzHOxXFkJY4DwZ0Ee8N882csI759NQcVLjUailvr7aNqs/sGHhTm6i/CkS
EgUuCGQtknkbK00v7t3yK9ZfjEIRFg3pl2lAwKO+Lxw6MzXenlFoLb1tus4QevUX
418LYOergGXVH/+EQ9yBP5FJpJEBn3xDzW2aky6wjx7P5gvnq2MgLpCcI/A1xVT3
pVa/NoUCAwEAATANBgkqhkiG9w0BAQsFAAOCAQEAqMhgDw3MBa9UXC6PwmRw9x4v
nsk0/OIyRAF+Rg7TuiZpz2XDUdRsjLu4hhA5zzIWOsAdsuMjmB+SGWpCE7fCmfS3
Hukbhc1jLsKH+ief2qlUTH734d6HdJmk0LwlX/7m+n88lSrILsep35tfskEJVOGU
+ZaE9n5tTtNDBXeOV9zDjvpt51PF8rqLK6cBY2l2EjzES0ts6xUVfZZpxVWJOxB3
M6R1JalyB3CvWkB5rskzI/EpHRBxyXI4CIVQrn5FX3jLA+DgzmrWdNIO5/w59fhv
7YaI18MdUcILQubKNJNGdamlNI3jFrw/1cU//oYagQ3fwLeJKOgb3HsXm+nqUA==
-----END CERTIFICATE-----
`
