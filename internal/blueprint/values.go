package blueprint

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/aksync/aksync/schema"
)

// env gives an environment variable. As in authentik one that is empty counts
// as one that is not set.
func (e *evaluator) env(n node, args list) (node, error) {
	name, err := e.literal(args[0], "!Env wants the name of a variable")
	if err != nil {
		return node{}, err
	}
	value, err := e.scope.inputs.env(name)
	if err != nil {
		return node{}, e.report(n.place, "%s", err)
	}
	if value != "" {
		return e.sized(n, value)
	}
	if len(args) == 1 {
		return node{}, e.report(n.place, "the environment variable %s is not set: set it, or give a default: !Env [%s, …]", name, name)
	}
	return e.fallback(args[1], "!Env")
}

// file gives the text of a file without white space around it.
func (e *evaluator) file(n node, args list) (node, error) {
	name, err := e.literal(args[0], "!File wants a path")
	if err != nil {
		return node{}, err
	}
	text, err := e.scope.inputs.file(name)
	var unreadable *unreadableError
	switch {
	case err == nil:
		return e.sized(n, text)
	case !errors.As(err, &unreadable):
		return node{}, e.report(n.place, "%s", err)
	case len(args) == 1:
		return node{}, e.report(n.place, "%s: want a readable file, or a default: !File [%s, …]", err, name)
	}
	return e.fallback(args[1], "!File")
}

// fallback gives a default, in which authentik evaluates no tags.
func (e *evaluator) fallback(n node, tag string) (node, error) { return n, e.complete(n, tag) }

// sized gives text and counts the memory it takes.
func (e *evaluator) sized(n node, text string) (node, error) {
	return node{n.place, text}, e.spend(n.place, len(text)/16)
}

// contextValue gives a value of the blueprint's context. A value that is a tag
// is evaluated where it is used.
func (e *evaluator) contextValue(n node, args list) (node, error) {
	key, err := e.literal(args[0], "!Context wants a key")
	if err != nil {
		return node{}, err
	}
	value, given := e.scope.context.get(key)
	if !given && len(args) == 1 {
		return node{}, e.report(n.place, "%s", e.missingContext(key))
	}
	if !given {
		value = args[1]
	}
	if slices.Contains(e.contexts, key) {
		return node{}, e.report(n.place, "the context refers to itself: %s", strings.Join(append(e.contexts, key), " → "))
	}
	e.contexts = append(e.contexts, key)
	defer func() { e.contexts = e.contexts[:len(e.contexts)-1] }()
	evaluated, err := e.shallow(value)
	if err != nil {
		return node{}, err
	}
	return node{n.place, evaluated.data}, nil
}

func (e *evaluator) missingContext(key string) string {
	if strings.HasPrefix(key, "goauthentik.io/") {
		return "only a server knows the context " + strconv.Quote(key) + ": give a default: !Context [" + key + ", …]"
	}
	var known []string
	for _, p := range e.scope.context {
		known = append(known, keyText(p.key.data))
	}
	advice := "want it in the blueprint's context, or a default: !Context [" + key + ", …]"
	if len(known) > 0 {
		if suggestion := schema.Suggest(key, known); strings.HasPrefix(suggestion, "did you mean") {
			advice = suggestion
		}
	}
	return "the context has no " + strconv.Quote(key) + ": " + advice
}

// parseJSON gives what JSON text says.
func (e *evaluator) parseJSON(n node, args list) (node, error) {
	decoder := json.NewDecoder(strings.NewReader(args[0].data.(string)))
	decoder.UseNumber()
	data, err := e.jsonValue(n.place, decoder, 0)
	if err == nil {
		if _, trailing := decoder.Token(); !errors.Is(trailing, io.EOF) {
			err = errors.New("there is more after the first value")
		}
	}
	switch {
	case errors.Is(err, errReported):
		return node{}, err
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return node{}, e.report(n.place, "!ParseJSON: the text ends within a value: want one JSON value")
	case err != nil:
		return node{}, e.report(n.place, "!ParseJSON: %s: want one JSON value", err)
	}
	return node{n.place, data}, nil
}

func (e *evaluator) jsonValue(place schema.Place, decoder *json.Decoder, depth int) (any, error) {
	if err := e.spend(place, 1); err != nil {
		return nil, err
	}
	if depth > mostNesting {
		return nil, errors.New("nested deeper than " + strconv.Itoa(mostNesting) + " levels")
	}
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Number:
		return jsonNumber(token)
	case json.Delim:
		if token == '[' {
			return e.jsonList(place, decoder, depth)
		}
		return e.jsonObject(place, decoder, depth)
	default:
		return token, nil
	}
}

func (e *evaluator) jsonList(place schema.Place, decoder *json.Decoder, depth int) (any, error) {
	elements := list{}
	for decoder.More() {
		data, err := e.jsonValue(place, decoder, depth+1)
		if err != nil {
			return nil, err
		}
		elements = append(elements, node{place, data})
	}
	_, err := decoder.Token()
	return elements, err
}

// jsonObject keeps the last of two equal keys, as Python does.
func (e *evaluator) jsonObject(place schema.Place, decoder *json.Decoder, depth int) (any, error) {
	var pairs dict
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		data, err := e.jsonValue(place, decoder, depth+1)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, pair{node{place, key}, node{place, data}})
	}
	_, err := decoder.Token()
	return overlay(pairs, nil).unique(), err
}

// unique keeps the last value of each key, at the place of the first.
func (d dict) unique() dict { return overlay(dict{{key: node{}}}, d)[1:] }

func jsonNumber(number json.Number) (any, error) {
	text := number.String()
	if !strings.ContainsAny(text, ".eE") {
		if len(text) > mostDigits {
			return nil, errors.New("a whole number of more than " + strconv.Itoa(mostDigits) + " digits")
		}
		large, _ := new(big.Int).SetString(text, 10)
		return whole(large), nil
	}
	float, err := number.Float64()
	if err != nil && !math.IsInf(float, 0) {
		return nil, err
	}
	return float, nil
}

// format is Python's format % values.
func (e *evaluator) format(n node, args list) (node, error) {
	format, err := e.literal(args[0], "!Format wants a format first")
	failed := firstError{err}
	values := make([]any, len(args)-1)
	for i, arg := range args[1:] {
		value, err := e.need(arg)
		if err == nil {
			err = e.complete(value, "!Format")
		}
		failed.add(err)
		values[i] = value.data
	}
	if failed.err != nil {
		return node{}, failed.err
	}
	text, err := pythonFormat(format, values)
	if err != nil {
		return node{}, e.report(n.place, "!Format: %s", err)
	}
	return e.sized(n, text)
}

// atIndex gives an element of a list, as Python counts, or a value of a
// mapping.
func (e *evaluator) atIndex(n node, args list) (node, error) {
	from, err := e.need(args[0])
	if err != nil {
		return node{}, err
	}
	index, err := e.need(args[1])
	if err != nil {
		return node{}, err
	}
	switch data := from.data.(type) {
	case list:
		return e.atPosition(n, data, index, args)
	case dict:
		return e.atKey(n, data, index, args)
	case string:
		// Python looks for the index in the text, and then can't take it.
		if part, isText := index.data.(string); isText && !strings.Contains(data, part) && len(args) == 3 {
			return args[2], nil
		}
	}
	return node{}, e.report(args[0].place, "!AtIndex wants a list or a mapping: it got %s", typeName(from.data))
}

func (e *evaluator) atKey(n node, pairs dict, index node, args list) (node, error) {
	if !isKey(index.data) {
		return node{}, e.report(args[1].place, "!AtIndex wants a key: it got %s", typeName(index.data))
	}
	if i := pairs.find(index.data); i >= 0 {
		return node{n.place, pairs[i].value.data}, nil
	}
	if len(args) == 3 {
		return args[2], nil
	}
	return node{}, e.report(n.place, "the mapping has no %s: want one of its keys, or a default", pythonRepr(index.data))
}

func (e *evaluator) atPosition(n node, elements list, index node, args list) (node, error) {
	position := toBig(index.data)
	if position == nil {
		return node{}, e.report(args[1].place, "!AtIndex wants a whole number to find an element of a list: it got %s", typeName(index.data))
	}
	if position.Sign() < 0 {
		position = new(big.Int).Add(position, big.NewInt(int64(len(elements))))
	}
	if position.IsInt64() && position.Int64() >= 0 && position.Int64() < int64(len(elements)) {
		return node{n.place, elements[position.Int64()].data}, nil
	}
	if len(args) == 3 {
		return args[2], nil
	}
	return node{}, e.report(n.place, "there is no element %s in a list of %d: want a smaller index, or a default", pythonRepr(index.data), len(elements))
}
