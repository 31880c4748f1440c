// Package engine runs a platform's definition in a browser: it logs in, looks, listens and replies. It is the only
// implementation of platforms.Client.
//
// It reads what the pages themselves receive (page.Traffic) and maps it with the definition's jq to items; it never
// asks a site for anything by itself, and touches the page only as a person would. What arrives unasked is
// mapped by Drain, which may be called beside any other method; all others are called one at a time.
//
// It promises: an answer that lacks what the definition requires is PageChanged and never "nothing new"; a captcha or a
// login page is named as such, whichever step met it; a reply is committed at most once, only after the page
// showed its recipient and the typed text was read back, and what the site did not answer is unknown.
//
// It owns the kept tabs "watch", "work" and "act" of its browser. It stores nothing and knows no actor.
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
	// Evidence receives the course of every flow that failed. nil: it is dropped.
	Evidence func(Evidence)
	Log      *slog.Logger
	Clock    func() time.Time // nil: time.Now
	Rand     *rand.Rand       // of pauses; nil: the global one
}

// Evidence is the course of a flow that failed, for a person.
type Evidence struct {
	Flow       string // reply.comment
	Steps      []platforms.StepLog
	Kind       platforms.Kind
	URL, Title string
	Screenshot []byte            // PNG; nil when none could be taken
	Pictures   map[string][]byte // PNGs that the flow's own steps took
	At         time.Time
}

// client implements platforms.Client.
type client struct {
	Config
	inbox       inbox
	navigations *rate.Limiter
	dirty       map[string]bool // tabs in which something failed: the next open loads them
	due         map[string]dueness
	lastWhole   map[string]time.Time // by look
}

// New makes a client. It must be made before the browser's first tab, because it says which traffic is kept.
func New(cfg Config) platforms.Client {
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	floor := cfg.Definition.Collect.NavigateAtMost
	c := &client{
		Config:      cfg,
		navigations: rate.NewLimiter(rate.Every(floor.Per/time.Duration(floor.Events)), floor.Events),
		dirty:       make(map[string]bool),
		due:         make(map[string]dueness),
		lastWhole:   make(map[string]time.Time),
	}
	c.inbox = newInbox(c)
	c.planLooks()
	cfg.Browser.Traffic().Watch(c.keep)
	return c
}

// keep says which traffic the definition listens to. It is called by the browser for every request.
func (c *client) keep(kind page.RecordKind, method, url string) bool {
	for _, l := range c.Definition.Listen {
		if kind == page.Frame && l.Frames.Match(url) || kind != page.Frame && l.Response.Match(method, url) {
			return true
		}
	}
	if kind == page.Frame {
		return false
	}
	for _, s := range c.signs() {
		if s.sign.Response.Match(url) {
			return true
		}
	}
	return false
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

var _ platforms.Client = (*client)(nil)
