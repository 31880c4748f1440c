package dataset

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

// Encode returns the item as it rests on disk; nil when it is to be deleted.
func (w Write) Encode() ([]byte, error) {
	if w.item == nil {
		return nil, nil
	}
	h, item := w.item.head(), w.item.entity()
	clearMarks(item)
	b, err := proto.Marshal(&messages.StoredItem{
		Item: item, Rev: uint64(h.Rev), Epoch: uint64(h.Epoch), ChangedAt: h.ChangedAt, SeenAt: h.SeenAt,
		TraceId: string(h.Trace), PageAt: h.PageAt, DetectedAt: h.DetectedAt, IsNew: h.IsNew, IsRead: h.IsRead,
	})
	if err != nil {
		return nil, fmt.Errorf("encode item of %s: %w", w.Collection, err)
	}
	return b, nil
}

// clearMarks takes the store's own marks out of an entity: at rest they stand beside it, once.
func clearMarks(i *messages.Item) {
	switch e := i.GetEntity().(type) {
	case *messages.Item_Content:
		e.Content.IsNew, e.Content.DetectedAt = false, 0
	case *messages.Item_Comment:
		e.Comment.IsNew, e.Comment.IsRead, e.Comment.DetectedAt = false, false, 0
	case *messages.Item_Discussion:
		e.Discussion.IsNew, e.Discussion.IsRead, e.Discussion.DetectedAt = false, false, 0
	case *messages.Item_Message:
		e.Message.IsNew, e.Message.IsRead, e.Message.DetectedAt = false, false, 0
	case *messages.Item_Notification:
		e.Notification.IsNew, e.Notification.IsRead, e.Notification.DetectedAt = false, false, 0
	}
}

// Stored is the view's summary as it rests on disk.
func (v *View) Stored() *messages.StoredSummary {
	return &messages.StoredSummary{
		Rev: uint64(v.Rev), Counts: proto.CloneOf(&v.Counts), UnreadComments: int64(v.Unread.Comments), UnreadMessages: int64(v.Unread.Messages),
		LastText: v.Last.Text, LastFrom: v.Last.From, LastAt: v.Last.At, Metadata: v.Metadata, Stream: v.stream, N: v.n,
	}
}

// Summarized is the view of an account of which only the summary is known.
func Summarized(id messages.AccountID, s *messages.StoredSummary) *View {
	v := &View{data: newAccount(), stream: s.GetStream(), n: s.GetN()}
	v.Account, v.Rev = id, messages.Rev(s.GetRev())
	proto.Merge(&v.Counts, s.GetCounts())
	v.Unread = Unread{Comments: int(s.GetUnreadComments()), Messages: int(s.GetUnreadMessages())}
	v.Last = Last{Text: s.GetLastText(), From: s.GetLastFrom(), At: s.GetLastAt()}
	v.Metadata = proto.CloneOf(s.GetMetadata())
	if v.Metadata == nil {
		v.Metadata = &messages.Metadata{}
	}
	return v
}

// Loading builds one account from what rests on disk. It may run on any goroutine; Dataset.Adopt takes the result.
type Loading struct {
	w      *writer
	traces words // every item of an observation shares its trace
	tally  tally
}

// NewLoading begins with the account's summary.
func NewLoading(id messages.AccountID, s *messages.StoredSummary) *Loading {
	w := newWriter(id)
	m := s.GetMetadata()
	n := m.GetCrawlCounts()
	w.rev, w.stream, w.n = messages.Rev(s.GetRev()), s.GetStream(), s.GetN()
	w.counts = [6]int64{n.GetContents(), n.GetComments(), n.GetDiscussions(), n.GetConversations(), n.GetMessages(), n.GetNotifications()}
	w.baseline, w.crawl, w.sync = m.GetBaseline(), m.GetLastCrawlTime(), m.GetLastSyncTime()
	return &Loading{w: w, traces: make(words)}
}

// Item adds one item from disk. The bytes may be reused afterwards.
func (l *Loading) Item(collection, id string, value []byte) error {
	var s messages.StoredItem
	if err := proto.Unmarshal(value, &s); err != nil {
		return fmt.Errorf("decode item of %s: %w", collection, err)
	}
	e := l.w.words.observed(s.GetItem())
	if e == nil || e.collection() != collection || e.head().ID != id {
		return fmt.Errorf("decode item of %s: its key does not fit", collection)
	}
	h := e.head()
	h.Rev, h.Epoch, h.ChangedAt, h.SeenAt = messages.Rev(s.GetRev()), messages.Epoch(s.GetEpoch()), s.GetChangedAt(), s.GetSeenAt()
	h.Trace, h.PageAt, h.DetectedAt = messages.TraceID(l.traces.share(s.GetTraceId())), s.GetPageAt(), s.GetDetectedAt()
	h.IsNew, h.IsRead = s.GetIsNew(), s.GetIsRead()
	l.w.data.put(l.w.data.get(collection, id), e, &l.tally)
	return nil
}

// Expired adds the name of an expired item.
func (l *Loading) Expired(hash uint64, at int64) { l.w.expired[hash] = at }

// View ends the loading.
func (l *Loading) View() *View {
	l.w.data.settle(&l.tally)
	l.tally, l.traces = tally{}, nil
	return l.w.freeze()
}

// Adopt makes a finished loading the dataset's own.
func (d *Dataset) Adopt(l *Loading) { d.accounts[l.w.id] = l.w }
