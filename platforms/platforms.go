// Package platforms is the contract between an account and the platform that it lives on: what a
// client can do, what a batch is, and what kinds of trouble there are. A platform itself is a folder with a
// definition (platform.yaml), run by platforms/engine.
//
// The contract knows no actor, no Chromium and no platform.
package platforms

import (
	"context"
	"time"

	"troupe/messages"
	"troupe/platforms/definition"
)

// Client speaks for one account in one browser incarnation. Its methods are called one at a time, from one
// goroutine, never from a mailbox; they return when ctx ends. Every error has a Kind.
type Client interface {
	// Probe opens the account's home page and reads its profile. LoggedOut, Challenge and the like are errors.
	Probe(ctx context.Context) (*messages.Profile, error)
	// Login shows the login page and reports each step until the account is logged in; the error's kind says how it
	// ended otherwise (LoginTimeout, LoginRefused, ...). Inputs are read from in.
	Login(ctx context.Context, in <-chan Input, show func(Step)) (*messages.Profile, error)
	// Collect makes one round of looking and returns what it saw. An empty batch is not an error; a page
	// that lacks what the definition expects is (PageChanged). The caller owns the batch.
	Collect(ctx context.Context) (Batch, error)
	// Received gets a token whenever a page received something that Drain may turn into items.
	Received() <-chan struct{}
	// Drain maps what the pages received by themselves since the last call. It touches no page and takes no time.
	Drain(ctx context.Context) (Batch, error)
	// CanReply says whether the definition has a flow for that kind of target.
	CanReply(kind messages.ReplyKind) bool
	// Reply types and sends. It calls commit exactly once, just before the irreversible step: nil = go, an error =
	// stop, nothing was sent. The returned outcome is final as far as the page could tell.
	Reply(ctx context.Context, r *messages.Reply, commit func(context.Context) error) Outcome
	// FindReply looks in the thread for an own item with the reply's text that is newer than its dispatch and not in
	// matched. It types nothing.
	FindReply(ctx context.Context, r *messages.Reply, matched []string) (platformID string, found bool, err error)
	// Screenshot is a PNG of the kept page, for a person.
	Screenshot(ctx context.Context) ([]byte, error)
}

// Memory is what an account's clients remember from one browser to the next: budgets used, lists seen, rows gone through. The
// account owns it and carries it with its sealed state; only clients look into it.
type Memory interface {
	// Export returns it in one piece: JSON of ids and times, and nothing that anybody wrote.
	Export() ([]byte, error)
}

// Reloader is implemented by clients that can take up another version of their platform's definition without another
// browser. It is called like the methods of Client: between two of them, from the same goroutine. Tabs are kept.
type Reloader interface {
	Reload(d *definition.Definition)
}

// Rereader is implemented by clients that can read everything again: the next rounds read each collection whole, however much of it is
// known. It is called like the methods of Client.
type Rereader interface {
	Reread()
}

// Input is what a person entered during a login.
type Input struct {
	Kind  string // verification_code phone_number username password refresh, or way: Value is then the wanted one
	Value messages.Secret
}

// Step is one step of a login, to be shown to a person. Status is the wire's word (im-contract 6.1).
type Step struct {
	Status    string // qrcode_ready qrcode_refreshed scanning sms_input_required
	QR        []byte // PNG
	ExpiresAt time.Time
	Ask       string // verification_code phone_number username password
	Message   string
}

// Batch is what one look yielded.
type Batch struct {
	Items    []*messages.Item
	Complete []string  // collections that were seen whole, to their end
	PageAt   time.Time // when the page received the newest of it
	Round    bool      // a whole round ended well
	Steps    []StepLog // evidence: what was looked for and what matched
}

// StepLog is the evidence of one step.
type StepLog struct {
	Step    string // collect.comments/await comment_list
	Matched string // which alternative
	Took    time.Duration
	Err     string
}

// Outcome says how a reply ended. State is confirmed, failed, unknown, or returned (not sent; may run again).
type Outcome struct {
	State      string
	Reason     string
	PlatformID string
	Err        error // for the account's own state: LoggedOut, Challenge, ...
}
