package gateway

import (
	"encoding/json"
	"sync"
	"sync/atomic"

	"troupe/actors/gateway/im"
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

// topicCacheBytes bounds the encoded topic lists; they are made anew when it is reached.
const topicCacheBytes = 64 << 20

// topicCache keeps each account's topics as they were last encoded: every list of channels makes every client ask for
// every account's topics. It is used from any goroutine.
type topicCache struct {
	byAccount sync.Map // messages.AccountID -> topicList
	bytes     atomic.Int64
}

type topicList struct {
	view    *dataset.View
	payload json.RawMessage
}

// get returns the topics of exactly that view, which may be nil.
func (t *topicCache) get(account messages.AccountID, v *dataset.View) (json.RawMessage, error) {
	if held, ok := t.byAccount.Load(account); ok && held.(topicList).view == v {
		return held.(topicList).payload, nil
	}
	payload, err := json.Marshal(im.Topics(account, v))
	if err != nil || v == nil { // an account that does not exist is not remembered
		return payload, err
	}
	grown := int64(len(payload))
	if old, ok := t.byAccount.Swap(account, topicList{v, payload}); ok {
		grown -= int64(len(old.(topicList).payload))
	}
	if t.bytes.Add(grown) > topicCacheBytes {
		t.byAccount.Clear()
		t.bytes.Store(0)
	}
	return payload, nil
}

// forget drops an account that is gone.
func (t *topicCache) forget(account messages.AccountID) {
	if old, ok := t.byAccount.LoadAndDelete(account); ok {
		t.bytes.Add(-int64(len(old.(topicList).payload)))
	}
}

// channelCache keeps the list of channels as it was last encoded. It is used from any goroutine.
type channelCache struct{ newest atomic.Pointer[channelList] }

type channelList struct {
	from    channelVersion
	payload json.RawMessage
}

// channelVersion names what a list of channels is made from.
type channelVersion struct {
	board *board.Board
	views dataset.Version
}

func (g *Gateway) channelVersion() channelVersion {
	return channelVersion{g.Board.Load(), g.Views.Version()}
}

// channelList encodes the list of channels, once for each version.
func (g *Gateway) channelList() (json.RawMessage, error) {
	from := g.channelVersion()
	if held := g.list.newest.Load(); held != nil && held.from == from {
		return held.payload, nil
	}
	payload, err := json.Marshal(im.Channels(from.board, g.Views.Get))
	if err != nil {
		return nil, err
	}
	if g.channelVersion() == from {
		g.list.newest.Store(&channelList{from, payload})
	}
	return payload, nil
}

// loaded says whether a view's lists are the account's; before that, its emptiness is ours.
func loaded(v *dataset.View) bool { return v == nil || v.Loaded }
