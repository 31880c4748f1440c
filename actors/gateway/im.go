package gateway

import (
	"encoding/json"
	"fmt"

	"troupe/actors/gateway/im"
	"troupe/actors/gateway/narrow"
	"troupe/actors/gateway/socketio"
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

// rules joins the contract's table of a namespace with who answers each event. Reads are answered at once,
// commands by the client's actor.
func (g *Gateway) rules(namespace string) ([]socketio.Rule, error) {
	handlers := map[string]map[string]socketio.Handler{
		im.Inbox: g.inboxHandlers(), im.Desktop: g.desktopHandlers(), im.Admin: g.adminHandlers(),
	}[namespace]
	var rules []socketio.Rule
	for _, e := range im.Events {
		if e.Direction != im.In || e.Namespace != namespace {
			continue
		}
		h := handlers[e.Name]
		if h == nil {
			return nil, fmt.Errorf("gateway: nobody answers %s", e.Name)
		}
		rules = append(rules, socketio.Rule{
			Event: e.Name, Role: e.Role, MaxBytes: e.MaxBytes, PerSecond: e.PerSecond, Burst: e.Burst, Handler: h,
		})
	}
	if len(rules) != len(handlers) {
		return nil, fmt.Errorf("gateway: %d events of %s are answered, %d are in the table", len(handlers), namespace, len(rules))
	}
	return rules, nil
}

func (g *Gateway) inboxHandlers() map[string]socketio.Handler {
	return map[string]socketio.Handler{
		im.RegisterEvent:         read(g.register),
		im.RequestChannelsEvent:  read(g.requestChannels),
		im.SyncEvent:             read(g.requestChannels),
		im.RequestTopicsEvent:    read(g.requestTopics),
		im.RequestMessagesEvent:  read(g.requestMessages),
		im.UnreadCountEvent:      read(g.unreadCount),
		im.RequestPlatformsEvent: read(g.requestPlatforms),
		im.RequestWorkersEvent:   read(g.requestWorkers),
		im.ReplyEvent:            g.reply,
		im.MarkTopicEvent:        command[im.MarkTopicRequest](g, im.MarkTopicEvent),
		im.MarkConversationEvent: command[im.MarkTopicRequest](g, im.MarkConversationEvent),
		im.MarkItemEvent:         command[im.MarkItemsRequest](g, im.MarkItemEvent),
		im.MarkBatchEvent:        command[im.MarkItemsRequest](g, im.MarkBatchEvent),
		im.CreateAccountEvent:    command[im.CreateAccountRequest](g, im.CreateAccountEvent),
		im.DeleteAccountEvent:    command[im.DeleteAccountRequest](g, im.DeleteAccountEvent),
	}
}

// read is a handler that answers at once.
func read[R any, P im.Request[R]](serve func(*socketio.Socket, R)) socketio.Handler {
	return func(s *socketio.Socket, payload json.RawMessage, _ func(any)) {
		r, err := im.Parse[R, P](payload)
		if err != nil {
			s.EmitError(err.Error())
			return
		}
		serve(s, r)
	}
}

// command is a handler that hands the request to the client's actor, with who makes it.
func command[R any, P im.Request[R]](g *Gateway, event string) socketio.Handler {
	return func(s *socketio.Socket, payload json.RawMessage, _ func(any)) {
		r, err := im.Parse[R, P](payload)
		if err != nil {
			refuse(s, event, r, err)
			return
		}
		if by, here := g.guest(s); here {
			g.tell(asked{s, event, r, by})
		}
	}
}

// refuse answers a request that cannot be carried out, in the event that the client waits for.
func refuse(s *socketio.Socket, event string, request any, err error) {
	switch event {
	case im.CreateAccountEvent:
		s.Emit(im.AccountCreatedEvent, im.AccountCreated{Error: err.Error()})
	case im.DeleteAccountEvent:
		s.Emit(im.AccountDeletedEvent, im.AccountDeleted{Error: err.Error()})
	case im.ManualLoginEvent:
		s.Emit(im.ManualLoginErrorEvent, im.ManualLoginFailed{Error: err.Error(), AccountID: request.(im.ManualLogin).AccountID})
	default:
		s.EmitError(err.Error())
	}
}

func (g *Gateway) register(s *socketio.Socket, r im.Register) {
	by, here := g.guest(s)
	if !here {
		return
	}
	g.sendChannels(s)
	if r.ClientID == "" {
		r.ClientID = s.ID()
	}
	s.Emit(im.RegisteredEvent, im.Registered{
		Success: true, ChannelCount: len(g.sight(by).board.Accounts), ClientID: r.ClientID, ClientType: r.ClientType,
	})
}

func (g *Gateway) requestChannels(s *socketio.Socket, _ im.Nothing) { g.sendChannels(s) }

func (g *Gateway) requestPlatforms(s *socketio.Socket, _ im.Nothing) {
	var known []im.Platform
	for _, p := range g.Board.Load().Platforms {
		if p.Digest != "" {
			known = append(known, im.Platform{Value: string(p.Name), Label: p.Title["zh"]})
		}
	}
	s.Emit(im.PlatformsEvent, im.Platforms(known))
}

func (g *Gateway) requestWorkers(s *socketio.Socket, _ im.Nothing) {
	s.Emit(im.WorkersEvent, im.Workers(g.Board.Load()))
}

func (g *Gateway) unreadCount(s *socketio.Socket, r im.UnreadRequest) {
	if by, here := g.guest(s); here {
		sees := g.sight(by)
		s.Emit(im.UnreadEvent, im.UnreadCountOf(r.ChannelID, sees.board, sees.view))
	}
}

// requestTopics answers with the account's topics. Those of an account that is still being loaded follow as a
// broadcast once it is: an empty list would wipe what the client remembers.
func (g *Gateway) requestTopics(s *socketio.Socket, r im.TopicsRequest) {
	account := messages.AccountID(r.ChannelID)
	g.settled(s, account, func(_ *board.Board, v *dataset.View) {
		if !loaded(v) {
			return
		}
		frame, err := g.topicList(account, v)
		if err != nil {
			g.Log.Error("topics could not be encoded", account.Attr(), "err", err)
			return
		}
		s.Send(frame)
	})
}

func (g *Gateway) requestMessages(s *socketio.Socket, r im.MessagesRequest) {
	topic := messages.TopicID(r.TopicID)
	g.watched.add(s, topic)
	account, _, _, _ := topic.Parts()
	g.settled(s, account, func(b *board.Board, v *dataset.View) {
		if loaded(v) {
			frame, err := g.messageList(topic, b, v)
			if err != nil {
				g.Log.Error("messages could not be encoded", account.Attr(), "err", err)
				return
			}
			s.Send(frame)
		}
		s.Emit(im.SendingQueueEvent, im.SendingQueueOf(topic, b, g.Now()))
	})
}

func (g *Gateway) sendChannels(s *socketio.Socket) {
	by, here := g.guest(s)
	if !here {
		return
	}
	for range settleTries {
		from := g.channelVersion()
		frame, err := g.channelsFor(by)
		if err != nil {
			g.Log.Error("channels could not be encoded", "err", err)
			return
		}
		s.Send(frame)
		if g.channelVersion() == from {
			return
		}
	}
}

func (g *Gateway) sendQueue(s *socketio.Socket, topic messages.TopicID) {
	account, _, _, _ := topic.Parts()
	g.settled(s, account, func(b *board.Board, _ *dataset.View) {
		s.Emit(im.SendingQueueEvent, im.SendingQueueOf(topic, b, g.Now()))
	})
}

// settleTries bounds how often an answer is repeated; what changes oftener than that is broadcast again anyway.
const settleTries = 3

// settled lets emit answer from what the client sees of the newest board and view, and again if they were replaced meanwhile: both are published
// before the broadcast that tells of them, so an answer can never overtake a newer broadcast for good.
func (g *Gateway) settled(s *socketio.Socket, account messages.AccountID, emit func(*board.Board, *dataset.View)) {
	by, here := g.guest(s)
	if !here {
		return
	}
	for range settleTries {
		b, v := g.Board.Load(), g.Views.Get(account)
		emit(narrow.Board(b, by.Identity), narrow.View(v, account, by.Identity))
		if g.Board.Load() == b && g.Views.Get(account) == v {
			return
		}
	}
}

// reply hands a reply to the client's actor. One that cannot be understood is refused in the two events that the
// client needs: its button stays off until a sending queue comes.
func (g *Gateway) reply(s *socketio.Socket, payload json.RawMessage, _ func(any)) {
	r, err := im.Parse[im.ReplyRequest](payload)
	if err != nil {
		s.Emit(im.ReplyErrorEvent, im.ReplyError{Error: err.Error()})
		g.sendQueue(s, messages.TopicID(r.TopicID))
		return
	}
	if by, here := g.guest(s); here {
		g.tell(asked{s, im.ReplyEvent, r, by})
	}
}
