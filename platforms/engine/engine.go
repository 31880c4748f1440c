// Package engine runs a platform's definition in a browser: it logs in, looks, listens and replies. It is the only
// implementation of platforms.Client.
//
// It reads what the pages themselves receive (page.Traffic) and maps it with the definition's jq to items; where that does
// not come, it reads the page's own store, and the DOM last. It never asks a site for anything by itself, and touches the page
// only as a person would. What arrives unasked is mapped by Drain, which may be called beside any other method; all others
// are called one at a time.
//
// It promises: an answer that lacks what the definition requires, and a list that was never empty and suddenly is, is
// PageChanged and never "nothing new"; a captcha or a login page is named as such, whichever step met it; what may be repeated
// is tried three times; a reply is committed at most once, only after the page showed its recipient and the typed text was
// read back, and what the site did not answer is unknown.
//
// It owns the kept tabs of its browser: "watch", those of looks, and "act", which is closed after each use. It stores nothing
// but its Memory, and knows no actor.
package engine

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"golang.org/x/time/rate"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/page"
)

// actTab is the kept tab that replies are typed and threads are read in.
const actTab = "act"

// Config is what one client is made of: one account in one browser incarnation.
type Config struct {
	Definition *definition.Definition
	Browser    page.Browser
	Account    messages.AccountID
	// Owner is the account's own platform id if it is known; Probe and Login read it otherwise.
	Owner string
	// Whole names the collections that were seen whole before: looks that read them whole are then made at their own pace only.
	Whole []string
	// Known says whether an item (Item.KnownKey) was seen before this client was made. nil: none was.
	Known func(key string) bool
	// Holds says how many items of a collection the account is known to have, so that an empty list is not believed. nil: unknown.
	Holds func(collection string) int
	// Memory is what the account remembers between its browsers. nil: nothing.
	Memory *Memory
	// ReadOnly makes no reply and marks nothing as read: for trying a definition.
	ReadOnly bool
	// Evidence receives the course of every flow that failed. nil: it is dropped.
	Evidence func(Evidence)
	Log      *slog.Logger
	Clock    func() time.Time // nil: time.Now
	Rand     *rand.Rand       // of pauses; nil: the global one
}

// client implements platforms.Client.
type client struct {
	Config
	inbox       inbox
	navigations *rate.Limiter
	dirty       map[string]bool // tabs in which something failed: the next open loads them
	due         map[string]dueness
	lastMade    map[string]time.Time // by look; of one that reads whole collections, when it did so
}

// New makes a client. It must be made before the browser's first tab, because it says which traffic is kept.
func New(cfg Config) platforms.Client {
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Memory == nil {
		cfg.Memory = NewMemory()
	}
	c := &client{
		Config:   cfg,
		dirty:    make(map[string]bool),
		due:      make(map[string]dueness),
		lastMade: make(map[string]time.Time),
	}
	c.inbox = newInbox(c)
	c.planLooks()
	c.adopt(cfg.Definition)
	return c
}

// Reload takes up another version of the definition. It implements platforms.Reloader.
func (c *client) Reload(d *definition.Definition) {
	c.inbox.mu.Lock()
	defer c.inbox.mu.Unlock()
	c.adopt(d)
}

// Reread makes every look that reads collections whole due, to their ends. It implements platforms.Rereader.
func (c *client) Reread() {
	for _, look := range c.Definition.Collect.Looks {
		if len(look.Whole) > 0 {
			c.due[look.Name] = whole
		}
	}
}

// adopt lets everything that follows from the definition follow from d. Looks keep their pace by their names; a new
// one that reads whole collections is due.
func (c *client) adopt(d *definition.Definition) {
	c.Definition = d
	floor := d.Collect.NavigateAtMost
	limit := rate.Every(floor.Per / time.Duration(floor.Events))
	if c.navigations == nil {
		c.navigations = rate.NewLimiter(limit, floor.Events)
	}
	c.navigations.SetLimit(limit)
	c.navigations.SetBurst(floor.Events)
	for _, look := range d.Collect.Looks {
		if _, known := c.lastMade[look.Name]; !known && len(look.Whole) > 0 {
			c.lastMade[look.Name], c.due[look.Name] = c.Clock(), whole
		}
	}
	c.Browser.Traffic().Watch(func(kind page.RecordKind, method, url string) bool {
		if kind == page.Frame || kind == page.Sent {
			return d.HearsSocket(kind == page.Sent, url)
		}
		return d.Hears(method, url)
	})
}

func (c *client) Received() <-chan struct{} { return c.Browser.Traffic().Arrived() }

func (c *client) CanReply(kind messages.ReplyKind) bool {
	return len(c.Definition.ReplyFlow(kind)) > 0
}

func (c *client) Screenshot(ctx context.Context) ([]byte, error) {
	tab, err := c.Browser.Tab(ctx, definition.WatchTab)
	if err != nil {
		return nil, failed("screenshot", err)
	}
	png, err := tab.Screenshot(ctx)
	if err != nil {
		return nil, failed("screenshot", err)
	}
	return png, nil
}

// failed wraps an error with its step, unless it has one.
func failed(op string, err error) error {
	if platforms.StepOf(err) != "" {
		return err
	}
	return &platforms.Error{Op: op, Kind: platforms.KindOf(err), Err: err}
}

var (
	_ platforms.Client   = (*client)(nil)
	_ platforms.Reloader = (*client)(nil)
	_ platforms.Rereader = (*client)(nil)
)
