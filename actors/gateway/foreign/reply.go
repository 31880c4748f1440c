package foreign

import (
	"cmp"
	"slices"
	"strings"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors/store/dataset"
	"troupe/messages"
)

// handed is a reply that the worker is to send.
type handed struct {
	reply   *messages.Reply
	epoch   uint64
	emitted bool // it was put into the socket: from now on only evidence says what became of it
}

// onExecuteReply asks for the ticket at once: putting the reply into the socket is the step that cannot be undone.
func (w *worker) onExecuteReply(c actor.Context, m *messages.ExecuteReply) {
	r := m.GetReply()
	a := w.accounts[messages.AccountID(r.GetAccount())]
	if a == nil {
		return // its epoch is over; the master knows
	}
	h := &handed{reply: r, epoch: a.epoch}
	if w.wire == byEvent && r.GetTarget().GetKind() == messages.ReplyKind_REPLY_WORK {
		w.result(c, h, messages.ReplyFailedState, "this Node worker knows no comment on a work, only answers", "")
		return
	}
	w.replies[messages.ReplyID(r.GetId())] = h
	c.Request(w.Master, &messages.BeginCommit{Reply: r.GetId(), Attempt: r.GetAttempt(), Account: r.GetAccount(), Epoch: a.epoch})
}

// onTicket sends the reply to the worker, once.
func (w *worker) onTicket(_ actor.Context, m *messages.CommitTicket) {
	id := messages.ReplyID(m.GetReply())
	h := w.replies[id]
	if h == nil || h.emitted || h.reply.GetAttempt() != m.GetAttempt() {
		return
	}
	a := w.accounts[messages.AccountID(h.reply.GetAccount())]
	if m.GetRefused() != "" || a == nil {
		delete(w.replies, id)
		return
	}
	h.emitted = true
	w.Log.Info("reply given to its foreign worker", a.id().Attr(), w.id.Attr(), id.Attr())
	if w.wire == byEnvelope {
		w.peer.Emit("master:reply:request", requestOf(h.reply, a.record, w.id, w.View(a.id())))
		return
	}
	w.peer.Emit("master:reply:execute", executeOf(h.reply, a.record.GetPlatform(), w.View(a.id())))
}

// returnUnsent hands back the replies of an account that was taken away before they were put into the socket.
func (w *worker) returnUnsent(c actor.Context, id messages.AccountID) {
	for key, h := range w.replies {
		if h.reply.GetAccount() == string(id) && !h.emitted {
			delete(w.replies, key)
			w.result(c, h, messages.ReplyReturned, "the account was taken away", "")
		}
	}
}

func (w *worker) result(c actor.Context, h *handed, outcome, reason, platformID string) {
	c.Request(w.Master, &messages.ReplyResult{
		Reply: h.reply.GetId(), Attempt: h.reply.GetAttempt(), Account: h.reply.GetAccount(), Epoch: h.epoch,
		Outcome: outcome, Reason: reason, PlatformId: platformID, At: w.Now().UnixMilli(),
	})
}

// onReplyResult takes the worker's word for what became of a reply, also of one that an earlier connection was given.
func (w *worker) onReplyResult(c actor.Context, h heard, m replyResult) {
	given := w.given(m)
	if given == nil {
		w.refuse(h, "", "this reply was not given to this worker")
		return
	}
	outcome, reason := outcomeOf(m.record)
	w.note(resultEvent, outcome, given.reply.GetAccount(), given.reply.GetId())
	w.result(c, given, outcome, reason, m.record.text("platform_reply_id", "platformReplyId"))
	delete(w.replies, messages.ReplyID(given.reply.GetId()))
	if a := w.accounts[messages.AccountID(given.reply.GetAccount())]; a != nil && m.record.text("error_code", "errorCode") == loginExpired {
		w.enter(c, a, messages.LoggedOut, "the Node worker says that its login expired")
	}
	h.ack(done{true, w.Now().UnixMilli()})
}

// given is the reply that a result is about: one that was put into this socket, or, by the board, into an earlier one of this worker.
func (w *worker) given(m replyResult) *handed {
	for _, h := range w.replies {
		if h.emitted && m.means(h.reply) {
			return h
		}
	}
	b := w.Board.Load()
	for _, r := range b.Replies {
		if !m.means(r) || !r.GetTicketed() {
			continue
		}
		if a := b.Account(messages.AccountID(r.GetAccount())); a != nil && a.Record.GetAbroad() == string(w.id) {
			return &handed{reply: r, epoch: r.GetEpoch(), emitted: true}
		}
	}
	return nil
}

func (m replyResult) means(r *messages.Reply) bool {
	if m.reply != "" {
		return r.GetId() == m.reply
	}
	return r.GetRequestId() == m.request
}

// loginExpired is the error code of a worker whose account is not logged in any more.
const loginExpired = "LOGIN_EXPIRED"

// outcomeOf reads a worker's verdict. "error", a network error and an unknown one say that the worker does not know: the reply may
// stand on the platform.
func outcomeOf(r record) (outcome, reason string) {
	code, text := r.brief("error_code", "errorCode"), r.brief("error_message", "errorMessage")
	reason = cmp.Or(strings.TrimPrefix(code+": "+text, ": "), "the Node worker gave no reason")
	status := r.text("status")
	if status == "" && r.raw("success") != nil {
		status = "failed"
		if r.flag("success") {
			status = "success"
		}
	}
	doubtful := code == "NETWORK_ERROR" || code == "UNKNOWN_ERROR"
	refusal := code == loginExpired || code == "QUOTA_EXCEEDED" || code == "TARGET_NOT_FOUND"
	switch {
	case status == "success":
		return messages.ReplyConfirmedState, ""
	case (status == "failed" || status == "blocked") && !doubtful, status == "error" && refusal:
		return messages.ReplyFailedState, strings.TrimSuffix(reason, ": ")
	default:
		return messages.ReplyUnknownState, strings.TrimSuffix(reason, ": ")
	}
}

// onFindReply settles an unknown reply by what the worker synchronised since. Before the next sync there is nothing to say.
func (w *worker) onFindReply(c actor.Context, m *messages.FindReply) {
	r := m.GetReply()
	a, v := w.accounts[messages.AccountID(r.GetAccount())], w.View(messages.AccountID(r.GetAccount()))
	if a == nil || v == nil || !v.Loaded || a.syncedAt.UnixMilli() <= r.GetDispatchedAt() {
		return
	}
	found := standsAs(v, r, m.GetMatched())
	c.Request(w.Master, &messages.ReplyFound{Reply: r.GetId(), Read: true, Found: found != "", PlatformId: found})
}

// clocks is how much a platform's clock and ours may differ, ms.
const clocks = 60_000

// standsAs is the id of the own item that a reply became; empty when there is none, or none that no other reply became.
func standsAs(v *dataset.View, r *messages.Reply, taken []string) string {
	t, text := r.GetTarget(), strings.TrimSpace(r.GetContent())
	is := func(id, said string, own bool, at int64) bool {
		return own && strings.TrimSpace(said) == text && at >= r.GetDispatchedAt()-clocks && !slices.Contains(taken, id)
	}
	if t.GetKind() == messages.ReplyKind_REPLY_MESSAGE {
		for _, m := range v.Messages(t.GetConversationId()) {
			if is(m.ID, m.Text, m.Outbound, m.CreateTime) {
				return m.ID
			}
		}
		return ""
	}
	for _, one := range v.Thread(t.GetWorkId()) {
		if (t.GetCommentId() == "" || one.Root == t.GetCommentId()) && is(one.ID, one.Text, one.Own, one.CreateTime) {
			return one.ID
		}
	}
	return ""
}
