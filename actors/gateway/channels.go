package gateway

import (
	"sync"
	"sync/atomic"
	"weak"

	"troupe/actors/gateway/im"
	"troupe/actors/gateway/narrow"
	"troupe/actors/gateway/socketio"
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

// channelCache keeps the list of channels as it was last encoded, and each account's row of it: an item changes one row of a
// thousand. It is used from any goroutine.
type channelCache struct {
	newest atomic.Pointer[channelList]
	rows   sync.Map // messages.AccountID -> channelRow
}

type channelList struct {
	from  channelVersion
	frame socketio.Frame
}

// channelVersion names what a list of channels is made from.
type channelVersion struct {
	board *board.Board
	views dataset.Version
}

type channelRow struct {
	from rowVersion
	row  *im.Row
}

// rowVersion names what a row is made from; the view, which is large, it does not keep.
type rowVersion struct {
	record *messages.Account
	status *messages.AccountStatus
	online bool
	view   weak.Pointer[dataset.View]
}

func (g *Gateway) channelVersion() channelVersion {
	return channelVersion{g.Board.Load(), g.Views.Version()}
}

// channelList encodes the list of channels, once for each version.
func (g *Gateway) channelList() (socketio.Frame, error) {
	from := g.channelVersion()
	if held := g.channels.newest.Load(); held != nil && held.from == from {
		return held.frame, nil
	}
	frame, err := g.inbox.Frame(im.ChannelsEvent, im.Channels(from.board, g.Views.Get, g.channels.row))
	if err != nil {
		return frame, err
	}
	frame = frame.As(im.ChannelsEvent)
	if g.channelVersion() == from {
		g.channels.newest.Store(&channelList{from, frame})
	}
	return frame, nil
}

// channelsFor encodes the list of channels that a guest sees.
func (g *Gateway) channelsFor(by guest) (socketio.Frame, error) {
	if !narrow.Limited(by.Identity) {
		return g.channelList()
	}
	sees := g.sight(by)
	frame, err := g.inbox.Frame(im.ChannelsEvent, im.Channels(sees.board, sees.view, g.channels.row))
	return frame.As(im.ChannelsEvent), err
}

// row is an account's row, made anew when something of it changed.
func (c *channelCache) row(a *board.Account, v *dataset.View) *im.Row {
	from := rowVersion{a.Record, a.Status, a.Online, weak.Make(v)}
	if held, ok := c.rows.Load(a.ID()); ok && held.(channelRow).from == from {
		return held.(channelRow).row
	}
	row := im.RowOf(a, v)
	c.rows.Store(a.ID(), channelRow{from, row})
	return row
}

// forget drops an account that is gone.
func (c *channelCache) forget(account messages.AccountID) { c.rows.Delete(account) }
