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

	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// env gives an environment variable. As in authentik one that is empty counts
// as one that is not set.
func (e *evaluator) env(c call) (tree.Value, error) {
	name, err := e.literal(c.args[0], "!Env wants the name of a variable")
	if err != nil {
		return tree.Value{}, err
	}
	read, err := e.scope.inputs.env(name)
	switch {
	case err != nil:
		return tree.Value{}, e.report(c.place, "%s", err)
	case read.value != "":
		return e.sized(c.place, read.value)
	case len(c.args) > 1:
		return e.fallback(c.args[1], c.tag)
	case read.set:
		return tree.Value{}, e.report(c.place,
			"the environment variable %s is set and empty, which authentik takes for not set: set it to some text, or give a default: !Env [%s, …]", name, name)
	default:
		return tree.Value{}, e.report(c.place, "the environment variable %s is not set: set it, or give a default: !Env [%s, …]", name, name)
	}
}

// file gives the text of a file without white space around it.
func (e *evaluator) file(c call) (tree.Value, error) {
	name, err := e.literal(c.args[0], "!File wants a path")
	if err != nil {
		return tree.Value{}, err
	}
	text, err := e.scope.inputs.file(name)
	var unreadable *unreadableError
	switch {
	case err == nil:
		return e.sized(c.place, text)
	case !errors.As(err, &unreadable):
		return tree.Value{}, e.report(c.place, "%s", err)
	case len(c.args) == 1:
		return tree.Value{}, e.report(c.place, "%s: want a readable file, or a default: !File [%s, …]", err, name)
	}
	return e.fallback(c.args[1], c.tag)
}

// fallback gives a default, in which authentik evaluates no tags.
func (e *evaluator) fallback(n tree.Value, tag string) (tree.Value, error) {
	return n, e.complete(n, tag)
}

// sized gives text and counts the memory it takes.
func (e *evaluator) sized(place tree.Place, text string) (tree.Value, error) {
	return tree.Value{Place: place, Data: text}, e.spend(place, len(text)/stepText)
}

// contextValue gives a value of the blueprint's context. A value that is a tag
// is evaluated where it is used.
func (e *evaluator) contextValue(c call) (tree.Value, error) {
	key, err := e.literal(c.args[0], "!Context wants a key")
	if err != nil {
		return tree.Value{}, err
	}
	value, given := e.scope.context.Get(key)
	if !given && len(c.args) == 1 {
		return tree.Value{}, e.report(c.place, "%s", e.missingContext(key))
	}
	if !given {
		value = c.args[1]
	}
	if slices.Contains(e.contexts, key) {
		return tree.Value{}, e.report(c.place, "the context refers to itself: %s", strings.Join(append(e.contexts, key), " → "))
	}
	e.contexts = append(e.contexts, key)
	defer func() { e.contexts = e.contexts[:len(e.contexts)-1] }()
	evaluated, err := e.shallow(value)
	if err != nil {
		return tree.Value{}, err
	}
	return tree.Value{Place: c.place, Data: evaluated.Data}, nil
}

func (e *evaluator) missingContext(key string) string {
	if strings.HasPrefix(key, "goauthentik.io/") {
		return "only a server knows the context " + strconv.Quote(key) + ": give a default: !Context [" + key + ", …]"
	}
	var known []string
	for _, p := range e.scope.context {
		known = append(known, tree.KeyText(p.Key.Data))
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
func (e *evaluator) parseJSON(c call) (tree.Value, error) {
	decoder := json.NewDecoder(strings.NewReader(c.args[0].Data.(string)))
	decoder.UseNumber()
	data, err := e.jsonValue(c.place, decoder, 0)
	if err == nil {
		if _, trailing := decoder.Token(); !errors.Is(trailing, io.EOF) {
			err = errors.New("there is more after the first value")
		}
	}
	switch {
	case errors.Is(err, errReported):
		return tree.Value{}, err
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return tree.Value{}, e.report(c.place, "!ParseJSON: the text ends within a value: want one JSON value")
	case err != nil:
		return tree.Value{}, e.report(c.place, "!ParseJSON: %s: want one JSON value", err)
	}
	return tree.Value{Place: c.place, Data: data}, nil
}

func (e *evaluator) jsonValue(place tree.Place, decoder *json.Decoder, depth int) (any, error) {
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

func (e *evaluator) jsonList(place tree.Place, decoder *json.Decoder, depth int) (any, error) {
	elements := tree.List{}
	for decoder.More() {
		data, err := e.jsonValue(place, decoder, depth+1)
		if err != nil {
			return nil, err
		}
		elements = append(elements, tree.Value{Place: place, Data: data})
	}
	_, err := decoder.Token()
	return elements, err
}

// jsonObject keeps the last of two equal keys, as Python does.
func (e *evaluator) jsonObject(place tree.Place, decoder *json.Decoder, depth int) (any, error) {
	var pairs tree.Map
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		data, err := e.jsonValue(place, decoder, depth+1)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, tree.Pair{Key: tree.Value{Place: place, Data: key}, Value: tree.Value{Place: place, Data: data}})
	}
	_, err := decoder.Token()
	return pairs.Unique(), err
}

func jsonNumber(number json.Number) (any, error) {
	text := number.String()
	if !strings.ContainsAny(text, ".eE") {
		if len(text) > mostDigits {
			return nil, errors.New("a whole number of more than " + strconv.Itoa(mostDigits) + " digits")
		}
		large, _ := new(big.Int).SetString(text, 10)
		return tree.Whole(large), nil
	}
	float, err := number.Float64()
	if err != nil && !math.IsInf(float, 0) {
		return nil, err
	}
	return float, nil
}
