package devserver

import (
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"github.com/aksync/aksync/internal/tree"
)

// calls compute what the facts have no words for. Each is a function of an object
// and of what it refers to.
var calls = map[string]func(v view, o *object, how *computed) any{
	"digits":     digits,
	"superuser":  superuser,
	"avatar":     avatar,
	"hash":       hash,
	"subject":    func(_ view, o *object, _ *computed) any { return certificateOf(o).subject },
	"expiry":     func(_ view, o *object, _ *computed) any { return certificateOf(o).expiry },
	"sha1":       func(_ view, o *object, _ *computed) any { return certificateOf(o).sha1 },
	"sha256":     func(_ view, o *object, _ *computed) any { return certificateOf(o).sha256 },
	"hasKey":     func(_ view, o *object, _ *computed) any { return !isBlank(o.fields["key_data"]) },
	"keyType":    keyType,
	"publicType": func(_ view, o *object, _ *computed) any { return certificateOf(o).publicType },
	"launch":     launch,
	"callbacks":  callbacks,
	"countries":  countries,
	"image":      image,
}

// callNeeds are the models that calls look at beside the object.
var callNeeds = map[string][]string{
	"superuser": {"authentik_core.group"},
	"launch":    {"authentik_core.provider", userModel},
}

// breaks are what rules ask that the facts have no words for.
var breaks = map[string]func(c *check) bool{
	"outlives":   outlives,
	"badPattern": func(c *check) bool { return badPattern(c.fields) != "" },
	"ownParent":  func(c *check) bool { return c.self != nil && c.fields["parent"] == c.self.id },
}

// badPattern returns the first regular expression among redirects that is none.
func badPattern(fields map[string]any) string {
	list, _ := fields["redirect_uris"].([]any)
	for _, element := range list {
		m, _ := element.(map[string]any)
		if m["matching_mode"] != "regex" {
			continue
		}
		if _, err := regexp.Compile(pkText(m["url"])); err != nil {
			return pkText(m["url"])
		}
	}
	return ""
}

// outlives reports whether something is to live longer than it may.
func outlives(c *check) bool {
	text, _ := c.fields["expires"].(string)
	expires, isTime := parseTime(text)
	return isTime && expires.After(c.now().Add(lifetime))
}

// effectCalls are what writes do that the facts have no words for.
var effectCalls = map[string]func(ch *change) any{}

// digits are the first digits of a uuid as a number.
func digits(_ view, o *object, _ *computed) any {
	id, err := uuid.Parse(o.pk)
	if err != nil {
		return nil
	}
	text := new(big.Int).SetBytes(id[:]).String()
	number, _ := integerField.Normalize(tree.Value{Data: text[:min(5, len(text))]}).Data.(int64)
	return number
}

// superuser reports whether any group of a user, or one above it, makes it one.
func superuser(v view, o *object, _ *computed) any {
	seen := map[string]bool{}
	var is func(group *object) bool
	is = func(group *object) bool {
		if group == nil || seen[group.pk] {
			return false
		}
		seen[group.pk] = true
		if group.fields["is_superuser"] == true {
			return true
		}
		for _, name := range []string{"parent", "parents"} {
			for _, pk := range targets(group.fields[name]) {
				if is(v.store.find(group.table.kind.Model, pk)) {
					return true
				}
			}
		}
		return false
	}
	for _, pk := range targets(o.fields["groups"]) {
		if is(v.store.find("authentik_core.group", pk)) {
			return true
		}
	}
	return false
}

// avatar is a picture with the first letters of a name.
func avatar(_ view, o *object, _ *computed) any {
	name := pkText(o.fields["name"])
	if name == "" {
		name = pkText(o.fields["username"])
	}
	letters := name[:min(2, len(name))]
	if first, last, found := strings.Cut(name, " "); found && first != "" && last != "" {
		letters = first[:1] + last[strings.LastIndexByte(last, ' ')+1:][:1]
	}
	return "data:image/svg+xml," + fmt.Sprintf("<svg xmlns='http://www.w3.org/2000/svg' width='64' height='64'><text x='16' y='40'>%s</text></svg>", strings.ToUpper(letters))
}

// hash stands for what authentik makes of a user's number and its own secret.
func hash(_ view, o *object, _ *computed) any {
	sum := sha256.Sum256([]byte(o.pk + "aksync"))
	return hex.EncodeToString(sum[:])
}

func colons(sum []byte) string {
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = hex.EncodeToString([]byte{b})
	}
	return strings.Join(parts, ":")
}

// launch is where an application starts for who asks.
func launch(v view, o *object, _ *computed) any {
	address := pkText(o.fields["meta_launch_url"])
	if address == "" {
		return nil
	}
	return strings.ReplaceAll(address, "%(username)s", adminName)
}

// callbacks are where a proxy takes people that have logged in.
func callbacks(_ view, o *object, _ *computed) any {
	host := strings.TrimSuffix(pkText(o.fields["external_host"]), "/")
	return []any{
		map[string]any{"matching_mode": "strict", "url": host + "/outpost.goauthentik.io/callback?X-authentik-auth-callback=true"},
		map[string]any{"matching_mode": "strict", "url": host + "?X-authentik-auth-callback=true"},
	}
}

func countries(v view, o *object, _ *computed) any {
	list := []any{}
	for _, code := range targets(o.fields["countries"]) {
		list = append(list, map[string]any{"code": code, "name": v.store.facts.Countries[code]})
	}
	return list
}

// image is where a picture is that a field names by its place.
func image(v view, o *object, how *computed) any {
	address := asURL(o.fields[how.Of])
	if text, isText := address.(string); isText && v.store.behaviour.signedFiles && strings.HasPrefix(text, "/media/") {
		return "/files" + text + "?token=" + rand.Text()
	}
	return address
}

func keyType(_ view, o *object, _ *computed) any { return certificateOf(o).keyType }

// certificate is what shows of a certificate.
type certificate struct{ subject, expiry, sha1, sha256, keyType, publicType any }

func fingerprints(der []byte) (sha1Text, sha256Text string) {
	one, other := sha1.Sum(der), sha256.Sum256(der)
	return colons(one[:]), colons(other[:])
}
