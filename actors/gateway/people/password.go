package people

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// The second choice of RFC 9106, for where memory is scarce: 3 passes over 64 MiB in 4 lanes.
const (
	passes     = 3
	memoryKiB  = 64 << 10
	lanes      = 4
	saltBytes  = 16
	tagBytes   = 32
	minimum    = 10   // characters of a password
	maximum    = 1024 // bytes of a password
	hashesOnce = 2    // more at once would take too much memory
)

// ErrPassword says what a password must be like.
var ErrPassword = fmt.Errorf("a password has at least %d characters, and at most %d bytes", minimum, maximum)

// hashing bounds how many passwords are hashed at once.
var hashing = make(chan struct{}, hashesOnce)

// HashPassword makes what is kept of a password: argon2id in the PHC string form. It takes about a tenth of a second and
// 64 MiB, and waits until few others do the same.
func HashPassword(ctx context.Context, password string) (string, error) {
	if utf8.RuneCountInString(password) < minimum || len(password) > maximum {
		return "", ErrPassword
	}
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails
	tag, err := derive(ctx, password, salt, passes, memoryKiB, lanes, tagBytes)
	if err != nil {
		return "", err
	}
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memoryKiB, passes, lanes, b64.EncodeToString(salt), b64.EncodeToString(tag)), nil
}

// decoy is compared with when there is no such user, so that the time does not tell.
const decoy = "$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// checkPassword says whether password is the one that kept was made of, with the parameters that kept names.
func checkPassword(ctx context.Context, kept, password string) (bool, error) {
	if len(password) > maximum {
		return false, nil
	}
	var version, memory, time, threads int
	parts := strings.Split(kept, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, errors.New("a kept password cannot be read")
	}
	if _, err := fmt.Sscanf(parts[2]+","+parts[3], "v=%d,m=%d,t=%d,p=%d", &version, &memory, &time, &threads); err != nil {
		return false, fmt.Errorf("read a kept password: %w", err)
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, fmt.Errorf("read a kept password: %w", err)
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil {
		return false, fmt.Errorf("read a kept password: %w", err)
	}
	got, err := derive(ctx, password, salt, uint32(time), uint32(memory), uint8(threads), uint32(len(want)))
	return err == nil && subtle.ConstantTimeCompare(got, want) == 1, err
}

func derive(ctx context.Context, password string, salt []byte, time, memory uint32, threads uint8, length uint32) ([]byte, error) {
	select {
	case hashing <- struct{}{}:
		defer func() { <-hashing }()
		return argon2.IDKey([]byte(password), salt, time, memory, threads, length), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
