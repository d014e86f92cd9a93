package tags

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/aksync/aksync/internal/blueprint/bounds"
	"github.com/aksync/aksync/internal/tree"
	"github.com/aksync/aksync/schema"
)

// env gives an environment variable. As in authentik one that is empty counts
// as one that is not set.
func (e *Evaluator) env(n tree.Value, args tree.List) (tree.Value, error) {
	name, err := e.literal(args[0], "!Env wants the name of a variable")
	if err != nil {
		return tree.Value{}, err
	}
	e.asks(args)
	value, isSet, err := e.Scope.Looks.env(name, e.target)
	if err != nil {
		return tree.Value{}, e.Report(n.Place, "%s", err)
	}
	if value != "" {
		return e.sized(n, value)
	}
	if len(args) == 1 {
		state := "is not set: set it"
		if isSet {
			state = "is set and empty, which authentik takes for not set: give it a value"
		}
		return tree.Value{}, e.Report(n.Place, "the environment variable %s %s, or give a default: !Env [%s, …]", name, state, name)
	}
	return e.fallback(args[1], "!Env")
}

// file gives the text of a file without white space around it.
func (e *Evaluator) file(n tree.Value, args tree.List) (tree.Value, error) {
	name, err := e.literal(args[0], "!File wants a path")
	if err != nil {
		return tree.Value{}, err
	}
	e.asks(args)
	text, err := e.Scope.Looks.file(name, e.target)
	var unreadable *unreadableError
	switch {
	case err == nil:
		return e.sized(n, text)
	case !errors.As(err, &unreadable):
		return tree.Value{}, e.Report(n.Place, "%s", err)
	case len(args) == 1:
		return tree.Value{}, e.Report(n.Place, "%s: want a readable file, or a default: !File [%s, …]", err, name)
	}
	return e.fallback(args[1], "!File")
}

// asks notes that something outside of the blueprint is asked for. A default is in
// the blueprint, whether it is taken this time or not.
func (e *Evaluator) asks(args tree.List) {
	e.inputs++
	if len(args) > 1 && e.target.hidden {
		e.tellWritten(args[1], e.leaf)
	}
}

// fallback gives a default, in which authentik evaluates no tags.
func (e *Evaluator) fallback(n tree.Value, tag string) (tree.Value, error) {
	return n, e.complete(n, tag)
}

// sized gives text and counts the memory it takes.
func (e *Evaluator) sized(n tree.Value, text string) (tree.Value, error) {
	return tree.Value{Place: n.Place, Data: text}, e.spend(n.Place, len(text)/16)
}

// serverContext are the values that authentik's own context has and only a server
// knows (authentik/blueprints/v1/importer.py, _get_blueprint_context): the models
// that there are, with their apps, and whether the server has a valid licence.
var serverContext = map[string]bool{"goauthentik.io/rbac/models": true, "goauthentik.io/enterprise/licensed": true}

// contextValue gives a value of the blueprint's context. A value that is a tag
// is evaluated where it is used.
func (e *Evaluator) contextValue(n tree.Value, args tree.List) (tree.Value, error) {
	key, err := e.literal(args[0], "!Context wants a key")
	if err != nil {
		return tree.Value{}, err
	}
	value, given := e.Scope.Context.Get(key)
	if !given && serverContext[key] {
		return e.refer(&reference{to: tree.Reference{Place: n.Place, Tag: tree.TagContext, Context: key}, path: e.Path})
	}
	if !given && len(args) == 1 {
		return tree.Value{}, e.Report(n.Place, "%s", e.missingContext(key))
	}
	if !given {
		value = args[1]
	}
	if slices.Contains(e.contexts, key) {
		return tree.Value{}, e.Report(n.Place, "the context refers to itself: %s", strings.Join(append(e.contexts, key), " → "))
	}
	e.contexts = append(e.contexts, key)
	defer func() { e.contexts = e.contexts[:len(e.contexts)-1] }()
	evaluated, err := e.shallow(value)
	if err != nil {
		return tree.Value{}, err
	}
	return tree.Value{Place: n.Place, Data: evaluated.Data}, nil
}

func (e *Evaluator) missingContext(key string) string {
	known := slices.Collect(maps.Keys(serverContext))
	for _, p := range e.Scope.Context {
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
func (e *Evaluator) parseJSON(n tree.Value, args tree.List) (tree.Value, error) {
	decoder := json.NewDecoder(strings.NewReader(args[0].Data.(string)))
	decoder.UseNumber()
	data, err := e.jsonValue(n.Place, decoder, 0)
	if err == nil {
		if _, trailing := decoder.Token(); !errors.Is(trailing, io.EOF) {
			err = errors.New("there is more after the first value")
		}
	}
	switch {
	case errors.Is(err, ErrReported):
		return tree.Value{}, err
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return tree.Value{}, e.Report(n.Place, "!ParseJSON: the text ends within a value: want one JSON value")
	case err != nil:
		return tree.Value{}, e.Report(n.Place, "!ParseJSON: %s: want one JSON value", err)
	}
	return tree.Value{Place: n.Place, Data: data}, nil
}

func (e *Evaluator) jsonValue(place tree.Place, decoder *json.Decoder, depth int) (any, error) {
	if err := e.spend(place, 1); err != nil {
		return nil, err
	}
	if depth > bounds.MostNesting {
		return nil, errors.New("nested deeper than " + strconv.Itoa(bounds.MostNesting) + " levels")
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

func (e *Evaluator) jsonList(place tree.Place, decoder *json.Decoder, depth int) (any, error) {
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
func (e *Evaluator) jsonObject(place tree.Place, decoder *json.Decoder, depth int) (any, error) {
	var pairs tree.Map
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		if err := e.spend(place, 3); err != nil { // a pair takes four times the memory of a value
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
		if len(text) > bounds.MostDigits {
			return nil, errors.New("a whole number of more than " + strconv.Itoa(bounds.MostDigits) + " digits")
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
