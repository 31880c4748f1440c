package master

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

// The outbox. A reply is accepted on disk before its agent is told; assigned to the account's running epoch; and just
// before the irreversible click it is written down as dispatching, and only then does the account get its
// ticket. What was dispatched and whose end nobody saw is unknown: settled by reading the thread, never by typing again.

const (
	ticketValid   = 5 * time.Second
	replyRunes    = 2000
	replyAttempts = 5
	// dispatchLimit is how long an account may take from its ticket to a result.
	dispatchLimit = 60 * time.Second
	// assignLimit is how long it may take from the assignment to asking for a ticket.
	assignLimit = 2 * time.Minute
	repliesKept = 7 * 24 * time.Hour
)

func (m *master) onSubmit(c actor.Context, msg *messages.SubmitReply, sender *actor.PID) {
	if old := m.replies[messages.ReplyID(msg.GetId())]; old != nil && msg.GetId() != "" {
		if old.GetAccount() != msg.GetAccount() || old.GetContent() != strings.TrimSpace(msg.GetContent()) {
			refuse(c, sender, "conflict", fmt.Sprintf("reply %s exists already with another text or account", msg.GetId()))
			return
		}
		c.Send(sender, &messages.ReplyAccepted{Reply: old, Existed: true})
		return
	}
	a := m.find(c, msg.GetAccount(), sender)
	if a == nil {
		return
	}
	if code, why := m.unfit(a, msg); why != "" {
		refuse(c, sender, code, why)
		return
	}
	id := msg.GetId()
	if id == "" {
		id = fmt.Sprintf("reply_%d_%s", m.now(), strings.ToLower(string(messages.NewTrace())[16:]))
	}
	trace := msg.GetTraceId()
	if trace == "" {
		trace = string(messages.NewTrace())
	}
	r := &messages.Reply{
		Id: id, RequestId: "req_" + strings.TrimPrefix(id, "reply_"), Account: msg.GetAccount(), Topic: msg.GetTopic(), Target: msg.GetTarget(),
		Content: strings.TrimSpace(msg.GetContent()), State: messages.ReplyAcceptedState, AcceptedAt: m.now(), TraceId: trace,
		FromName: msg.GetFromName(), FromId: msg.GetFromId(),
	}
	var ch change
	m.keep(&ch, r)
	m.persist(c, ch, func() {
		m.Log.Info("reply accepted", a.id().Attr(), messages.ReplyID(id).Attr())
		if sender != nil {
			c.Send(sender, &messages.ReplyAccepted{Reply: r})
		}
		m.dispatch(c, a.id())
	})
}

// unfit says why a reply cannot be accepted at all.
func (m *master) unfit(a *account, msg *messages.SubmitReply) (code, why string) {
	text, t := strings.TrimSpace(msg.GetContent()), msg.GetTarget()
	p := m.platform(a.record.GetPlatform())
	switch {
	case text == "":
		return "invalid", "a reply needs a text"
	case utf8.RuneCountInString(text) > replyRunes:
		return "invalid", fmt.Sprintf("a reply may have at most %d characters", replyRunes)
	case a.record.GetPaused():
		return "unavailable", fmt.Sprintf("account %s is paused; resume it first", a.id())
	case !a.canReply(p, t.GetKind()):
		return "unsupported", fmt.Sprintf("the definition of %s has no flow for a reply of kind %s", a.record.GetPlatform(), t.GetKind())
	}
	missing := ""
	switch t.GetKind() {
	case messages.ReplyKind_REPLY_COMMENT:
		missing = cmp.Or(absent("work_id", t.GetWorkId()), absent("comment_id", t.GetCommentId()))
	case messages.ReplyKind_REPLY_DISCUSSION:
		missing = cmp.Or(absent("work_id", t.GetWorkId()), absent("comment_id", t.GetCommentId()), absent("discussion_id", t.GetDiscussionId()))
	case messages.ReplyKind_REPLY_MESSAGE:
		missing = cmp.Or(absent("conversation_id", t.GetConversationId()), absent("person_id", t.GetPersonId()))
	case messages.ReplyKind_REPLY_WORK:
		missing = absent("work_id", t.GetWorkId())
	}
	if missing != "" {
		return "invalid", "the reply's target lacks " + missing
	}
	return "", ""
}

func absent(name, value string) string {
	if value == "" {
		return name
	}
	return ""
}

// keep writes a reply's new state, in memory and into the change.
func (m *master) keep(ch *change, r *messages.Reply) {
	m.replies[messages.ReplyID(r.GetId())] = r
	ch.put(tableReplies, r.GetId(), r)
	m.news.reply(r)
}

// dispatch hands the account its oldest accepted reply, one at a time.
func (m *master) dispatch(c actor.Context, id messages.AccountID) {
	a := m.accounts[id]
	if a == nil || messages.AccountState(a.status.GetState()) != messages.Watching || m.pid(a) == nil || a.revocation != nil {
		return
	}
	var next *messages.Reply
	for _, r := range m.replies {
		if r.GetAccount() != string(id) || !messages.ReplyOpen(r.GetState()) {
			continue
		}
		if r.GetState() != messages.ReplyAcceptedState {
			return // one is under way
		}
		if r.GetNextRead() > m.now() {
			continue // handed back a moment ago
		}
		if next == nil || older(r, next) {
			next = r
		}
	}
	if next == nil {
		return
	}
	r := proto.CloneOf(next)
	r.State, r.Attempt, r.Epoch, r.AssignedAt, r.NextRead = messages.ReplyAssignedState, r.GetAttempt()+1, a.record.GetEpoch(), m.now(), 0
	var ch change
	m.keep(&ch, r)
	m.persist(c, ch, func() {
		if !m.tell(c, a, &messages.ExecuteReply{Reply: r}) {
			m.handBack(c, r, "the account's node went away")
		}
	})
}

func older(a, b *messages.Reply) bool {
	return cmp.Or(cmp.Compare(a.GetAcceptedAt(), b.GetAcceptedAt()), cmp.Compare(a.GetId(), b.GetId())) < 0
}

// onBeginCommit writes the dispatch down and gives out the ticket; anything that does not fit is refused.
func (m *master) onBeginCommit(c actor.Context, msg *messages.BeginCommit, sender *actor.PID) {
	answer := func(refusal string) {
		c.Send(sender, &messages.CommitTicket{
			Reply: msg.GetReply(), Attempt: msg.GetAttempt(), ValidMs: ticketValid.Milliseconds(), Refused: refusal,
		})
	}
	r, a := m.replies[messages.ReplyID(msg.GetReply())], m.accounts[messages.AccountID(msg.GetAccount())]
	switch {
	case r == nil || a == nil || r.GetAccount() != msg.GetAccount():
		answer("there is no such reply")
		return
	case r.GetState() != messages.ReplyAssignedState || r.GetAttempt() != msg.GetAttempt():
		answer("the reply is " + r.GetState())
		return
	case !a.running || a.record.GetEpoch() != msg.GetEpoch() || a.revocation != nil:
		answer("the account runs under another epoch")
		return
	case m.now()-r.GetAcceptedAt() > m.ReplyExpiry.Milliseconds():
		answer("the reply has expired")
		return
	}
	next := proto.CloneOf(r)
	next.State, next.DispatchedAt, next.Ticketed = messages.ReplyDispatchingState, m.now(), true
	var ch change
	m.keep(&ch, next)
	m.persist(c, ch, func() {
		m.Log.Info("reply may be sent now", a.id().Attr(), messages.ReplyID(r.GetId()).Attr(), "attempt", r.GetAttempt())
		answer("")
	})
}

// onResult ends a reply, or hands it back. A result of an earlier attempt is evidence only for that attempt.
func (m *master) onResult(c actor.Context, msg *messages.ReplyResult) {
	r := m.replies[messages.ReplyID(msg.GetReply())]
	if r == nil || r.GetAttempt() != msg.GetAttempt() {
		return
	}
	unknown := r.GetState() == messages.ReplyUnknownState
	if !messages.ReplyOpen(r.GetState()) && !unknown {
		return
	}
	switch msg.GetOutcome() {
	case messages.ReplyReturned:
		if !unknown {
			m.handBack(c, r, msg.GetReason())
		}
	case messages.ReplyConfirmedState, messages.ReplyFailedState:
		m.end(c, r, msg.GetOutcome(), msg.GetReason(), msg.GetPlatformId())
	default:
		if !unknown {
			m.end(c, r, messages.ReplyUnknownState, msg.GetReason(), "")
		}
	}
}

// handBack makes a reply that was certainly not sent run again, a few times and not for ever.
func (m *master) handBack(c actor.Context, r *messages.Reply, reason string) {
	if r.GetAttempt() >= replyAttempts {
		m.end(c, r, messages.ReplyFailedState, "not sent: "+reason, "")
		return
	}
	next := proto.CloneOf(r)
	next.State, next.Reason, next.Ticketed, next.DispatchedAt = messages.ReplyAcceptedState, reason, false, 0
	next.NextRead = m.now() + int64(r.GetAttempt())*2000
	var ch change
	m.keep(&ch, next)
	m.persist(c, ch, nil)
}

func (m *master) end(c actor.Context, r *messages.Reply, state, reason, platformID string) {
	next := proto.CloneOf(r)
	next.State, next.Reason, next.PlatformId, next.EndedAt, next.NextRead = state, reason, platformID, m.now(), 0
	if state == messages.ReplyUnknownState {
		next.NextRead = m.now() + m.FindPauses[0].Milliseconds()
	}
	var ch change
	m.keep(&ch, next)
	m.persist(c, ch, func() {
		m.Log.Info("reply ended", "account", r.GetAccount(), "reply", r.GetId(), "state", state, "reason", reason)
		m.dispatch(c, messages.AccountID(r.GetAccount()))
	})
}

// settleEpoch decides what the end of an epoch means for its replies: one without a ticket was not sent.
func (m *master) settleEpoch(ch *change, a *account) {
	for _, r := range m.replies {
		if r.GetAccount() == a.record.GetId() {
			m.settle(ch, r)
		}
	}
}

// settleInterruptedReplies does the same, after a restart of the master, for replies of accounts that nobody runs. One whose epoch is not
// over may be at work on its reply: what it says counts, and the end of its epoch settles what it does not say.
func (m *master) settleInterruptedReplies(ch *change) {
	for _, r := range m.replies {
		if a := m.accounts[messages.AccountID(r.GetAccount())]; a == nil || !a.running {
			m.settle(ch, r)
		}
	}
}

func (m *master) settle(ch *change, r *messages.Reply) {
	next := proto.CloneOf(r)
	switch r.GetState() {
	case messages.ReplyAssignedState:
		next.State, next.Reason = messages.ReplyAcceptedState, "its node went away before it was sent"
	case messages.ReplyDispatchingState:
		next.State, next.Reason = messages.ReplyUnknownState, "its node went away while it was being sent"
		next.EndedAt, next.NextRead = m.now(), m.now()+m.FindPauses[0].Milliseconds()
	default:
		return
	}
	m.keep(ch, next)
}

// sweepReplies expires, times out, settles and forgets.
func (m *master) sweepReplies(c actor.Context) {
	now := m.now()
	waiting := map[messages.AccountID]bool{}
	for id, r := range m.replies {
		age := func(since int64, limit time.Duration) bool { return since > 0 && now-since > limit.Milliseconds() }
		switch {
		case r.GetState() == messages.ReplyAcceptedState && age(r.GetAcceptedAt(), m.ReplyExpiry):
			m.end(c, r, messages.ReplyFailedState, "expired: it could not be begun in time", "")
		case r.GetState() == messages.ReplyAcceptedState:
			waiting[messages.AccountID(r.GetAccount())] = true
		case r.GetState() == messages.ReplyAssignedState && age(r.GetAssignedAt(), assignLimit):
			m.handBack(c, r, "the account did not begin in time")
		case r.GetState() == messages.ReplyDispatchingState && age(r.GetDispatchedAt(), dispatchLimit):
			m.end(c, r, messages.ReplyUnknownState, "the account never said how it ended", "")
		case r.GetState() == messages.ReplyUnknownState && !r.GetSettled() && r.GetNextRead() <= now:
			m.askFind(c, r)
		case !messages.ReplyOpen(r.GetState()) && age(r.GetEndedAt(), repliesKept):
			delete(m.replies, id)
			var ch change
			ch.remove(tableReplies, string(id))
			m.persist(c, ch, nil)
		}
	}
	for id := range waiting {
		m.dispatch(c, id)
	}
}

// askFind has the account read the thread of an unknown reply.
func (m *master) askFind(c actor.Context, r *messages.Reply) {
	a := m.accounts[messages.AccountID(r.GetAccount())]
	if a == nil || messages.AccountState(a.status.GetState()) != messages.Watching {
		return // asked as soon as it watches again
	}
	next := proto.CloneOf(r)
	next.NextRead = m.now() + time.Minute.Milliseconds() // should no answer come
	m.replies[messages.ReplyID(r.GetId())] = next
	m.tell(c, a, &messages.FindReply{Reply: next, Matched: m.matched(r)})
}

// matched lists what other replies of the account became, so that none is taken for this one.
func (m *master) matched(r *messages.Reply) []string {
	var ids []string
	for _, other := range m.replies {
		if other.GetAccount() == r.GetAccount() && other.GetId() != r.GetId() && other.GetPlatformId() != "" {
			ids = append(ids, other.GetPlatformId())
		}
	}
	slices.Sort(ids)
	return ids
}

func (m *master) onFound(c actor.Context, msg *messages.ReplyFound) {
	r := m.replies[messages.ReplyID(msg.GetReply())]
	if r == nil || r.GetState() != messages.ReplyUnknownState {
		return
	}
	if msg.GetFound() {
		m.end(c, r, messages.ReplyConfirmedState, "found on the page", msg.GetPlatformId())
		return
	}
	next := proto.CloneOf(r)
	if msg.GetRead() {
		next.Reads++
	}
	if int(next.GetReads()) >= len(m.FindPauses) {
		next.Settled, next.Reason = true, "not found on the page; it was most likely not sent"
	} else {
		next.NextRead = m.now() + m.FindPauses[next.GetReads()].Milliseconds()
	}
	var ch change
	m.keep(&ch, next)
	m.persist(c, ch, nil)
}
