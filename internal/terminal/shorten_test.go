package terminal

import "testing"

func TestShorten(t *testing.T) {
	for _, test := range []struct {
		text string
		most int
		want string
	}{
		{"login", 5, "login"},
		{"default-authentication", 12, "default-…ion"},
		{"名前名前名前", 8, "名前…前"},
		{"a\nb", 10, `a\nb`},
	} {
		got := Shorten(test.text, test.most)
		if got != test.want || Width(got) > test.most {
			t.Errorf("Shorten(%q, %d) = %q, want %q", test.text, test.most, got, test.want)
		}
	}
}
