package sync

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/aksync/aksync/schema"
)

// mostNarrowed is of how many models the log is asked for each by itself, and not for
// all that was ever made: a page of a list costs the server the more the longer it is.
const mostNarrowed = 4

// askMakers adds who made the objects that a survey lists, as far as authentik's log
// tells. Where it can't be read, that is said, and no error.
func (r *Reconciler) askMakers(ctx context.Context, plan *Plan) error {
	if plan.Surveyed == nil || len(plan.Surveyed.Objects) == 0 {
		return nil
	}
	found := *plan.Surveyed
	made := map[string]schema.Making{}
	for _, kind := range r.Schema.At(plan.Version).Kinds() {
		if kind.Makers == nil || kind.Path == "" {
			continue
		}
		for _, query := range makersQueries(kind, found.Objects) {
			entries, err := r.API.List(ctx, kind.Path, kind.ID, query, 0)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				found.NoMakers = lacking(err, kind.Rights(schema.ToView)).Error()
				break
			}
			for _, entry := range entries {
				if making, tells := kind.Makers.Read(entry); tells {
					made[making.Object] = making
				}
			}
		}
	}
	found.Objects = slices.Clone(found.Objects)
	for i, object := range found.Objects {
		making := made[schema.LogKey(object.Model, object.PK)]
		found.Objects[i].By, found.Objects[i].At = making.Who, making.When
	}
	plan.Surveyed = &found
	return nil
}

// makersQueries are what the log is asked with: all at once, or for each of a few
// models.
func makersQueries(kind *schema.Kind, objects []Unmanaged) []url.Values {
	all := url.Values{}
	for name, value := range kind.Makers.Query {
		all.Set(name, value)
	}
	var models []string
	for _, object := range objects {
		models = append(models, object.Model)
	}
	if models = unique(models); len(models) > mostNarrowed {
		return []url.Values{all}
	}
	queries := make([]url.Values, len(models))
	for i, model := range models {
		queries[i] = maps.Clone(all)
		app, name, _ := strings.Cut(model, ".")
		queries[i].Set(kind.Makers.Narrow.App, app)
		queries[i].Set(kind.Makers.Narrow.Model, name)
	}
	return queries
}
