package metrics

// one is the page of an object.
type one struct {
	*head
	Object Object
	Detail
}

func (*one) templateOf() string { return "object" }

func objectOf(s Status, o Object, d Detail) *one {
	return &one{head: headOf(s, o.Title+" "+o.Name), Object: o, Detail: d}
}

// meant are the objects of a model that have the key, or if none does the name.
func meant(objects []Object, model, pk, name string) []Object {
	var byKey, byName []Object
	for _, o := range objects {
		switch {
		case o.Model != model:
		case pk != "" && o.PK == pk:
			byKey = append(byKey, o)
		case o.Name == name:
			byName = append(byName, o)
		}
	}
	if len(byKey) > 0 {
		return byKey
	}
	return byName
}

// missing is the page of an object that no blueprint declares.
type missing struct{ *head }

func (*missing) templateOf() string { return "missing" }

func missingOf(s Status) *missing { return &missing{headOf(s, "no such object")} }
