package api

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"troupe/actors/store/dataset"
	"troupe/messages"
)

// cacheQuery are the parameters of the lists of comments and messages.
var cacheQuery = []string{"account_id", "platform", "is_read", "created_at_start", "created_at_end", "sort", "order", "limit", "offset"}

// CachedComment is a comment or discussion in the contract's shape. Times are seconds.
type CachedComment struct {
	ID                string  `json:"id"`
	AccountID         string  `json:"account_id"`
	Platform          string  `json:"platform"`
	PlatformCommentID string  `json:"platform_comment_id"`
	Content           string  `json:"content"`
	AuthorID          string  `json:"author_id"`
	AuthorName        string  `json:"author_name"`
	AuthorAvatar      string  `json:"author_avatar"`
	ParentCommentID   *string `json:"parent_comment_id"`
	PostID            string  `json:"post_id"`
	PostTitle         string  `json:"post_title"`
	CreatedAt         int64   `json:"created_at"`
	DetectedAt        int64   `json:"detected_at"`
	IsRead            int     `json:"is_read"` // 0 or 1
	ReadAt            *int64  `json:"read_at"` // null: not kept for single items
}

// CachedMessage is a direct message in the contract's shape. Times are seconds.
type CachedMessage struct {
	ID                string `json:"id"`
	AccountID         string `json:"account_id"`
	Platform          string `json:"platform"`
	PlatformMessageID string `json:"platform_message_id"`
	Content           string `json:"content"`
	SenderID          string `json:"sender_id"`
	SenderName        string `json:"sender_name"`
	ConversationID    string `json:"conversation_id"`
	Direction         string `json:"direction"` // inbound outbound
	CreatedAt         int64  `json:"created_at"`
	DetectedAt        int64  `json:"detected_at"`
	IsRead            int    `json:"is_read"` // 0 or 1
	ReadAt            *int64 `json:"read_at"` // null: not kept for single items
}

// cacheFilter is what a client wants of the items.
type cacheFilter struct {
	account, platform string
	read              string // 0, 1 or empty
	from, until       int64  // seconds; 0 = no bound
	ascending         bool
	limit, offset     int
}

func cacheFilterOf(r *http.Request) (f cacheFilter, err error) {
	q := r.URL.Query()
	f = cacheFilter{
		account: q.Get("account_id"), platform: q.Get("platform"), read: q.Get("is_read"), limit: 100,
		ascending: strings.EqualFold(q.Get("order"), "asc"), // of created_at, the only order that ?sort= can name
	}
	for name, into := range map[string]*int64{"created_at_start": &f.from, "created_at_end": &f.until} {
		if *into, err = wholeNumber(q.Get(name), 0); err != nil {
			return f, invalid("parameter %q must be Unix seconds", name)
		}
	}
	for name, into := range map[string]*int{"limit": &f.limit, "offset": &f.offset} {
		n, err := wholeNumber(q.Get(name), int64(*into))
		if err != nil || n < 0 || n > 1_000_000 {
			return f, invalid("parameter %q must be a number", name)
		}
		*into = int(n)
	}
	f.limit = min(f.limit, 1000)
	switch f.read {
	case "true":
		f.read = "1"
	case "false":
		f.read = "0"
	}
	return f, nil
}

func wholeNumber(text string, usual int64) (int64, error) {
	if text == "" {
		return usual, nil
	}
	return strconv.ParseInt(text, 10, 64)
}

func (f *cacheFilter) takes(e dataset.Entry) bool {
	at := seconds(e.CreateTime())
	return (f.read == "" || (f.read == "1") == e.IsRead) && (f.from == 0 || at >= f.from) && (f.until == 0 || at <= f.until)
}

// cached is an item that passed the filter.
type cached struct {
	dataset.Entry
	view     *dataset.View
	platform string
}

// cachedItems lists what passes the filter: the page that was asked for, and how many there are.
func (a *API) cachedItems(f cacheFilter, collections ...string) (page []cached, total int, err error) {
	if err := a.known(f.account); err != nil {
		return nil, 0, err
	}
	var list []cached
	for _, acc := range a.Board.Load().Accounts {
		v := a.Views.Get(acc.ID())
		if v == nil || !v.Loaded || !fits(f.account, string(v.Account)) || !fits(f.platform, acc.Record.GetPlatform()) {
			continue
		}
		for _, collection := range collections {
			for _, e := range v.Items(collection, dataset.Filter{}) {
				if f.takes(e) {
					list = append(list, cached{e, v, acc.Record.GetPlatform()})
				}
			}
		}
	}
	slices.SortFunc(list, func(x, y cached) int {
		return cmp.Or(cmp.Compare(y.CreateTime(), x.CreateTime()), strings.Compare(x.ID, y.ID))
	})
	if f.ascending {
		slices.Reverse(list)
	}
	from := min(f.offset, len(list))
	return list[from:min(from+f.limit, len(list))], len(list), nil
}

func (a *API) contractComments(w http.ResponseWriter, r *http.Request) error {
	f, err := cacheFilterOf(r)
	if err != nil {
		return err
	}
	page, total, err := a.cachedItems(f, messages.Comments, messages.Discussions)
	if err != nil {
		return err
	}
	list := []CachedComment{}
	for _, one := range page {
		if c := one.view.Comment(one.ID); c != nil {
			list = append(list, cachedComment(one, c))
		}
	}
	return answer(w, http.StatusOK, Enveloped[[]CachedComment]{Success: true, Data: list, Pagination: &Pagination{total, f.limit, f.offset}})
}

func cachedComment(in cached, c *dataset.Comment) CachedComment {
	out := CachedComment{
		ID: c.ID, AccountID: string(in.view.Account), Platform: in.platform, PlatformCommentID: c.ID, Content: c.Text,
		AuthorID: c.AuthorID, AuthorName: c.AuthorName, AuthorAvatar: c.AuthorAvatar, PostID: c.WorkID,
		CreatedAt: seconds(c.CreateTime), DetectedAt: seconds(c.DetectedAt), IsRead: oneIf(c.IsRead || c.Own),
	}
	if c.Discussion() {
		out.ParentCommentID = &c.Root
	}
	if work := in.view.Work(c.WorkID); work != nil {
		out.PostTitle = work.Title
	}
	return out
}

func (a *API) contractMessages(w http.ResponseWriter, r *http.Request) error {
	f, err := cacheFilterOf(r)
	if err != nil {
		return err
	}
	page, total, err := a.cachedItems(f, messages.Messages)
	if err != nil {
		return err
	}
	list := []CachedMessage{}
	for _, one := range page {
		if m := one.view.Message(one.ID); m != nil {
			list = append(list, cachedMessage(one, m))
		}
	}
	return answer(w, http.StatusOK, Enveloped[[]CachedMessage]{Success: true, Data: list, Pagination: &Pagination{total, f.limit, f.offset}})
}

func cachedMessage(in cached, m *dataset.DirectMessage) CachedMessage {
	out := CachedMessage{
		ID: m.ID, AccountID: string(in.view.Account), Platform: in.platform, PlatformMessageID: m.ID, Content: m.Text,
		SenderID: m.SenderID, SenderName: m.SenderName, ConversationID: m.ConversationID, Direction: "inbound",
		CreatedAt: seconds(m.CreateTime), DetectedAt: seconds(m.DetectedAt), IsRead: oneIf(m.IsRead || m.Outbound),
	}
	if m.Outbound {
		out.Direction = "outbound"
	}
	return out
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}
