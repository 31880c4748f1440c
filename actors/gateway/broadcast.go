package gateway

import (
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/actors/gateway/im"
	"troupe/actors/gateway/people"
	"troupe/actors/gateway/socketio"
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

// refreshMessages bounds the histories that are pushed unasked; clients fetch longer ones after the hint.
const refreshMessages = 300

// queueDue comes when a reply was shown as sending for long enough.
type queueDue struct{ reply *messages.Reply }

// channelsDue comes when the channels may be broadcast again.
type channelsDue struct{}

// onPublished tells the clients what one commit changed: hints first, then the account's topics, which correct what the client
// added up by itself, then to those who look at a topic that grew its messages.
func (s *switchboard) onPublished(c actor.Context, p *dataset.Published) {
	account := p.View.Account
	first := p.View.Loaded && !s.loaded[account]
	s.loaded[account] = p.View.Loaded
	a := s.Board.Load().Account(account)
	if a == nil {
		return
	}
	for _, n := range im.Notifications(a, p, s.Now()) {
		s.notify(account, n)
	}
	if s.inbox.Len() == 0 {
		return
	}
	if !first && len(p.Changes) == 0 && len(p.Announce) == 0 {
		return
	}
	for _, h := range im.Hints(a, p, s.Now()) {
		s.announce(s.inbox, im.HintEvent, account, h)
	}
	if s.PushMessages {
		for _, m := range im.NewMessages(s.Board.Load(), p, s.Now()) {
			s.announce(s.inbox, im.MessageEvent, account, m)
		}
	}
	s.pushListsSoon(c, account, im.Refreshed(p))
	s.broadcastChannelsSoon(c)
}

// onChanged tells the clients what the master changed. The first one is the master's whole state, and opens the door.
func (s *switchboard) onChanged(c actor.Context, m board.Changed) {
	first := s.ready.Load() == nil
	for _, id := range m.Accounts {
		s.accountChanged(id, m.Board.Account(id), first)
	}
	for _, r := range m.Replies {
		s.replyChanged(c, r, first)
	}
	s.nodesChanged(m.Board, first)
	for _, alarm := range m.Alarms {
		if !first && alarm.GetClearedAt() == 0 {
			account := messages.AccountID(alarm.GetAccount())
			s.notify(account, im.AlarmNotification(alarm, m.Board.Account(account), s.Now()))
		}
	}
	if first {
		s.ready.Store(&mailbox{root: c.ActorSystem().Root, self: c.Self()})
		return
	}
	if len(m.Accounts) > 0 {
		s.broadcastChannelsSoon(c)
	}
}

// accountChanged broadcasts the account's status when it differs; a is nil when the account is gone.
func (s *switchboard) accountChanged(id messages.AccountID, a *board.Account, quiet bool) {
	if a == nil {
		delete(s.shown, id)
		delete(s.loaded, id)
		delete(s.replaced, id)
		delete(s.pushes, id)
		s.lists.forget(id)
		s.channels.forget(id)
		return
	}
	s.accountRestarted(a)
	status := im.ChannelStatusOf(a, s.Views.Get(id))
	before, known := s.shown[id]
	s.shown[id] = status
	if quiet || known && before.Same(status) {
		return
	}
	s.announce(s.inbox, im.ChannelStatusEvent, id, status)
	s.announce(s.client, im.ChannelStatusEvent, id, status)
	s.told.last = socketio.Frame{} // the client has just zeroed the account's badge: the channels must follow
}

// replyChanged broadcasts the topic's queue, and how a reply ended.
func (s *switchboard) replyChanged(c actor.Context, r *messages.Reply, quiet bool) {
	topic := messages.TopicID(r.GetTopic())
	if r.GetState() == messages.ReplyAcceptedState || quiet && messages.ReplyOpen(r.GetState()) {
		due := time.UnixMilli(r.GetAcceptedAt()).Add(im.QueueTime).Sub(s.Now())
		actors.After(c, max(due, 0), queueDue{r})
	}
	if quiet {
		return
	}
	s.broadcastQueue(topic)
	if messages.ReplyOpen(r.GetState()) {
		return
	}
	s.broadcastMessages(topic, nil)
	if a := s.Board.Load().Account(messages.AccountID(r.GetAccount())); a != nil {
		s.announce(s.client, im.ServerReplyResultEvent, a.ID(), im.ServerReplyResultOf(r, a, s.Now().UnixMilli()))
	}
	if state := r.GetState(); state != messages.ReplyConfirmedState {
		s.announce(s.inbox, im.MessageStatusEvent, messages.AccountID(r.GetAccount()), im.MessageStatus{MessageID: r.GetId(), Status: state, Error: r.GetReason()})
	}
}

// onQueueDue takes a reply that is still open out of the client's queue, and shows it as waiting instead.
func (s *switchboard) onQueueDue(r *messages.Reply) {
	a := s.Board.Load().Account(messages.AccountID(r.GetAccount()))
	if a == nil || !slices.ContainsFunc(a.Queue, func(open *messages.Reply) bool { return open.GetId() == r.GetId() }) {
		return
	}
	s.broadcastQueue(messages.TopicID(r.GetTopic()))
	s.broadcastMessages(messages.TopicID(r.GetTopic()), nil)
}

// notify tells the administration and the desktop clients about an account, or with an empty one about the cluster.
func (s *switchboard) notify(about messages.AccountID, n im.Notification) {
	s.announce(s.admin, im.NotificationEvent, about, n)
	s.announce(s.client, im.NotificationEvent, about, n)
}

func (s *switchboard) broadcastQueue(topic messages.TopicID) {
	account, _, _, _ := topic.Parts()
	s.announce(s.inbox, im.SendingQueueEvent, account, im.SendingQueueOf(topic, s.Board.Load(), s.Now()))
}

func (s *switchboard) broadcastTopics(account messages.AccountID) {
	v := s.Views.Get(account)
	if !loaded(v) {
		return
	}
	frame, err := s.topicList(account, v)
	if err != nil {
		s.Log.Error("topics could not be encoded", account.Attr(), "err", err)
		return
	}
	s.inbox.Send(frame, s.mayGet(im.TopicsEvent, account))
}

// broadcastMessages pushes a topic's history to those whom among picks, nil = all, unless it is too long to be pushed unasked.
func (s *switchboard) broadcastMessages(topic messages.TopicID, among func(*socketio.Socket) bool) {
	account, kind, id, ok := topic.Parts()
	v := s.Views.Get(account)
	if !ok || v == nil || !v.Loaded || s.inbox.Len() == 0 {
		return
	}
	if t := v.Topic(kind, id); t == nil || t.Count > refreshMessages {
		return
	}
	frame, err := s.messageList(topic, s.Board.Load(), v)
	if err != nil {
		s.Log.Error("messages could not be encoded", account.Attr(), "err", err)
		return
	}
	may := s.mayGet(im.MessagesEvent, account)
	s.inbox.Send(frame, func(to *socketio.Socket) bool { return (among == nil || among(to)) && may(to) })
}

// broadcastChannelsSoon broadcasts at once, or as soon as the spacing lets it.
func (s *switchboard) broadcastChannelsSoon(c actor.Context) {
	if s.told.waiting {
		return
	}
	wait := min(s.ChannelSpacing-s.Now().Sub(s.told.at), s.ChannelSpacing)
	if wait <= 0 {
		s.broadcastChannels()
		return
	}
	s.told.waiting = true
	actors.After(c, wait, channelsDue{})
}

// broadcastChannels sends the list unless it is what was sent last.
func (s *switchboard) broadcastChannels() {
	s.told.waiting = false
	if s.inbox.Len() == 0 {
		return
	}
	frame, err := s.channelList()
	if err != nil {
		s.Log.Error("channels could not be encoded", "err", err)
		return
	}
	if frame.Equal(s.told.last) {
		return
	}
	s.pushWaiting()
	again := s.told.last.Len() == 0
	s.told.last, s.told.at = frame, s.Now()
	s.announceChannels(frame, again)
}

// announceChannels sends the whole list to whom sees it all, and to the others what they see, unless they have just that; again sends it
// anyway.
func (s *switchboard) announceChannels(whole socketio.Frame, again bool) {
	made := map[*people.Identity]socketio.Frame{nil: whole}
	s.guests.Range(func(_, of any) bool {
		by := of.(guest)
		if _, have := made[by.Identity]; have || by.space != im.Inbox || !by.Restricted() {
			return true
		}
		frame, err := s.channelsFor(by)
		if err != nil {
			s.Log.Error("channels could not be encoded", "err", err)
			return true
		}
		made[by.Identity] = frame
		return true
	})
	for who, frame := range made {
		if !again && who != nil && frame.Equal(s.narrowed[who]) {
			continue
		}
		s.inbox.Send(frame, func(to *socketio.Socket) bool {
			by, here := s.guest(to)
			return here && by.gets(im.ChannelsEvent) && (by.Identity == who || who == nil && !by.Restricted())
		})
	}
	s.narrowed = made
}
