package gateway

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/actors/gateway/im"
	"troupe/actors/gateway/socketio"
	"troupe/actors/master/board"
	"troupe/messages"
)

// askTime is how long the master or the store may take to answer a command.
const askTime = 10 * time.Second

// session carries out one client's commands. They run side by side, off the mailbox; a client that leaves takes back nothing.
type session struct {
	*Gateway
	socket *socketio.Socket
}

// answered is what a command brought.
type answered struct {
	asked
	command any // what was sent
	result  any
	err     error
}

// Receive implements actor.Actor.
func (s *session) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case asked:
		s.onAsked(c, m)
	case answered:
		s.onAnswered(m)
	case actors.Panicked:
		s.Log.Error("command panicked", "client", s.socket.ID(), "err", m)
		s.socket.EmitError("the command failed, see the log")
	}
}

// onAsked turns a request into a command for the master or the store.
func (s *session) onAsked(c actor.Context, m asked) {
	switch r := m.request.(type) {
	case im.ReplyRequest:
		command, err := im.SubmitReply(newReplyID(s.Now()), r, s.sight(m.by).view)
		submit[*messages.ReplyAccepted](s, c, s.Master, m, command, err)
	case im.MarkTopicRequest:
		command, err := im.MarkTopic(r, s.Now())
		submit[*messages.MarkedRead](s, c, s.Store, m, command, cmp.Or(err, m.by.mayTouch(r.ChannelID)))
	case im.MarkItemsRequest:
		sees := s.sight(m.by)
		command, err := im.MarkItems(r, accounts(sees.board), sees.view, s.Now())
		submit[*messages.MarkedRead](s, c, s.Store, m, command, err)
	case im.CreateAccountRequest:
		submit[*messages.AccountDone](s, c, s.Master, m, im.CreateAccount(r), m.by.mayAdd())
	case im.DeleteAccountRequest:
		submit[*messages.AccountDone](s, c, s.Master, m, &messages.RemoveAccount{Account: r.AccountID}, m.by.mayTouch(r.AccountID))
	case im.LoginStart:
		submit[*messages.LoginStarted](s, c, s.Master, m, &messages.StartLogin{Account: r.AccountID, Session: r.SessionID}, m.by.mayTouch(r.AccountID))
	case im.LoginInput:
		command := &messages.LoginInput{Session: r.SessionID, Kind: r.InputType, Value: []byte(r.Value)}
		submit[*messages.LoginStarted](s, c, s.Master, m, command, s.mayEnter(m.by, r.SessionID))
	case im.ManualLogin:
		s.takeLogin(c, m, r)
	}
}

// submit asks to for an answer A, off the mailbox; with an error it does not ask at all.
func submit[A any](s *session, c actor.Context, to *actor.PID, m asked, command any, err error) {
	if err != nil {
		s.onAnswered(answered{m, command, nil, err})
		return
	}
	root := c.ActorSystem().Root
	actors.Job(c, func(ctx context.Context) any {
		ctx, cancel := context.WithTimeout(ctx, askTime)
		defer cancel()
		result, err := actors.Ask[A](ctx, root, to, command)
		return answered{m, command, result, err}
	})
}

// onAnswered tells the client, and all others where it concerns them. What the command changed in the lists comes to all
// from the store's and the master's own news.
func (s *session) onAnswered(m answered) {
	if ids, ok := subjects(m); ok {
		s.note(m.by, m.event, m.err, ids...)
	}
	if _, is := m.request.(im.ReplyRequest); is {
		s.onReply(m)
		return
	}
	if m.err != nil {
		refuse(s.socket, m.event, m.request, readable(m.err))
		return
	}
	switch r := m.request.(type) {
	case im.MarkTopicRequest:
		s.onTopicMarked(m.event, r, m.result.(*messages.MarkedRead))
	case im.MarkItemsRequest:
		s.onItemsMarked(r, m.command.(*messages.MarkRead), m.result.(*messages.MarkedRead))
	case im.CreateAccountRequest:
		s.socket.Emit(im.AccountCreatedEvent, im.AccountCreated{Success: true, Data: im.SafeAccountOf(m.result.(*messages.AccountDone).GetAccount())})
	case im.DeleteAccountRequest:
		s.socket.Emit(im.AccountDeletedEvent, im.AccountDeleted{Success: true, AccountID: r.AccountID})
	case im.LoginStart, im.LoginInput:
		s.onLoginCommand(m)
	case im.ManualLogin:
		s.onLoginTaken(r)
	}
}

func (s *session) onReply(m answered) {
	if m.err == nil {
		reply := m.result.(*messages.ReplyAccepted).GetReply()
		s.socket.Emit(im.ReplySuccessEvent, im.ReplySuccess{MessageID: reply.GetId(), RequestID: reply.GetRequestId(), Status: "submitted"})
		return
	}
	topic := messages.TopicID(m.request.(im.ReplyRequest).TopicID)
	failure := im.ReplyError{Error: readable(m.err).Error()}
	if command, ok := m.command.(*messages.SubmitReply); ok {
		failure.MessageID = command.GetId()
	}
	s.socket.Emit(im.ReplyErrorEvent, failure)
	if _, refused := errors.AsType[*actors.RefusedError](m.err); refused {
		account, _, _, _ := topic.Parts()
		s.announce(s.inbox, im.MessageStatusEvent, account, im.MessageStatus{MessageID: failure.MessageID, Status: messages.ReplyFailedState, Error: failure.Error})
	}
	s.sendQueue(s.socket, topic)
}

func (s *session) onTopicMarked(event string, r im.MarkTopicRequest, done *messages.MarkedRead) {
	answer := im.TopicMarked{Count: done.GetCount(), ChannelID: r.ChannelID, ReadAt: done.GetAt() / 1000}
	answerEvent, newsEvent := im.TopicMarkedEvent, im.TopicReadEvent
	if event == im.MarkConversationEvent {
		answerEvent, newsEvent = im.ConversationMarkedEvent, im.ConversationReadEvent
		answer.ConversationID = &r.ConversationID
	} else {
		answer.TopicID = &r.TopicID
	}
	news := answer
	answer.Success = new(true)
	s.socket.Emit(answerEvent, answer)
	if done.GetCount() > 0 {
		s.announce(s.inbox, newsEvent, messages.AccountID(r.ChannelID), news)
	}
}

func (s *session) onItemsMarked(r im.MarkItemsRequest, mark *messages.MarkRead, done *messages.MarkedRead) {
	answer := im.ItemsMarked{Type: r.Type, ChannelID: mark.GetAccount(), ReadAt: done.GetAt() / 1000}
	answerEvent, newsEvent := im.ItemMarkedEvent, im.ItemReadEvent
	if r.ID != "" {
		answer.ID = r.ID
	} else {
		answerEvent, newsEvent = im.BatchMarkedEvent, im.BatchReadEvent
		answer.IDs, answer.Count = r.IDs, new(done.GetCount())
	}
	news := answer
	answer.Success = new(true)
	s.socket.Emit(answerEvent, answer)
	if done.GetCount() > 0 {
		s.announce(s.inbox, newsEvent, messages.AccountID(mark.GetAccount()), news)
	}
}

func accounts(b *board.Board) []messages.AccountID {
	ids := make([]messages.AccountID, 0, len(b.Accounts))
	for _, a := range b.Accounts {
		ids = append(ids, a.ID())
	}
	return ids
}

// readable is an error as the agent should read it.
func readable(err error) error {
	if errors.Is(err, actor.ErrTimeout) || errors.Is(err, actor.ErrDeadLetter) {
		return errors.New("no answer in time; the list shows whether it was done")
	}
	return err
}

// newReplyID is the key under which the master takes a reply once.
func newReplyID(now time.Time) messages.ReplyID {
	return messages.ReplyID(fmt.Sprintf("reply_%d_%s", now.UnixMilli(), strings.ToLower(rand.Text()[:10])))
}
