package definition

import (
	"time"

	"troupe/messages"
)

// Commit is the irreversible step of a reply. The master is asked just before it, and the last assert of who is answered
// is made once more between the answer and the act.
type Commit struct {
	Click string `yaml:"click"` // a name of find
	In    string `yaml:"in"`
	Press string `yaml:"press"` // or a key: Enter
}

// Confirm says how a committed reply ended. What no outcome recognises is unknown, and is settled by reading.
type Confirm struct {
	Sent     []Outcome          `yaml:"sent"`     // any of them
	Failures map[string]Outcome `yaml:"failures"` // by reason
	Else     string             `yaml:"else"`     // must be written: unknown
	Within   time.Duration      `yaml:"within"`   // 15 s if zero
}

// Outcome is recognised by the platform's own answer, by what a page function sees, or, of a failure, by words on the page
// that were not there before the commit.
type Outcome struct {
	Listen   string `yaml:"listen"`
	Function string `yaml:"function"` // its answer before the commit is $before in when and id
	World    string `yaml:"world"`    // of the function: isolated (default) or page
	When     Query  `yaml:"when"`
	ID       Query  `yaml:"id"`   // of sent: the platform's id of what now stands there
	Text     string `yaml:"text"` // of a failure
	Kind     string `yaml:"kind"` // of a failure that concerns the account: rate_limited, logged_out, challenge
}

// ReplyKinds are the keys of Reply and Thread.
var ReplyKinds = map[string]messages.ReplyKind{
	"comment":    messages.ReplyKind_REPLY_COMMENT,
	"discussion": messages.ReplyKind_REPLY_DISCUSSION,
	"message":    messages.ReplyKind_REPLY_MESSAGE,
	"work":       messages.ReplyKind_REPLY_WORK,
}

// ReplyFlow returns the flow that answers that kind of target, or nil.
func (d *Definition) ReplyFlow(k messages.ReplyKind) Flow { return flowOf(d.Reply, k) }

// ThreadFlow returns the flow that reads around that kind of target, or nil.
func (d *Definition) ThreadFlow(k messages.ReplyKind) Flow { return flowOf(d.Thread, k) }

func flowOf(flows map[string]Flow, k messages.ReplyKind) Flow {
	for name, kind := range ReplyKinds {
		if kind == k {
			return flows[name]
		}
	}
	return nil
}
