package devserver

import (
	"bytes"
	"compress/flate"
	"fmt"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/aksync/aksync/schema"
)

var (
	slugForm  = regexp.MustCompile(`^[-a-zA-Z0-9_]+$`)
	emailForm = regexp.MustCompile(`^[^@\s"(),:;<>\[\\\]]+@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}$|^[^@\s]+@localhost$`)
	urlForm   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9.+-]*://\S+$`)
)

// forms say what is wrong with text of some format.
var forms = map[string]func(string) []string{
	"email": says(emailForm.MatchString, "Enter a valid email address."),
	"url":   says(isURL, "Enter a valid URL."),
	"ip":    says(isIP, "Enter a valid IPv4 or IPv6 address."),
	"path":  says(isPath, "No leading or trailing slashes allowed."),
	"words": says(func(text string) bool { return !strings.Contains(text, " ") }, "Value must not contain spaces."),
	"urls":  says(isURL, "Enter a valid URL."),
	"file":  complainOfFile,
	// What the server gets by itself; here nothing is fetched (v-patch-oidc_*_url-long).
	"fetched": func(text string) []string {
		return says(mayBeFetched, fmt.Sprintf("Invalid URL '%[1]s': No scheme supplied. Perhaps you meant https://%[1]s?", text))(text)
	},
	"template": func(text string) []string {
		return says(templates.MatchString, fmt.Sprintf("Invalid template '%s' specified.", text))(text)
	},
	"cert": says(isCertificate, "Unable to load certificate."),
	"key":  says(isPrivateKey, "Unable to load private key (possibly encrypted?)."),
}

// templates are those of emails that authentik brings.
var templates = regexp.MustCompile(`^email/(password_reset|account_confirmation|email_otp|event_notification|invitation|setup)\.html$`)

var (
	// outsideFile is text that names no file: an address, an icon, or what authentik brings.
	outsideFile = regexp.MustCompile(`^$|^http:|^(https|fa)://|^/static`)
	fileForm    = regexp.MustCompile(`^([A-Za-z0-9._/-]|%\(theme\)s)+$`)
)

// maxFile is how long the name of a file may be, and maxFilePart what is between two
// slashes of it (authentik/admin/files/validation.py).
const maxFile, maxFilePart = 1024, 255

const fileMessage = "File name can only contain letters (a-z, A-Z), numbers (0-9), dots (.), hyphens (-), underscores (_), forward slashes (/), and the placeholder %(theme)s for theme-specific files"

// complainOfFile says what is wrong with the name of a file in the server's storage (seen
// with 2025.12.4 and 2026.2.2).
func complainOfFile(text string) []string {
	switch {
	case outsideFile.MatchString(text):
		return nil
	case !fileForm.MatchString(text):
		return []string{fileMessage}
	case strings.Contains(text, "//"):
		return []string{"File name cannot contain duplicate /"}
	case strings.HasPrefix(text, "/"):
		return []string{"Absolute paths are not allowed"}
	case slices.Contains(strings.Split(text, "/"), ".."):
		return []string{"Parent directory references ('..') are not allowed"}
	case strings.HasPrefix(text, "."):
		return []string{"Paths cannot start with '.'"}
	case len(path.Clean(text)) > maxFile:
		return []string{fmt.Sprintf("File name too long (max %d characters)", maxFile)}
	case slices.ContainsFunc(strings.Split(text, "/"), func(part string) bool { return len(part) > maxFilePart }):
		return []string{fmt.Sprintf("Path component too long (max %d characters)", maxFilePart)}
	}
	return nil
}

func says(is func(string) bool, message string) func(string) []string {
	return func(text string) []string {
		if is(text) {
			return nil
		}
		return []string{message}
	}
}

// isURL reports whether text is an address, or several of them (normalise/url-*).
func isURL(text string) bool { return urlForm.MatchString(text) }

func mayBeFetched(text string) bool { return text == "" || strings.Contains(text, ":") }

func isIP(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil
}

func isPath(text string) bool { return !strings.HasPrefix(text, "/") && !strings.HasSuffix(text, "/") }

func isUUID(text string) bool {
	id, err := uuid.Parse(text)
	return err == nil && id.String() == text
}

func isSlug(field *schema.Field) bool { return strings.Contains(field.Pattern, "a-zA-Z0-9_") }

// slugMessage is what is said of text that is no slug: the quotes are others since
// 2025.12.
func (c *check) slugMessage(name string) string {
	if c.table.about.Formats[name] != "slug" && c.behaviour.curlyQuotes {
		return "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens."
	}
	return "Enter a valid \"slug\" consisting of letters, numbers, underscores or hyphens."
}

var durationPart = regexp.MustCompile(`(?i)^(microseconds|milliseconds|seconds|minutes|hours|days|weeks)=-?[0-9.]+$`)

// isDuration reports whether the server takes a duration (normalise/duration-*).
func isDuration(text string) bool {
	for part := range strings.SplitSeq(text, ";") {
		if !durationPart.MatchString(part) {
			return false
		}
	}
	return true
}

// maxIndexed is how long an entry of PostgreSQL's index may be, in bytes.
const maxIndexed = 2704

// fitsIndex reports whether a key fits into the unique index of its column.
// PostgreSQL compresses it first, by no more than about 87 to 1
// (post-name-10k, post-name-1m, post-name-6k-incompressible).
func fitsIndex(text string) bool {
	if len(text) <= maxIndexed {
		return true
	}
	var compressed bytes.Buffer
	// Neither fails: the level is valid, and a buffer takes all.
	writer, _ := flate.NewWriter(&compressed, flate.BestSpeed)
	_, _ = writer.Write([]byte(text))
	_ = writer.Close()
	return max(compressed.Len(), len(text)/87) <= maxIndexed
}
