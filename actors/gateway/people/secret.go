package people

import (
	"crypto/rand"
	"crypto/sha256"
	"strings"
)

// tokenPrefix makes a token recognizable, for people and for programs that look for leaked ones.
const tokenPrefix = "troupe_"

// NewToken makes the secret of a token, 260 random bits. It is shown once; Hash of it is what is kept.
func NewToken() string { return tokenPrefix + newSecret() }

// newSecret is 260 random bits as text.
func newSecret() string { return strings.ToLower(rand.Text() + rand.Text()) }

// newID is a random id that is no secret.
func newID(prefix string) string {
	const length = 10
	return prefix + strings.ToLower(rand.Text()[:length])
}

// Hash is what is kept of a token, a cookie or a code. They are random and long, so that it needs no salt.
func Hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// newCode is the one-time code of the first admin, in groups that a person can type.
func newCode() string {
	text := rand.Text()
	return text[0:5] + "-" + text[5:10] + "-" + text[10:15] + "-" + text[15:20]
}

// plainCode is a code as it was typed, without the differences that do not matter.
func plainCode(typed string) string {
	return strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(typed))
}
