package devserver

import (
	"fmt"

	"github.com/aksync/aksync/internal/tree"
)

// checkUsers is about the users of an object, sent along with it: the server tries
// to create them (post-flowset-*), until the field is read-only since 2025.12.
func (c *check) checkUsers() {
	name := c.table.kind.Users.Field
	users, given := c.body.Get(name)
	if name == "" || !given || !c.behaviour.takesUsers {
		return
	}
	if problem := c.complainOfUsers(users); problem != nil {
		c.complaints[name] = problem
		return
	}
	c.crashes = true // post-flowset-empty, post-flowset-new
}

func (c *check) complainOfUsers(value tree.Value) any {
	list, isList := value.Data.(tree.List)
	switch {
	case value.Data == nil:
		return []string{"This field may not be null."} // post-flowset-null
	case !isList:
		return complaints{"non_field_errors": []string{fmt.Sprintf("Expected a list of items but got type \"%s\".", pythonType(value))}}
	}
	wrong := false
	all := make([]complaints, len(list))
	for i, element := range list {
		all[i] = complaints{}
		fields, isMap := element.Data.(tree.Map)
		if !isMap {
			all[i].add("non_field_errors", fmt.Sprintf("Invalid data. Expected a dictionary, but got %s.", pythonType(element))) // post-flowset-uuidstr
		} else {
			user := &check{store: c.store, table: c.kinds[c.table.kind.Users.Model], body: fields, method: "POST", now: c.now}
			all[i] = user.validate().complaints // post-flowset-existing, post-flowset-pkonly
		}
		wrong = wrong || len(all[i]) > 0
	}
	if !wrong {
		return nil
	}
	return all
}
