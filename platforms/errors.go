package platforms

import (
	"context"
	"errors"
	"fmt"

	"troupe/platforms/page"
)

// Kind says what a failure means for the account, for programs; the error's text says it for people.
type Kind int

// The kinds of trouble.
const (
	Internal     Kind = iota // ours, or not understood: retried
	Network                  // the site could not be reached
	Timeout                  // a step took too long
	LoggedOut                // the platform wants a login
	Challenge                // a captcha or risk page: a person must look
	PageChanged              // something the definition expects is not there
	RateLimited              // the platform asks to slow down
	ProxyDown                // the account's proxy does not work
	GateShut                 // no lease at the moment
	BrowserGone              // Chromium or its page died
	TargetGone               // the thing to answer is not there any more
	Refused                  // the platform refused, in its own words
	Unsupported              // the definition has no such flow
	LoginTimeout             // nobody scanned in time
	LoginRefused             // the person refused on the phone, or a code was wrong too often
	Cancelled                // we stopped it ourselves
)

var kindNames = [...]string{
	"internal", "network", "timeout", "logged_out", "challenge", "page_changed", "rate_limited", "proxy_down",
	"gate_shut", "browser_gone", "target_gone", "refused", "unsupported", "login_timeout", "login_refused", "cancelled",
}

// String is the kind's word in logs and in account states.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("kind(%d)", int(k))
	}
	return kindNames[k]
}

// Error is a failure with its kind and the step it happened in.
type Error struct {
	Op   string // the step: collect.comments/await comment_list
	Kind Kind
	Err  error
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Op + ": " + e.Kind.String()
	}
	return e.Op + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf says what err means. Errors of page and context are understood without being wrapped.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	switch {
	case errors.Is(err, page.ErrGone):
		return BrowserGone
	case errors.Is(err, page.ErrGate):
		return GateShut
	case errors.Is(err, page.ErrNetwork):
		return Network
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case errors.Is(err, context.Canceled):
		return Cancelled
	}
	return Internal
}

// StepOf names the step in which err happened, or "".
func StepOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Op
	}
	return ""
}
