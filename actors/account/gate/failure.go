package gate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// failure is why there is no way to a host: a class for programs, an error for people.
type failure struct {
	class Class
	err   error
}

func failed(class Class, format string, args ...any) *failure {
	return &failure{class, fmt.Errorf(format, args...)}
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// longestReason bounds a reason: parts of it may come from a proxy.
const longestReason = 200

// reasonOf is the error for people; "" for none.
func reasonOf(err error) string {
	if err == nil {
		return ""
	}
	reason := []rune(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, err.Error()))
	return string(reason[:min(len(reason), longestReason)])
}

// classOf says what an error on the way to a host means.
func classOf(err error) Class {
	var known *failure
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ErrShut), errors.Is(err, context.Canceled):
		return NoLease
	case errors.Is(err, errPrivate):
		return PrivateTarget
	case errors.As(err, &known):
		return known.class
	default:
		return Unreachable
	}
}
