package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/page"
)

// The times of a commit.
const (
	ticketTime  = 4 * time.Second  // for the act, once it is allowed
	confirmTime = 15 * time.Second // for the site's answer
)

// Reply runs the definition's flow for the target. Whatever happens, no half-typed text stays behind: the editor is
// emptied where it can be, and its tab closed.
func (c *client) Reply(ctx context.Context, r *messages.Reply, commit func(context.Context) error) platforms.Outcome {
	kind := r.GetTarget().GetKind()
	steps := c.Definition.ReplyFlow(kind)
	if len(steps) == 0 || c.ReadOnly {
		return platforms.Outcome{State: messages.ReplyFailedState, Reason: "unsupported", Err: &platforms.Error{Op: "reply", Kind: platforms.Unsupported}}
	}
	if err := c.mayReply(); err != nil {
		return platforms.Outcome{State: messages.ReplyReturned, Reason: platforms.KindOf(err).String(), Err: err}
	}
	f, err := c.newFlow(ctx, "reply."+kindName(kind), actTab)
	if err != nil {
		return platforms.Outcome{State: messages.ReplyReturned, Reason: platforms.KindOf(err).String(), Err: err}
	}
	f.fresh, f.commit = true, commit
	f.confirm = steps[len(steps)-1].Confirm
	maps.Copy(f.names, targetNames(r))
	c.Memory.alsoKnown(f.names)
	err = f.run(ctx, steps)
	outcome := f.ended(err)
	if err == nil { // otherwise the run has noted it
		c.note(outcome.Err)
	}
	f.tidy(ctx, outcome)
	return outcome
}

// mayReply is an error while the platform is to be left alone, or when the account's replies are used up.
func (c *client) mayReply() error {
	if err := c.mayAct("reply"); err != nil {
		return err
	}
	if again, ok := c.Memory.mayReply(c.Clock(), c.Definition.Collect.Replies); !ok {
		return paced("reply", "the replies of this hour or day are used up", again)
	}
	return nil
}

// ended says what a reply's flow came to. Before the commit nothing was sent; after it, what the site did not
// answer is unknown.
func (f *flow) ended(err error) platforms.Outcome {
	kind := platforms.KindOf(err)
	switch {
	case f.outcome.State != "":
		return f.outcome
	case f.committed:
		return platforms.Outcome{State: messages.ReplyUnknownState, Reason: "the site's answer did not come", Err: err}
	case errors.Is(err, errTicket):
		return platforms.Outcome{State: messages.ReplyReturned, Reason: "commit_refused"}
	case errors.Is(err, errRecipient):
		return platforms.Outcome{State: messages.ReplyFailedState, Reason: "recipient_mismatch", Err: err}
	case kind == platforms.TargetGone:
		return platforms.Outcome{State: messages.ReplyFailedState, Reason: "target_gone", Err: err}
	case kind == platforms.Refused:
		return platforms.Outcome{State: messages.ReplyFailedState, Reason: "refused", Err: err}
	}
	return platforms.Outcome{State: messages.ReplyReturned, Reason: kind.String(), Err: err}
}

// doCommit finds what to click, notes what the page shows before, asks for permission, proves once more who is answered, and
// acts. Only an act that provably did not happen leaves the reply uncommitted; it is tried again while the permission is fresh.
func (f *flow) doCommit(ctx context.Context, m *definition.Commit) (string, error) {
	el, matched, err := f.ready(ctx, m)
	if err != nil {
		return matched, err
	}
	f.before = f.shownBefore(ctx)
	if err := f.commit(ctx); err != nil {
		return matched, fmt.Errorf("%w: %w", errTicket, err)
	}
	ctx, cancel := context.WithTimeout(ctx, ticketTime)
	defer cancel()
	for {
		if err := f.stillProven(ctx); err != nil {
			return matched, err
		}
		f.acting()
		f.committed = true
		if err = f.send(ctx, m, el); !errors.Is(err, page.ErrMoved) {
			f.client.Memory.replied(f.client.Clock())
			return matched, err
		}
		f.committed = false
		if err := wait(ctx, pollTime); err != nil {
			return matched, fmt.Errorf("%s never kept still: %w", m.Click, err)
		}
		if el, matched, err = f.ready(ctx, m); err != nil {
			return matched, err
		}
	}
}

// send is the irreversible act.
func (f *flow) send(ctx context.Context, m *definition.Commit, el page.Element) error {
	if m.Press != "" {
		return f.tab.Press(ctx, m.Press)
	}
	return f.press(ctx, el, definition.Place{Find: m.Click, In: m.In})
}

// ready waits until the button of a commit can be pressed. A commit by key needs no button.
func (f *flow) ready(ctx context.Context, m *definition.Commit) (button page.Element, matched string, err error) {
	if m.Press != "" {
		return nil, m.Press, nil
	}
	err = f.until(ctx, fmt.Errorf("%s, to be pressed, %w", m.Click, errMissing), func(ctx context.Context) (bool, error) {
		el, which, err := f.look(ctx, definition.Place{Find: m.Click, In: m.In})
		if err != nil || el == nil {
			return false, err
		}
		_, disabled, err := el.Attr(ctx, "disabled")
		button, matched = el, which
		return !disabled, err
	})
	return button, matched, err
}

// tidy leaves no text and no page behind. A tab that stayed open would receive every push a second time, and what a reply
// that is not known to have ended left in it could be sent later.
func (f *flow) tidy(ctx context.Context, o platforms.Outcome) {
	if kind := platforms.KindOf(o.Err); o.Err != nil && kind == platforms.BrowserGone {
		return
	}
	if o.State != messages.ReplyUnknownState && f.typedInto != nil {
		brief, cancel := briefly(ctx)
		defer cancel()
		if err := f.leaveEmpty(brief); err != nil {
			f.client.Log.Debug("editor not emptied", "err", err)
		}
	}
	f.client.closeTab(ctx, actTab)
}

// leaveEmpty empties the editor: a site may keep its text as a draft.
func (f *flow) leaveEmpty(ctx context.Context) error {
	p := definition.Place{Find: f.typedInto.Into, In: f.typedInto.In}
	el, _, err := f.look(ctx, p)
	if err != nil || el == nil {
		return err // the site took the editor away
	}
	if words, err := content(ctx, el); err != nil || words == "" {
		return err
	}
	_, err = f.clear(ctx, p)
	return err
}

// targetNames are what a reply's flow knows of its target.
func targetNames(r *messages.Reply) map[string]string {
	t := r.GetTarget()
	person := t.GetPersonId()
	if _, peer, ok := strings.Cut(t.GetConversationId(), ":"); ok && person == "" {
		person = peer
	}
	return map[string]string{
		"target.work_id": t.GetWorkId(), "target.comment_id": t.GetCommentId(), "target.discussion_id": t.GetDiscussionId(),
		"target.conversation_id": t.GetConversationId(), "target.person_id": person, "target.person_name": t.GetPersonName(),
		"target.text": t.GetText(), "target.work_title": t.GetWorkTitle(), "reply.content": r.GetContent(),
	}
}

func kindName(k messages.ReplyKind) string {
	for _, name := range slices.Sorted(maps.Keys(definition.ReplyKinds)) {
		if definition.ReplyKinds[name] == k {
			return name
		}
	}
	return "unknown"
}
