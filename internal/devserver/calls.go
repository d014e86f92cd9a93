package devserver

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"

	"github.com/google/uuid"

	"github.com/aksync/aksync/internal/tree"
)

// calls compute what the facts have no words for, of an object and of what it refers
// to.
var calls = map[string]func(v view, o *object, how *computed) any{
	"digits":     digits,
	"hash":       hash,
	"avatar":     avatar,
	"anyAbove":   anyAbove,
	"filled":     func(_ view, o *object, how *computed) any { return !isBlank(o.fields[how.Of]) },
	"image":      image,
	"launch":     launch,
	"callbacks":  callbacks,
	"countries":  countries,
	"subject":    func(_ view, o *object, how *computed) any { return certificateIn(o, how).subject },
	"expiry":     func(_ view, o *object, how *computed) any { return certificateIn(o, how).expiry },
	"sha1":       func(_ view, o *object, how *computed) any { return certificateIn(o, how).sha1 },
	"sha256":     func(_ view, o *object, how *computed) any { return certificateIn(o, how).sha256 },
	"publicType": func(_ view, o *object, how *computed) any { return certificateIn(o, how).keyType },
	"keyType":    func(_ view, o *object, how *computed) any { return keyTypeOf(readKey(pkText(o.fields[how.Of]))) },
}

// digits are the first digits of a uuid as a number.
func digits(_ view, o *object, _ *computed) any {
	id, err := uuid.Parse(o.pk)
	if err != nil {
		return nil
	}
	text := new(big.Int).SetBytes(id[:]).String()
	return integerField.Normalize(tree.Value{Data: text[:min(5, len(text))]}).Data
}

// hash stands for what authentik makes of a primary key and a secret of its own.
func hash(_ view, o *object, _ *computed) any {
	sum := sha256.Sum256([]byte("aksync " + o.pk))
	return hex.EncodeToString(sum[:])
}

// avatar is a picture with the first letters of a name.
func avatar(_ view, o *object, _ *computed) any {
	letters := ""
	for _, word := range strings.Fields(pkText(o.fields["name"])) {
		if len(letters) < 2 {
			letters += word[:1]
		}
	}
	return fmt.Sprintf("data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='64' height='64'><text x='16' y='40'>%s</text></svg>", letters)
}

// anyAbove reports whether any of the objects that a field refers to, or one above
// them, has something set.
func anyAbove(v view, o *object, how *computed) any {
	seen := map[*object]bool{}
	var is func(other *object) bool
	is = func(other *object) bool {
		if other == nil || seen[other] {
			return false
		}
		seen[other] = true
		if other.fields[how.Show] == true {
			return true
		}
		for _, above := range how.Above {
			for _, pk := range targets(other.fields[above]) {
				if is(v.store.find(other.table.refers(above), pk)) {
					return true
				}
			}
		}
		return false
	}
	for _, pk := range targets(o.fields[how.Of]) {
		if is(v.store.find(o.table.refers(how.Of), pk)) {
			return true
		}
	}
	return false
}

// image is where a picture is that a field names by its place.
func image(v view, o *object, how *computed) any {
	address := asURL(o.fields[how.Of])
	if text, isText := address.(string); isText && v.store.behaviour.signedFiles && strings.HasPrefix(text, "/media/") {
		return "/files" + text + "?token=" + rand.Text()
	}
	return address
}

// launch is where something starts for who asks.
func launch(v view, o *object, how *computed) any {
	address := pkText(o.fields[how.Of])
	if address == "" {
		return nil
	}
	return strings.ReplaceAll(address, "%(username)s", v.store.facts.Caller.Is)
}

// callbacks are where a proxy takes people that have logged in.
func callbacks(_ view, o *object, how *computed) any {
	host := strings.TrimSuffix(pkText(o.fields[how.Of]), "/")
	return []any{
		map[string]any{"matching_mode": "strict", "url": host + "/outpost.goauthentik.io/callback?X-authentik-auth-callback=true"},
		map[string]any{"matching_mode": "strict", "url": host + "?X-authentik-auth-callback=true"},
	}
}

// countries are those that a field names by their codes.
func countries(v view, o *object, how *computed) any {
	list := []any{}
	for _, code := range targets(o.fields[how.Of]) {
		list = append(list, map[string]any{"code": code, "name": v.store.facts.Countries[code]})
	}
	return list
}
