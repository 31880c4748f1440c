package cluster

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"troupe/messages"
)

// tokenPrefix begins every join token; the number is its version.
const tokenPrefix = "troupe-join-1."

// Token is what lets a node into a cluster: it pins the cluster's authority and carries a secret that the master knows by its hash.
type Token struct {
	Authority string // SHA-256 of its certificate, in hex
	Secret    messages.Secret
}

var tokenForm = regexp.MustCompile(`^troupe-join-1\.([0-9a-f]{64})\.([A-Za-z0-9_-]{43})$`)

// ParseToken reads a token as a person was given it. Its errors quote nothing of it.
func ParseToken(text string) (Token, error) {
	m := tokenForm.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return Token{}, errors.New("not a join token: it begins with " + tokenPrefix + " and is made by: troupe keys token")
	}
	secret, err := base64.RawURLEncoding.DecodeString(m[2])
	if err != nil {
		return Token{}, errors.New("not a join token: its secret is damaged")
	}
	return Token{m[1], secret}, nil
}

// Text is the token as it is typed; String and logs hide it.
func (t Token) Text() string {
	return tokenPrefix + t.Authority + "." + base64.RawURLEncoding.EncodeToString(t.Secret)
}

// Tokens are the join tokens of a cluster, kept in a file (mode 0600) of which nobody can read a token. It is safe for concurrent use.
type Tokens struct {
	path      string
	authority string
	now       func() time.Time

	mu   sync.Mutex
	list []issued
}

type issued struct {
	Hash    string    `json:"hash"` // SHA-256 of the secret, in hex
	Expires time.Time `json:"expires"`
	Uses    int       `json:"uses"` // left
}

// Errors of a token that lets nobody in.
var (
	ErrTokenUnknown = errors.New("the join token is not one of this cluster, or was used up: make another one (troupe keys token)")
	ErrTokenExpired = errors.New("the join token has expired: make another one (troupe keys token)")
)

// OpenTokens reads the tokens of the cluster whose authority's fingerprint is given; a missing file is none.
func OpenTokens(path, authority string, now func() time.Time) (*Tokens, error) {
	t := &Tokens{path: path, authority: authority, now: now}
	raw, err := readPrivate(path)
	if errors.Is(err, os.ErrNotExist) {
		return t, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &t.list)
	}
	if err != nil {
		return nil, fmt.Errorf("read join tokens: %w", err)
	}
	return t, nil
}

// New makes a token that lets in that many nodes until it expires. It is on disk, hashed, when New returns.
func (t *Tokens) New(ttl time.Duration, uses int) (Token, error) {
	token := Token{t.authority, make([]byte, 32)}
	rand.Read(token.Secret) // never fails
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	list := slices.DeleteFunc(slices.Clone(t.list), func(i issued) bool { return now.After(i.Expires) })
	if err := t.keep(append(list, issued{hashOf(token.Secret), now.Add(ttl), uses})); err != nil {
		return Token{}, fmt.Errorf("make join token: %w", err)
	}
	return token, nil
}

// use takes one use of a token away, on disk, before it returns without an error.
func (t *Tokens) use(secret []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	hash := hashOf(secret)
	i := slices.IndexFunc(t.list, func(i issued) bool { return i.Hash == hash })
	if i < 0 {
		return ErrTokenUnknown
	}
	list := slices.Clone(t.list)
	if t.now().After(list[i].Expires) {
		return ErrTokenExpired
	}
	if list[i].Uses--; list[i].Uses <= 0 {
		list = slices.Delete(list, i, i+1)
	}
	if err := t.keep(list); err != nil {
		return fmt.Errorf("use join token: %w", err)
	}
	return nil
}

// keep needs mu.
func (t *Tokens) keep(list []issued) error {
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	if err := replaceFile(t.path, text); err != nil {
		return err
	}
	t.list = list
	return nil
}

func hashOf(secret []byte) string {
	sum := sha256.Sum256(secret)
	return hex.EncodeToString(sum[:])
}
