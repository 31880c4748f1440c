package im

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

// marksModel is what read marks must do, without any of the dataset's or the shapes' ways of doing it: an item is unread from when it
// is first seen until somebody marks it or its topic, and never again.
type marksModel struct {
	items map[string]*modelItem // by account/id
}

type modelItem struct {
	account, topic string
	private, read  bool
}

// unread counts an account's unread items, all of them or a topic's.
func (m *marksModel) unread(account, topic string) (n int) {
	for _, i := range m.items {
		if i.account == account && !i.read && (topic == "" || i.topic == topic) {
			n++
		}
	}
	return n
}

// marksRun drives model and dataset through the same random sequence.
type marksRun struct {
	r     *rand.Rand
	d     *dataset.Dataset
	model marksModel
	rest  map[string]map[string][]byte // by account: what is on disk, by collection/id
	now   time.Time
	log   []string
}

func (s *marksRun) keep(d *dataset.Delta) error {
	for _, w := range d.Writes {
		value, err := w.Encode()
		if err != nil {
			return err
		}
		id := string(d.Account)
		if s.rest[id] == nil {
			s.rest[id] = map[string][]byte{}
		}
		s.rest[id][w.Collection+"/"+w.ID] = value
	}
	return nil
}

// observe shows one item, new or again, of another epoch, and with any mark of its own: none of that may unread it.
func (s *marksRun) observe(account string) error {
	n, topic := s.r.IntN(4), s.r.IntN(2)
	var item *messages.Item
	entry := &modelItem{account: account}
	id := fmt.Sprint("i", topic, n)
	switch s.r.IntN(3) {
	case 0:
		id, entry.topic = "c"+id, string(messages.TopicOf(messages.AccountID(account), messages.WorkTopic, fmt.Sprint("w", topic)))
		item = comment(&messages.Comment{Id: id, WorkId: fmt.Sprint("w", topic), Content: fmt.Sprint(s.r.IntN(3)), AuthorId: "u", IsRead: s.r.IntN(9) == 0 && s.model.read(account, id), CreateTime: start})
	case 1:
		id, entry.topic = "d"+id, string(messages.TopicOf(messages.AccountID(account), messages.WorkTopic, fmt.Sprint("w", topic)))
		item = discussion(&messages.Discussion{Id: id, CommentId: "ci" + fmt.Sprint(topic, n), WorkId: fmt.Sprint("w", topic), Content: fmt.Sprint(s.r.IntN(3)), AuthorId: "u", CreateTime: start})
	default:
		id, entry.topic, entry.private = "m"+id, string(messages.TopicOf(messages.AccountID(account), messages.ConversationTopic, fmt.Sprint("own_1:p", topic))), true
		item = direct(&messages.DirectMessage{Id: id, ConversationId: fmt.Sprint("own_1:p", topic), Sender: xiaoLi, Content: fmt.Sprint(s.r.IntN(3)), CreateTime: start})
	}
	s.log = append(s.log, "observe "+account+" "+id)
	o := observed(account, item)
	o.Epoch = uint64(1 + s.r.IntN(3))
	if s.model.items[account+"/"+id] == nil {
		s.model.items[account+"/"+id] = entry
	}
	return s.keep(s.d.Merge(o, s.now))
}

func (m *marksModel) read(account, id string) bool {
	i := m.items[account+"/"+id]
	return i != nil && i.read
}

// mark marks a topic or an item as a client would, by the same requests; a count that is not the model's is an error.
func (s *marksRun) mark(account string) error {
	views := func(id messages.AccountID) *dataset.View { return s.d.View(id) }
	topic, kind := s.r.IntN(2), s.r.IntN(3)
	var command *messages.MarkRead
	var err error
	var chosen func(i *modelItem, key string) bool
	switch kind {
	case 0:
		id := string(messages.TopicOf(messages.AccountID(account), messages.WorkTopic, fmt.Sprint("w", topic)))
		command, err = MarkTopic(MarkTopicRequest{ChannelID: account, TopicID: id}, s.now)
		chosen = func(i *modelItem, _ string) bool { return i.topic == id }
	case 1:
		id := string(messages.TopicOf(messages.AccountID(account), messages.ConversationTopic, fmt.Sprint("own_1:p", topic)))
		command, err = MarkTopic(MarkTopicRequest{ChannelID: account, ConversationID: id}, s.now)
		chosen = func(i *modelItem, _ string) bool { return i.topic == id }
	default:
		id, what := fmt.Sprint("i", topic, s.r.IntN(4)), "comment"
		if s.r.IntN(2) == 0 {
			id, what = "m"+id, "message"
		} else {
			id = "c" + id
		}
		if s.model.items[account+"/"+id] == nil {
			return nil
		}
		command, err = MarkItems(MarkItemsRequest{Type: what, ID: id, ChannelID: account}, []messages.AccountID{messages.AccountID(account)}, views, s.now)
		chosen = func(_ *modelItem, key string) bool { return key == account+"/"+id }
	}
	if err != nil {
		return err
	}
	want := int64(0)
	for key, i := range s.model.items {
		if i.account == account && chosen(i, key) && !i.read {
			i.read = true
			want++
		}
	}
	s.log = append(s.log, fmt.Sprint("mark ", command))
	delta, count := s.d.MarkRead(command, s.now)
	if count != want {
		return fmt.Errorf("marked %d, want %d", count, want)
	}
	return s.keep(delta)
}

// restart loads everything anew from what is on disk.
func (s *marksRun) restart() error {
	s.log = append(s.log, "restart")
	again := dataset.New(s.d.Rev(), 0)
	for account, items := range s.rest {
		l := dataset.NewLoading(messages.AccountID(account), s.d.View(messages.AccountID(account)).Stored())
		for key, value := range items {
			collection, id, _ := strings.Cut(key, "/")
			if err := l.Item(collection, id, value); err != nil {
				return err
			}
		}
		l.View() // ends the loading
		again.Adopt(l)
	}
	s.d = again
	return nil
}

// check compares every badge that a client could see with the model.
func (s *marksRun) check(accounts []*board.Account) error {
	views := func(id messages.AccountID) *dataset.View { return s.d.View(id) }
	b := &board.Board{Accounts: accounts}
	list, err := decoded(Channels(b, views, RowOf))
	if err != nil {
		return err
	}
	for _, channel := range list.Channels {
		want, sum := s.model.unread(channel.ID, ""), 0
		for _, t := range Topics(messages.AccountID(channel.ID), views(messages.AccountID(channel.ID))).Topics {
			if n := s.model.unread(channel.ID, t.ID); n != t.UnreadCount {
				return fmt.Errorf("topic %s shows %d unread, want %d", t.ID, t.UnreadCount, n)
			}
			sum += t.UnreadCount
		}
		counted := UnreadCountOf(channel.ID, b, views).Unread
		if channel.UnreadCount != want || sum != want || counted.Total != want || counted.Comments+counted.Messages != want {
			return fmt.Errorf("channel %s shows %d, its topics %d, the count %+v; want %d", channel.ID, channel.UnreadCount, sum, counted, want)
		}
	}
	for _, i := range s.model.items {
		for _, m := range Messages(messages.TopicID(i.topic), b, views(messages.AccountID(i.account)), s.now).Messages {
			if known := s.model.items[i.account+"/"+m.ID]; known == nil || known.read != m.IsRead {
				return fmt.Errorf("message %s: isRead is %v", m.ID, m.IsRead)
			}
		}
		break // one topic each time is enough
	}
	return nil
}

// TestReadMarksNeverFallBackAndBadgesAreTheUnreadItems plays 10,000 random sequences of observations, marks and restarts, over two accounts
// whose items have the same ids, against the model. A failure names its seed.
func TestReadMarksNeverFallBackAndBadgesAreTheUnreadItems(t *testing.T) {
	accounts := []*board.Account{account("dy_1"), account("dy_2")}
	for seed := range uint64(10_000) {
		s := &marksRun{
			r: rand.New(rand.NewPCG(seed, 6)), d: dataset.New(0, 0), now: now,
			model: marksModel{items: map[string]*modelItem{}}, rest: map[string]map[string][]byte{},
		}
		for range 4 + s.r.IntN(12) {
			var err error
			id := accounts[s.r.IntN(2)].Record.GetId()
			switch s.r.IntN(10) {
			case 0:
				err = s.restart()
			case 1, 2, 3:
				err = s.mark(id)
			default:
				err = s.observe(id)
			}
			if err == nil && s.r.IntN(6) == 0 {
				err = s.check(accounts)
			}
			if err != nil {
				t.Fatalf("seed %d: %v\n%v", seed, err, s.log)
			}
		}
		if err := s.check(accounts); err != nil {
			t.Fatalf("seed %d: %v\n%v", seed, err, s.log)
		}
	}
}
