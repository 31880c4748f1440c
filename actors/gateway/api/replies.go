package api

import (
	"cmp"
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"troupe/actors"
	"troupe/messages"
)

// NewReply is the body of POST /replies. What is answered is named by Topic and InReplyTo, or by Target.
type NewReply struct {
	ID        string  `json:"id,omitempty"`          // idempotency key: the same id is never sent twice; empty = the node makes one
	Account   string  `json:"account,omitempty"`     // may be left out when Topic is given
	Topic     string  `json:"topic,omitempty"`       // of GET /topics
	InReplyTo string  `json:"in_reply_to,omitempty"` // id of a comment, discussion or message in it; empty = to the work or person
	Target    *Target `json:"target,omitempty"`
	Content   string  `json:"content"`
	FromName  string  `json:"from_name,omitempty"` // the agent, for the record
}

// Target names what is answered without a topic: the id that belongs to Kind is enough.
type Target struct {
	Kind           string `json:"kind"` // work comment discussion message
	WorkID         string `json:"work_id,omitempty"`
	CommentID      string `json:"comment_id,omitempty"`
	DiscussionID   string `json:"discussion_id,omitempty"`
	ConversationID string `json:"conversation_id,omitempty"`
}

// Reply is a reply in JSON.
type Reply struct {
	ID           string  `json:"id"`
	Account      string  `json:"account"`
	Topic        string  `json:"topic"`
	Kind         string  `json:"kind"` // work comment discussion message
	InReplyTo    string  `json:"in_reply_to,omitempty"`
	To           *Person `json:"to,omitempty"`
	Content      string  `json:"content"`
	State        string  `json:"state"` // accepted assigned dispatching confirmed failed unknown
	Final        bool    `json:"final"` // the state will not change any more by itself
	Reason       string  `json:"reason,omitempty"`
	Attempt      uint32  `json:"attempt"`
	AcceptedAt   int64   `json:"accepted_at"`
	AssignedAt   int64   `json:"assigned_at,omitempty"`
	DispatchedAt int64   `json:"dispatched_at,omitempty"`
	EndedAt      int64   `json:"ended_at,omitempty"`
	PlatformID   string  `json:"platform_id,omitempty"` // of what stands on the platform
	FromName     string  `json:"from_name,omitempty"`
}

// Replies is the answer to GET /replies.
type Replies struct {
	Replies []Reply `json:"replies"` // newest first
}

// maxContent is the longest reply, in characters; a platform's own limit may be lower.
const maxContent = 4000

var replyIDForm = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,100}$`)

// kindNames are the words for kinds of replies.
var kindNames = map[messages.ReplyKind]string{
	messages.ReplyKind_REPLY_WORK:       "work",
	messages.ReplyKind_REPLY_COMMENT:    "comment",
	messages.ReplyKind_REPLY_DISCUSSION: "discussion",
	messages.ReplyKind_REPLY_MESSAGE:    "message",
}

// replyStates are what ?state= may say; open stands for the states before an end.
var replyStates = []string{
	"open", messages.ReplyAcceptedState, messages.ReplyAssignedState, messages.ReplyDispatchingState,
	messages.ReplyConfirmedState, messages.ReplyFailedState, messages.ReplyUnknownState,
}

func (a *API) submitReply(w http.ResponseWriter, r *http.Request) error {
	var body NewReply
	if err := decode(r, &body); err != nil {
		return err
	}
	body.Content = strings.TrimSpace(body.Content)
	if err := body.check(); err != nil {
		return err
	}
	if earlier := a.reply(body.ID); body.ID != "" && earlier != nil {
		return answerAgain(w, &body, earlier)
	}
	topic, target, err := a.target(&body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), commandTime)
	defer cancel()
	accepted, err := actors.Ask[*messages.ReplyAccepted](ctx, a.Root, a.Master, &messages.SubmitReply{
		Id: body.ID, Account: body.Account,
		Topic: topic, Target: target, Content: body.Content, FromName: body.FromName, TraceId: newTrace(),
	})
	if err != nil {
		return err
	}
	if accepted.GetExisted() {
		return answerAgain(w, &body, accepted.GetReply())
	}
	return answer(w, http.StatusAccepted, replyOf(accepted.GetReply()))
}

func (body *NewReply) check() error {
	switch {
	case body.Content == "":
		return invalid("field \"content\" is missing: the text to send")
	case body.ID != "" && !replyIDForm.MatchString(body.ID):
		return invalid("field \"id\" must be 1 to 100 letters, digits, _ . : or -")
	case (body.Topic == "") == (body.Target == nil):
		return invalid("say what is answered: either \"topic\" (and \"in_reply_to\") or \"target\"")
	case body.Target != nil && body.InReplyTo != "":
		return invalid("field \"in_reply_to\" goes with \"topic\"; \"target\" names its ids itself")
	}
	if err := limited("content", body.Content, maxContent); err != nil {
		return err
	}
	return limited("from_name", body.FromName, 100)
}

// answerAgain answers a repeated id with the first reply's state; the same id for something else is a mistake.
func answerAgain(w http.ResponseWriter, body *NewReply, earlier *messages.Reply) error {
	if earlier.GetContent() != body.Content || body.Account != "" && earlier.GetAccount() != body.Account {
		return &Problem{http.StatusConflict, "conflict", "the id " + body.ID + " belongs to another reply: use a new id for a new reply"}
	}
	return answer(w, http.StatusOK, replyOf(earlier))
}

func (a *API) listReplies(w http.ResponseWriter, r *http.Request) error {
	account, state := r.URL.Query().Get("account"), r.URL.Query().Get("state")
	if err := a.known(account); err != nil {
		return err
	}
	if state != "" && !slices.Contains(replyStates, state) {
		return invalid("parameter \"state\" must be one of %s", join(replyStates))
	}
	limit, err := count(r, "limit", 100, 1000)
	if err != nil {
		return err
	}
	list := []Reply{}
	for _, m := range a.Board.Load().Replies {
		if (account == "" || m.GetAccount() == account) &&
			(state == "" || m.GetState() == state || state == "open" && messages.ReplyOpen(m.GetState())) {
			list = append(list, replyOf(m))
		}
	}
	slices.SortStableFunc(list, func(x, y Reply) int { return cmp.Compare(y.AcceptedAt, x.AcceptedAt) })
	return answer(w, http.StatusOK, Replies{list[:min(limit, len(list))]})
}

func (a *API) showReply(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("reply")
	if m := a.reply(id); m != nil {
		return answer(w, http.StatusOK, replyOf(m))
	}
	return notFound("no reply is named %q: see GET %s/replies", id, Prefix)
}

// reply finds a reply on the board, nil when there is none.
func (a *API) reply(id string) *messages.Reply {
	for _, m := range a.Board.Load().Replies {
		if m.GetId() == id {
			return m
		}
	}
	return nil
}

func replyOf(m *messages.Reply) Reply {
	t := m.GetTarget()
	return Reply{
		ID: m.GetId(), Account: m.GetAccount(), Topic: m.GetTopic(), Kind: kindNames[t.GetKind()],
		InReplyTo: cmp.Or(t.GetDiscussionId(), t.GetCommentId()), To: personOf(t.GetPersonId(), t.GetPersonName(), ""),
		Content: m.GetContent(), State: m.GetState(), Final: replyFinal(m), Reason: m.GetReason(), Attempt: m.GetAttempt(),
		AcceptedAt: m.GetAcceptedAt(), AssignedAt: m.GetAssignedAt(), DispatchedAt: m.GetDispatchedAt(), EndedAt: m.GetEndedAt(),
		PlatformID: m.GetPlatformId(), FromName: m.GetFromName(),
	}
}

// replyFinal says whether nothing more will happen: an unknown reply is still being looked for until it is settled.
func replyFinal(m *messages.Reply) bool {
	if m.GetState() == messages.ReplyUnknownState {
		return m.GetSettled()
	}
	return !messages.ReplyOpen(m.GetState())
}
