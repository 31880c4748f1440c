package people

import (
	"errors"
	"strings"
	"testing"
)

func TestAPasswordIsKeptAsItsHashWithItsParameters(t *testing.T) {
	const password = "correct horse battery"
	kept, err := HashPassword(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(kept, "$argon2id$v=19$m=65536,t=3,p=4$") || strings.Contains(kept, password) {
		t.Errorf("kept as %s", kept)
	}
	for typed, want := range map[string]bool{password: true, password + " ": false, strings.Repeat("x", maximum+1): false} {
		if ok, err := checkPassword(t.Context(), kept, typed); ok != want || err != nil {
			t.Errorf("%.30q: %t, %v", typed, ok, err)
		}
	}
	for _, bad := range []string{"short", strings.Repeat("长", maximum)} {
		if _, err := HashPassword(t.Context(), bad); !errors.Is(err, ErrPassword) {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
	for _, broken := range []string{"", "plain", "$argon2id$v=19$m=x$a$b", "$argon2id$v=19$m=8,t=1,p=1$!$!"} {
		if ok, err := checkPassword(t.Context(), broken, password); ok || err == nil {
			t.Errorf("%q lets in: %v", broken, err)
		}
	}
}
