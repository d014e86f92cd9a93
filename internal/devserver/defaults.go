package devserver

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	_ "embed"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// defaults.json is what a fresh authentik holds: objects by model, each with the
// fields that are not as the schema's defaults have them. A reference is the key of
// what it refers to, or fields that tell it. Names and structure are authentik's,
// expressions and texts are not.
//
//go:embed defaults.json
var defaults []byte

// defaultObjects are the objects of one model.
type defaultObjects struct {
	Model   string           `json:"model"`
	Objects []map[string]any `json:"objects"`
	// SelfSigned says which fields hold a certificate and its key that are made at
	// each start.
	SelfSigned *selfSigned `json:"selfSigned"`
	// Grants is what the objects may do with those of each managed kind, such as view.
	Grants string `json:"grants"`
	// A version has them all, or none.
	schema.Span
}

// SeedDefaults adds what a fresh authentik holds of the kinds that the schema has
// (flow-list-ps20, list-default, stages-all). The primary keys are the same each
// time.
func (s *Server) SeedDefaults() error {
	var all []defaultObjects
	decoder := json.NewDecoder(bytes.NewReader(defaults))
	decoder.UseNumber()
	if err := decoder.Decode(&all); err != nil {
		return fmt.Errorf("reading the embedded server's defaults: %w", err)
	}
	s.store.Lock()
	defer s.store.Unlock()
	s.store.addPermissions()
	for _, of := range all {
		if s.store.kinds[of.Model] == nil || !of.Has(s.config.Version) {
			continue
		}
		for _, fields := range of.Objects {
			if err := of.SelfSigned.fill(fields, s.now()); err != nil {
				return err
			}
			o, err := s.putDefault(of.Model, fields)
			if err != nil {
				return err
			}
			if o != nil && of.Grants != "" {
				s.store.grantAll(o, of.Grants)
			}
		}
	}
	return nil
}

// putDefault adds one object, if what it refers to is there.
func (s *Server) putDefault(model string, fields map[string]any) (*object, error) {
	t := s.store.kinds[model]
	plain, _ := tree.PlainJSON(fields).(map[string]any)
	key := defaultKey(t, plain)
	for name, value := range plain {
		field := t.field(name)
		if field == nil || field.Refers == "" {
			continue
		}
		target, err := s.store.resolve(field.Refers, value)
		if err != nil {
			return nil, nil // a schema of other kinds has not got it
		}
		plain[name] = target
	}
	for name, how := range t.answers {
		if how.Random == "uuid" {
			plain[name] = defaultPK(t.kind, key+" "+name)
		}
	}
	pk := ""
	if !t.integer {
		pk = defaultPK(t.kind, key)
	}
	return s.store.place(model, pk, plain, s.now())
}

// defaultKey is what the primary key of a default is made of.
func defaultKey(t *table, fields map[string]any) string {
	if key, isText := fields[t.kind.Key].(string); isText {
		return key
	}
	var parts []string
	for _, field := range t.kind.Fields.Fields {
		if value, given := fields[field.Name]; given {
			parts = append(parts, field.Name+"="+fmt.Sprint(value))
		}
	}
	return strings.Join(parts, " ")
}

// defaultPK makes a primary key of a kind and a key.
func defaultPK(kind *schema.Kind, key string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(kind.Path+"/"+key)).String()
}

// resolve returns the primary keys of what a default refers to.
func (s *store) resolve(model string, value any) (any, error) {
	switch value := value.(type) {
	case []any:
		list := make([]any, len(value))
		for i, element := range value {
			target, err := s.resolve(model, element)
			if err != nil {
				return nil, err
			}
			list[i] = target
		}
		return list, nil
	case string:
		for _, t := range s.members[model] {
			if o := t.unique[t.kind.Key][value]; o != nil && o.table == t {
				return o.id, nil
			}
		}
	case map[string]any:
		for _, t := range s.members[model] {
			if o := s.withFields(t, value); o != nil {
				return o.id, nil
			}
		}
	}
	return nil, fmt.Errorf("there is no %s %v", model, value)
}

// withFields returns the object of a kind that has some fields, or nil.
func (s *store) withFields(t *table, fields map[string]any) *object {
	wanted := map[string]any{}
	for name, value := range fields {
		field := t.field(name)
		if field == nil {
			return nil
		}
		wanted[name] = value
		if field.Refers != "" {
			target, err := s.resolve(field.Refers, value)
			if err != nil {
				return nil
			}
			wanted[name] = target
		}
	}
	at := slices.IndexFunc(t.inOrder.objects, func(o *object) bool {
		for name, value := range wanted {
			if o.fields[name] != value {
				return false
			}
		}
		return true
	})
	if at < 0 {
		return nil
	}
	return t.inOrder.objects[at]
}

// selfSigned names the fields of a certificate: its name, itself and its key.
type selfSigned struct {
	Name string `json:"name"`
	Data string `json:"data"`
	Key  string `json:"key"`
}

// fill makes a certificate for the name that the fields have, such as a fresh server
// makes for itself.
func (c *selfSigned) fill(fields map[string]any, now time.Time) error {
	if c == nil {
		return nil
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("making a key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: certificateName(fmt.Sprint(fields[c.Name])),
		NotBefore: now, NotAfter: now.AddDate(1, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return fmt.Errorf("making a certificate: %w", err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return fmt.Errorf("encoding a key: %w", err)
	}
	fields[c.Data] = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	fields[c.Key] = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	return nil
}

// certificateName is what authentik's own certificates are for.
func certificateName(common string) pkix.Name {
	var name pkix.Name
	for i, value := range []string{common, "authentik", "Self-signed"} {
		name.ExtraNames = append(name.ExtraNames, pkix.AttributeTypeAndValue{Type: []int{2, 5, 4, []int{3, 10, 11}[i]}, Value: value})
	}
	return name
}
