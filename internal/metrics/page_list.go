package metrics

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/aksync/aksync/sync"
)

// onePage is how many objects a page of the list has.
const onePage = 100

// asked is what somebody asks of the list of objects.
type asked struct {
	// Words all have to be in an object's name, kind, model, key or file.
	Words        string
	Model, State string
	Page         int // from 0
}

// askedBy reads the query of the list: q, model, state and page, all of which may be
// missing. What is no number is the first page.
func askedBy(query url.Values) asked {
	page, _ := strconv.Atoi(query.Get("page"))
	return asked{Words: query.Get("q"), Model: query.Get("model"), State: query.Get("state"), Page: max(page-1, 0)}
}

// link is the address of a page of the list.
func (a asked) link(page int) string {
	query := url.Values{}
	for name, value := range map[string]string{"q": a.Words, "model": a.Model, "state": a.State} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if page > 0 {
		query.Set("page", strconv.Itoa(page+1))
	}
	if len(query) == 0 {
		return "/objects"
	}
	return "/objects?" + query.Encode()
}

// filter gives the objects that are asked for.
func (a asked) filter(objects []Object) []Object {
	words := strings.Fields(strings.ToLower(a.Words))
	var found []Object
	for _, o := range objects {
		if a.Model != "" && o.Model != a.Model || a.State != "" && string(o.State) != a.State || !o.holds(words) {
			continue
		}
		found = append(found, o)
	}
	return found
}

// holds reports whether each of the words is in what people may look for.
func (o Object) holds(words []string) bool {
	if len(words) == 0 {
		return true
	}
	text := strings.ToLower(strings.Join([]string{o.Name, o.Title, o.Model, o.PK, o.Source.File}, "\n"))
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) })
}

// list is a page of the list of objects.
type list struct {
	*head
	asked
	Found            []Object // of this page
	From, To, Count  int
	Previous, Next   string // addresses
	States           []sync.ObjectState
	WithoutCondition bool
}

func (*list) templateOf() string { return "list" }

func listOf(s Status, a asked) *list {
	all := a.filter(s.Objects)
	a.Page = min(a.Page, max(len(all)-1, 0)/onePage)
	from := a.Page * onePage
	to := min(from+onePage, len(all))
	l := &list{
		head: headOf(s, "objects"), asked: a, Found: all[from:to], From: from + 1, To: to, Count: len(all),
		States: sync.ObjectStates(), WithoutCondition: a.Words == "" && a.Model == "" && a.State == "",
	}
	if from > 0 {
		l.Previous = a.link(a.Page - 1)
	}
	if to < len(all) {
		l.Next = a.link(a.Page + 1)
	}
	return l
}
