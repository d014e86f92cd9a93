package sync

import (
	"slices"

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// Rights go along the fields that inherit (schema.Field.Inherits): a user has those of
// its groups, a group those of its parents and its roles.

// holder is an object that can have rights; its key is as keyText has it.
type holder struct{ model, key string }

// bond says that from has the rights of to, by a field of from.
type bond struct {
	from  holder
	field string
	to    holder
}

// inheritance is who has which rights, before a plan and after it, as far as that is
// known.
type inheritance struct {
	schema *schema.Schema
	live   *Live
	shifts []shift
	// tables find live objects, by model; asked are those that were asked for one by
	// one; grants are what live holders may do.
	tables map[string]*table
	asked  map[holder]map[string]any
	grants map[holder][]any
	failed map[question]error
	// sides are what somebody inherits from, by the field and by his key, as the objects
	// say that were listed, and named the names that they have for him.
	sides map[string]map[string][]holder
	named map[holder]string
	// lost and gained are all bonds of the shifts.
	lost   map[bond]bool
	gained map[holder][]bond
	// about finds the shift of a holder.
	about map[holder]*shift
	// me is who aksync is, once that was asked.
	me *self
}

// newInheritance is who has which rights as it is now.
func newInheritance(s *schema.Schema, live *Live) *inheritance {
	return &inheritance{
		schema: s, live: live, tables: map[string]*table{}, asked: map[holder]map[string]any{}, grants: map[holder][]any{},
		failed: map[question]error{}, sides: map[string]map[string][]holder{}, named: map[holder]string{},
	}
}

// note notes what the changes of a plan do to it.
func (in *inheritance) note(plan *Plan) {
	in.shifts, in.lost, in.gained, in.about = nil, map[bond]bool{}, map[holder][]bond{}, map[holder]*shift{}
	for _, change := range plan.Changes {
		if change.Action == NoOp || change.Permits != nil {
			continue
		}
		if kind := in.schema.Kind(change.Model); passes(in.schema, kind) {
			in.shifts = append(in.shifts, in.shiftOf(change, kind))
		}
	}
	for i := range in.shifts {
		shift := &in.shifts[i]
		if shift.change.Of == nil { // else the change that creates it says more
			in.about[shift.holder] = shift
		}
		for _, b := range shift.losses {
			in.lost[b] = true
		}
		for _, b := range shift.gains {
			in.gained[b.from] = append(in.gained[b.from], b)
		}
	}
}

// object returns the live fields of a holder, or nil where they are not known.
func (in *inheritance) object(h holder) map[string]any {
	if object, asked := in.asked[h]; asked {
		return object
	}
	return in.table(h.model).byID[h.key]
}

func (in *inheritance) table(model string) *table {
	t := in.tables[model]
	if t == nil {
		t = newTable(in.schema.Kind(model), in.live.Kinds[model])
		in.tables[model] = t
	}
	return t
}

// before are the bonds of a holder before the plan.
func (in *inheritance) before(h holder) []bond {
	object := in.object(h)
	var list []bond
	for _, field := range in.schema.Kind(h.model).Fields.Fields {
		switch {
		case !field.Inherits:
		case object == nil:
			for _, other := range in.side(h.model, field)[h.key] {
				list = append(list, bond{h, field.Name, other})
			}
		default:
			list = append(list, bonds(keyTexts(tree.PlainJSON(object[field.Name])), func(key string) bond {
				return bond{h, field.Name, holder{field.Refers, key}}
			})...)
		}
	}
	return list
}

// side finds what objects of a model inherit from by a field in the field that is its
// other end: the objects that were listed tell of somebody who was not.
func (in *inheritance) side(model string, field *schema.Field) map[string][]holder {
	name := model + "." + field.Name
	if found, made := in.sides[name]; made {
		return found
	}
	found := map[string][]holder{}
	in.sides[name] = found
	for _, other := range in.schema.Kind(field.Refers).Fields.Fields {
		if other.Mirrors != name {
			continue
		}
		t := in.table(field.Refers)
		for _, object := range t.Objects {
			for _, key := range keyTexts(tree.PlainJSON(object[other.Name])) {
				found[key] = append(found[key], holder{field.Refers, t.id(object)})
			}
			in.nameAll(model, other, object)
		}
	}
	return found
}

// nameAll notes the names that an object shows of what a field of it refers to.
func (in *inheritance) nameAll(model string, field *schema.Field, object map[string]any) {
	kind := in.schema.Kind(model)
	details, _ := object[field.Details].([]any)
	for _, detail := range details {
		shown, _ := detail.(map[string]any)
		id, _ := kind.IDOf(shown)
		in.named[holder{model, schema.IDText(id)}] = asText(shown[kind.Key])
	}
}

// kept are those of them that the plan leaves.
func (in *inheritance) kept(h holder) []bond {
	return slices.DeleteFunc(in.before(h), func(b bond) bool { return in.lost[b] || in.deleted(b.from) || in.deleted(b.to) })
}

// after are those that there are after the plan.
func (in *inheritance) after(h holder) []bond { return append(in.kept(h), in.gained[h]...) }

func (in *inheritance) deleted(h holder) bool {
	about := in.about[h]
	return about != nil && about.change.Action == Delete
}

// reach returns a holder and all that it has the rights of.
func reach(h holder, bonds func(holder) []bond) []holder {
	all := []holder{h}
	for i := 0; i < len(all); i++ {
		for _, b := range bonds(all[i]) {
			if !slices.Contains(all, b.to) {
				all = append(all, b.to)
			}
		}
	}
	return all
}

// wasSuperuser reports whether whoever had a holder's rights before the plan could do
// everything; staysSuperuser whether it leaves that, and isSuperuser whether it is so
// after it.
func (in *inheritance) wasSuperuser(h holder) bool {
	object := in.object(h)
	return object != nil && slices.ContainsFunc(in.schema.Kind(h.model).Fields.Fields, func(f *schema.Field) bool { return f.Superuser && object[f.Name] == true })
}

func (in *inheritance) staysSuperuser(h holder) bool {
	about := in.about[h]
	return in.wasSuperuser(h) && (about == nil || !about.lowered && about.change.Action != Delete)
}

func (in *inheritance) isSuperuser(h holder) bool {
	about := in.about[h]
	return in.staysSuperuser(h) || about != nil && about.raised
}

// grantsField is the field that lists what objects of a kind may do, or nil.
func grantsField(kind *schema.Kind) *schema.Field {
	for _, field := range kind.Fields.Fields {
		if field.Grants != "" {
			return field
		}
	}
	return nil
}

// name is what people call a holder, as far as that is known.
func (in *inheritance) name(h holder) string {
	if about := in.about[h]; about != nil {
		return quote(about.change.Name)
	}
	if object := in.object(h); object != nil {
		if name := asText(object[in.schema.Kind(h.model).Key]); name != "" {
			return quote(name)
		}
	}
	if name := in.named[h]; name != "" {
		return quote(name)
	}
	return h.key
}

// what names a holder for a message.
func (in *inheritance) what(h holder) string { return in.schema.Kind(h.model).Title + " " + in.name(h) }
