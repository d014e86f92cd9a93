package devserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"unicode/utf8"

	"github.com/aksync/aksync/internal/tree"
)

// maxBody is less than a real server takes (body-33mb fails only for its
// name), and enough for every test.
const maxBody = 64 << 20

// readBody gives the body as UTF-8, or the refusal of its type. A body that is
// empty has no type (post-empty-nobody).
func readBody(r *http.Request) ([]byte, *response) {
	refuse := func(answer response) ([]byte, *response) { return nil, &answer }
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return refuse(detail(http.StatusRequestEntityTooLarge, "The body is too large or broke off."))
	}
	if len(body) == 0 || r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil, nil
	}
	contentType := r.Header.Get("Content-Type")
	mediaType, parameters, _ := mime.ParseMediaType(contentType)
	if mediaType != "application/json" {
		return refuse(detail(http.StatusUnsupportedMediaType, // post-ctype-text
			fmt.Sprintf("Unsupported media type \"%s\" in request.", contentType)))
	}
	if charset := parameters["charset"]; charset == "latin-1" || charset == "iso-8859-1" {
		return fromLatin1(body), nil // post-ctype-latin1
	}
	if !utf8.Valid(body) {
		return refuse(unhandled(r.Method, http.StatusInternalServerError)) // post-bad-utf8
	}
	return body, nil
}

func fromLatin1(body []byte) []byte {
	runes := make([]rune, len(body))
	for i, character := range body {
		runes[i] = rune(character)
	}
	return []byte(string(runes))
}

// parse reads a body into the fields of an object. An empty one is an object
// without fields (post-empty).
func parse(body []byte) (tree.Map, *response) {
	refuse := func(message string) (tree.Map, *response) {
		answer := response{status: http.StatusBadRequest, body: encode(map[string][]string{"non_field_errors": {message}})}
		return nil, &answer
	}
	if len(body) == 0 {
		return nil, nil
	}
	data, message := decode(body)
	if message != "" {
		answer := detail(http.StatusBadRequest, "JSON parse error - "+message)
		return nil, &answer
	}
	switch value := tree.FromJSON(data); fields := value.Data.(type) {
	case nil:
		return refuse("No data provided") // post-null
	case tree.Map:
		return fields, nil
	default:
		return refuse(fmt.Sprintf("Invalid data. Expected a dictionary, but got %s.", pythonType(value))) // post-array
	}
}

// decode reads one JSON text, or says what is wrong with it.
func decode(body []byte) (data any, message string) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	err := decoder.Decode(&data)
	if err == nil {
		if _, more := decoder.Token(); more == io.EOF {
			return data, surrogateError(body)
		}
		err = json.Unmarshal(body, new(any)) // which says where more begins
	}
	return nil, syntaxError(body, err)
}

var (
	loneSurrogate = regexp.MustCompile(`\\u[dD][89abAB][0-9a-fA-F]{2}`)
	pairedHalf    = regexp.MustCompile(`^\\u[dD][c-fC-F][0-9a-fA-F]{2}`)
	trailingComma = regexp.MustCompile(`,[ \t\r\n]*[}\]]$`)
)

// syntaxError says what is wrong with a body as the server's JSON parser says
// it (post-malformed, post-trailing-comma).
func syntaxError(body []byte, err error) string {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return errorAt(body, "unexpected end of data", len(body))
	}
	offset := int(syntax.Offset)
	read := body[:min(offset, len(body))]
	if match := trailingComma.FindIndex(read); match != nil {
		return errorAt(body, "trailing comma is not allowed", match[0])
	}
	return errorAt(body, "unexpected character", max(0, offset-1))
}

// surrogateError finds half a character, which Go's parser lets pass
// (post-name-surrogate).
func surrogateError(body []byte) string {
	for _, match := range loneSurrogate.FindAllIndex(body, -1) {
		if !pairedHalf.Match(body[match[1]:]) {
			return errorAt(body, "no low surrogate in string", match[1])
		}
	}
	return ""
}

func errorAt(body []byte, message string, offset int) string {
	line := bytes.Count(body[:offset], []byte("\n")) + 1
	column := offset - bytes.LastIndexByte(body[:offset], '\n')
	return fmt.Sprintf("%s: line %d column %d (char %d)", message, line, column, offset)
}
