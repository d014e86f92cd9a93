package main

import (
	"fmt"
	"strconv"

	"github.com/aksync/aksync/internal/devserver"
)

// populate puts n users into the server, past its API, and a group that all of
// them are in: what a server holds and no blueprint speaks of.
func populate(api *devserver.Server, n string) error {
	most, err := strconv.Atoi(n)
	if err != nil {
		return fmt.Errorf("adding people: %w", err)
	}
	everybody, err := api.Put("authentik_core.group", "", map[string]any{"name": "everybody"})
	if err != nil {
		return fmt.Errorf("adding people: %w", err)
	}
	for i := range most {
		name := fmt.Sprintf("person-%06d", i)
		if _, err := api.Put("authentik_core.user", "", map[string]any{
			"username": name, "name": "Person " + strconv.Itoa(i), "email": name + "@example.com", "groups": []any{everybody},
		}); err != nil {
			return fmt.Errorf("adding people: %w", err)
		}
	}
	return nil
}

// populate is the same in the other process.
func (s *server) populate(n int) error {
	if err := s.post("/people?n=" + strconv.Itoa(n)); err != nil {
		return fmt.Errorf("adding people: %w", err)
	}
	return nil
}
