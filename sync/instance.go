package sync

import (
	"fmt"

	"github.com/aksync/aksync/internal/tree"
)

// checkInstances makes sure that authentik itself has the blueprints that files
// want to be applied before them
// (authentik/blueprints/v1/meta/apply_blueprint.py).
func (p *planner) checkInstances(instances []Instance) {
	for _, instance := range instances {
		kind := p.schema.Kind(instance.Model)
		where, err := wants(kind, instance.By)
		t := p.table(kind)
		switch {
		case err != nil:
		case t.Err != nil:
			err = t.Err
		case len(t.having(where)) == 0:
			err = fmt.Errorf("no file here, and no blueprint of authentik's own, has %s: want one that exists, or required: false", describe(where))
		}
		if err != nil {
			p.plan.Problems = append(p.plan.Problems, tree.AsProblem(err, instance.Place, instance.Path))
		}
	}
}
