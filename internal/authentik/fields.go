package authentik

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

// wholeBody is the API's key for messages about no single field (post-array).
const wholeBody = "non_field_errors"

// messages takes apart the body of an error. What the API answers:
//
//	{"detail": "…"}                          get-404, auth-bad-list, post-malformed
//	{"name": ["…"]}                          post-dup-name
//	{"backends": {"1": ["…"]}}               post-backends-unknown-second
//	{"flow_set": [{"slug": ["…"]}]}          post-flowset-existing
//	{"non_field_errors": ["…"]}              post-array
//	["…"]                                    list-search-nul
//
// Anything else is taken apart in the same way rather than lost.
func (x *exchange) messages(answer any) (detail string, fields map[string][]string) {
	fields = map[string][]string{}
	object, ok := answer.(Object)
	if !ok {
		x.flatten("", answer, fields)
		return "", fields
	}
	var code string
	for _, key := range slices.Sorted(maps.Keys(object)) {
		value := object[key]
		text, isText := value.(string)
		switch {
		case key == "detail" && isText:
			detail = x.clean(text)
		case key == "code" && isText:
			// A name for programs, documented and seen nowhere; a field of this
			// name would have a list of messages.
			code = text
		default:
			x.flatten(step("", key), value, fields)
		}
	}
	if code != "" && detail == "" && len(fields) == 0 { // better than nothing
		x.flatten("code", code, fields)
	}
	return detail, fields
}

// flatten adds the messages of value, which stands at path.
func (x *exchange) flatten(path string, value any, fields map[string][]string) {
	switch value := value.(type) {
	case Object:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			x.flatten(step(path, key), value[key], fields)
		}
	case []any:
		for i, member := range value {
			switch member.(type) {
			case Object, []any: // about the item at this place of a list
				x.flatten(step(path, strconv.Itoa(i)), member, fields)
			default: // a message
				x.flatten(path, member, fields)
			}
		}
	default:
		if path == "" {
			path = wholeBody
		}
		path = x.clean(path)
		fields[path] = append(fields[path], x.clean(messageText(value)))
	}
}

// messageText is a message that is no list and no object.
func messageText(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case json.Number:
		return value.String()
	case bool:
		return strconv.FormatBool(value)
	default:
		return jsonType(value)
	}
}

// step goes one key deeper. The API has the place in a list as a key: "0".
func step(path, key string) string {
	if _, err := strconv.ParseUint(key, 10, 32); err == nil {
		return path + "[" + key + "]"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}
