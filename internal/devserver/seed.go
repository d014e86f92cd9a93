package devserver

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// Put adds an object, or replaces the one with the pk. An empty pk gives a new
// one. Fields are as schema.Value.Plain gives them and are not checked; those
// that are not given have the schema's defaults. It is an error when the schema
// has no such kind, or another object of its scope has the key.
func (s *Server) Put(model, pk string, fields map[string]any) (string, error) {
	kind := s.config.Schema.Kind(model)
	if kind == nil {
		return "", fmt.Errorf("adding an object: the schema has no kind %s", model)
	}
	if pk == "" {
		pk = uuid.NewString()
	}
	all := defaultsOf(kind)
	maps.Copy(all, fields)
	s.store.Lock()
	defer s.store.Unlock()
	if key, _ := all[kind.Key].(string); s.store.taken(kind, key, pk) {
		return "", fmt.Errorf("adding a %s: another object has the %s %q", kind.Title, kind.Key, key)
	}
	s.store.put(kind, pk, all)
	return pk, nil
}

// defaultsOf gives what fields that are left out hold in a new object.
func defaultsOf(kind *schema.Kind) map[string]any {
	fields := make(map[string]any, len(kind.Fields.Fields))
	for _, field := range kind.Fields.Fields {
		if field.HasDefault {
			fields[field.Name] = field.Default
		}
	}
	return fields
}

// Remove deletes an object past the API, and tells whether it was there.
func (s *Server) Remove(model, pk string) bool {
	s.store.Lock()
	defer s.store.Unlock()
	o := s.store.get(model, pk)
	if o != nil {
		s.store.drop(s.config.Schema.Kind(model), o)
	}
	return o != nil
}

// Get gives an object as the API answers it, or nil where there is none of that
// pk.
func (s *Server) Get(model, pk string) schema.Object {
	s.store.RLock()
	defer s.store.RUnlock()
	if o := s.store.get(model, pk); o != nil {
		return o.answered()
	}
	return nil
}

// All gives the objects of a kind as the API answers them, by key.
func (s *Server) All(model string) []schema.Object {
	s.store.RLock()
	defer s.store.RUnlock()
	table := s.store.kinds[model]
	if table == nil {
		return nil
	}
	objects := make([]schema.Object, len(table.inOrder.objects))
	for i, o := range table.inOrder.objects {
		objects[i] = o.answered()
	}
	return objects
}

// answered is an object as a client reads it.
func (o *object) answered() schema.Object {
	decoder := json.NewDecoder(bytes.NewReader(o.json))
	decoder.UseNumber()
	var object schema.Object
	// What encode has made can be decoded.
	if err := decoder.Decode(&object); err != nil {
		panic(fmt.Sprintf("decoding an object: %v", err))
	}
	return object
}

// Bind lets a user, such as a flow, use an object of the model, such as a
// stage; both by pk. It is an error when there is no such kind, or one of the
// two is not there.
func (s *Server) Bind(model, target, user string, order int) error {
	kind := s.config.Schema.Kind(model)
	if kind == nil || kind.Users.Model == "" {
		return fmt.Errorf("binding %s to %s: the schema has no kind %s that others use", target, user, model)
	}
	s.store.Lock()
	defer s.store.Unlock()
	return s.store.bind(kind, user, target, order)
}

// Reserve takes up names of a scope for objects of kinds that the schema does
// not have.
func (s *Server) Reserve(scope string, names ...string) {
	s.store.Lock()
	defer s.store.Unlock()
	if s.store.foreign[scope] == nil {
		s.store.foreign[scope] = map[string]bool{}
	}
	for _, name := range names {
		s.store.foreign[scope][name] = true
	}
}

//go:embed defaults.json
var defaults []byte

// NewSeeded makes a server that holds what SeedDefaults adds.
func NewSeeded(config Config) (*Server, error) {
	s, err := New(config)
	if err != nil {
		return nil, err
	}
	return s, s.SeedDefaults()
}

// SeedDefaults adds what a fresh authentik 2025.10 holds of the kinds that the
// schema has (flow-list-ps20, list-default), and reserves the names of its
// other stages (stages-all). The primary keys are the same each time.
func (s *Server) SeedDefaults() error {
	var seed struct {
		Objects  map[string][]map[string]any `json:"objects"`
		Bindings []struct {
			Model  string `json:"model"`
			Target string `json:"target"`
			User   string `json:"user"`
			Order  int    `json:"order"`
		} `json:"bindings"`
		Reserved map[string][]string `json:"reserved"`
	}
	decoder := json.NewDecoder(bytes.NewReader(defaults))
	decoder.UseNumber()
	if err := decoder.Decode(&seed); err != nil {
		return fmt.Errorf("reading the embedded server's defaults: %w", err)
	}
	for _, kind := range s.config.Schema.Kinds() {
		for _, fields := range seed.Objects[kind.Model] {
			plain, _ := tree.FromJSON(fields).Plain().(map[string]any)
			if err := s.putDefault(kind, plain); err != nil {
				return err
			}
		}
	}
	for _, b := range seed.Bindings {
		kind := s.config.Schema.Kind(b.Model)
		if kind == nil {
			continue
		}
		users := s.config.Schema.Kind(kind.Users.Model)
		if err := s.Bind(b.Model, defaultPK(kind, b.Target), defaultPK(users, b.User), b.Order); err != nil {
			return err
		}
	}
	for scope, names := range seed.Reserved {
		s.Reserve(scope, names...)
	}
	return nil
}

// putDefault adds one object: pointers are given by the key of what they point
// to, and the read-only fields that the server computes are made up.
func (s *Server) putDefault(kind *schema.Kind, fields map[string]any) error {
	key, _ := fields[kind.Key].(string)
	for _, field := range kind.Fields.Fields {
		if target, isText := fields[field.Name].(string); isText && field.Refers != "" {
			fields[field.Name] = defaultPK(s.config.Schema.Kind(field.Refers), target)
		}
	}
	for _, readOnly := range kind.ReadOnly {
		if _, given := fields[readOnly.Name]; given || readOnly.HasValue || slices.Contains([]string{schema.PK, kind.Users.Field}, readOnly.Name) {
			continue
		}
		fields[readOnly.Name] = madeUp(kind, readOnly, key)
	}
	_, err := s.Put(kind.Model, defaultPK(kind, key), fields)
	return err
}

// madeUp gives a read-only field a value that its schema takes.
func madeUp(kind *schema.Kind, readOnly *schema.ReadOnly, key string) any {
	for _, value := range []any{"", defaultPK(kind, key+" "+readOnly.Name), []any{}, int64(0)} {
		if readOnly.Accepts(value) {
			return value
		}
	}
	return nil
}

// defaultPK makes a primary key of a kind and a key.
func defaultPK(kind *schema.Kind, key string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(kind.Path+"/"+key)).String()
}
