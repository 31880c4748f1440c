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
	ticketTime  = 4 * time.Second  // for the click, once it is allowed
	confirmTime = 15 * time.Second // for the site's answer
)

// Reply runs the definition's flow for the target. Whatever happens, no half-typed text stays behind: the editor is
// emptied, or its tab closed.
func (c *client) Reply(ctx context.Context, r *messages.Reply, commit func(context.Context) error) platforms.Outcome {
	kind := r.GetTarget().GetKind()
	steps := c.Definition.ReplyFlow(kind)
	if len(steps) == 0 {
		return platforms.Outcome{State: messages.ReplyFailedState, Reason: "unsupported", Err: &platforms.Error{Op: "reply", Kind: platforms.Unsupported}}
	}
	f, err := c.newFlow(ctx, "reply."+kindName(kind), actTab)
	if err != nil {
		return platforms.Outcome{State: messages.ReplyReturned, Reason: platforms.KindOf(err).String(), Err: err}
	}
	f.fresh, f.commit = true, commit
	maps.Copy(f.names, targetNames(r))
	err = f.run(ctx, steps)
	outcome := f.ended(err)
	f.tidy(ctx, outcome)
	return outcome
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

// doCommit finds what to click, asks for permission, and clicks. Only a click that provably did not happen
// leaves the reply uncommitted; it is tried again while the permission is fresh.
func (f *flow) doCommit(ctx context.Context, m *definition.Commit) error {
	el, err := f.ready(ctx, m)
	if err != nil {
		return err
	}
	if err := f.commit(ctx); err != nil {
		return fmt.Errorf("%w: %w", errTicket, err)
	}
	ctx, cancel := context.WithTimeout(ctx, ticketTime)
	defer cancel()
	f.acting()
	for {
		f.committed = true
		if m.Press != "" {
			return f.tab.Press(ctx, m.Press)
		}
		if err = el.Click(ctx); !errors.Is(err, page.ErrMoved) {
			return err
		}
		f.committed = false
		if err := wait(ctx, pollTime); err != nil {
			return fmt.Errorf("%s never kept still: %w", m.Click, err)
		}
		if el, err = f.ready(ctx, m); err != nil {
			return err
		}
	}
}

// ready waits until the button of a commit can be pressed. A commit by key needs no button.
func (f *flow) ready(ctx context.Context, m *definition.Commit) (page.Element, error) {
	if m.Press != "" {
		return nil, nil
	}
	var button page.Element
	err := f.until(ctx, fmt.Errorf("%s, to be pressed, %w", m.Click, errMissing), func(ctx context.Context) (bool, error) {
		el, _, err := f.look(ctx, definition.Place{Find: m.Click, In: m.In})
		if err != nil || el == nil {
			return false, err
		}
		_, disabled, err := el.Attr(ctx, "disabled")
		button = el
		return !disabled, err
	})
	return button, err
}

// confirm reads how a committed reply ended from the site's own answer.
func (f *flow) confirm(ctx context.Context, m *definition.Confirm) (string, error) {
	within := m.Within
	if within == 0 {
		within = confirmTime
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		slice, cancel := context.WithTimeout(ctx, 5*pollTime)
		rec, err := f.client.Browser.Traffic().Wait(slice, f.mark, func(rec page.Record) bool { return f.follows(rec) && f.decides(m, rec) })
		cancel()
		if err == nil {
			if reason, decided := f.decide(ctx, m, rec); decided {
				return reason, nil
			}
			if rec.Kind == page.Failed {
				return "", fmt.Errorf("the site's answer: %w: %s", page.ErrNetwork, rec.Err)
			}
			return "", errors.New("no outcome of the definition recognises the site's answer")
		}
		if reason := f.spoken(ctx, m); reason != "" {
			return reason, nil
		}
		if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return "", fmt.Errorf("the site's answer: %w", err)
		}
	}
}

// decides says whether a record is one that an outcome listens for.
func (f *flow) decides(m *definition.Confirm, rec page.Record) bool {
	if l := f.client.Definition.Listen[m.Sent.Listen]; l != nil && matches(l, rec) {
		return true
	}
	for _, o := range m.Failures {
		if l := f.client.Definition.Listen[o.Listen]; l != nil && matches(l, rec) {
			return true
		}
	}
	return false
}

// decide judges the site's answer. Not decided means unknown: the connection broke, or the answer is new to us.
func (f *flow) decide(ctx context.Context, m *definition.Confirm, rec page.Record) (reason string, decided bool) {
	if rec.Kind != page.Response || rec.Status/100 != 2 {
		return "", false
	}
	b := bodyOf(rec, f.client.inbox.ownerID())
	if b.err != nil {
		return "", false
	}
	holds := func(o definition.Outcome) bool {
		l := f.client.Definition.Listen[o.Listen]
		if l == nil || !matches(l, rec) {
			return false
		}
		ok, err := o.When.True(ctx, b.value, b.vars)
		return err == nil && ok
	}
	if holds(m.Sent) {
		f.outcome = platforms.Outcome{State: messages.ReplyConfirmedState}
		if id, err := m.Sent.ID.First(ctx, b.value, b.vars); err == nil {
			f.outcome.PlatformID, _ = text(id)
		}
		return "sent", true
	}
	for _, reason := range slices.Sorted(maps.Keys(m.Failures)) {
		if o := m.Failures[reason]; holds(o) {
			f.refused(reason, o)
			return reason, true
		}
	}
	return "", false
}

// spoken looks for a refusal in the page's own words.
func (f *flow) spoken(ctx context.Context, m *definition.Confirm) string {
	for _, reason := range slices.Sorted(maps.Keys(m.Failures)) {
		o := m.Failures[reason]
		if o.Text == "" {
			continue
		}
		if el, _, err := f.visible(ctx, []string{"text=" + o.Text}, nil); err == nil && el != nil {
			f.refused(reason, o)
			return reason
		}
	}
	return ""
}

func (f *flow) refused(reason string, o definition.Outcome) {
	f.outcome = platforms.Outcome{State: messages.ReplyFailedState, Reason: reason}
	kinds := map[string]platforms.Kind{"rate_limited": platforms.RateLimited, "logged_out": platforms.LoggedOut, "challenge": platforms.Challenge}
	if kind, ok := kinds[o.Kind]; ok {
		f.outcome.Err = &platforms.Error{Op: f.name + "/confirm", Kind: kind, Err: errors.New(reason)}
	}
}

// tidy leaves no text behind. The tab of a reply that is not known to have ended is closed, so that nothing in it can be sent later.
func (f *flow) tidy(ctx context.Context, o platforms.Outcome) {
	if kind := platforms.KindOf(o.Err); o.Err != nil && kind == platforms.BrowserGone {
		return
	}
	if o.State != messages.ReplyUnknownState {
		if f.typedInto == nil {
			return
		}
		brief, cancel := briefly(ctx)
		defer cancel()
		if err := f.leaveEmpty(brief); err == nil {
			return
		}
	}
	f.client.closeTab(ctx, actTab)
}

func (f *flow) leaveEmpty(ctx context.Context) error {
	p := definition.Place{Find: f.typedInto.Into}
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
	for name, kind := range definition.ReplyKinds {
		if kind == k {
			return name
		}
	}
	return "unknown"
}
