package api

import (
	"context"
	"net/http"

	"troupe/actors"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

// Topic is a work with its comments, or a conversation with its messages.
type Topic struct {
	ID       string  `json:"id"` // unique over all accounts
	Account  string  `json:"account"`
	Kind     string  `json:"kind"`    // work or conversation
	ItemID   string  `json:"item_id"` // of the work or conversation, within the account
	Title    string  `json:"title"`
	Avatar   string  `json:"avatar,omitempty"` // the work's cover, or the person's picture
	URL      string  `json:"url,omitempty"`
	Person   *Person `json:"person,omitempty"` // the other side of a conversation
	Count    int     `json:"count"`            // comments and discussions, or messages
	Unread   int     `json:"unread"`
	Last     *Last   `json:"last,omitempty"`
	ActiveAt int64   `json:"active_at"` // when something last happened in it
}

// Topics is the answer to GET /topics.
type Topics struct {
	Topics  []Topic  `json:"topics"`
	Loading []string `json:"loading"` // accounts whose items are still being read from disk, and are missing here
}

// Thread is the answer to GET /topics/{topic}/messages.
type Thread struct {
	Topic    Topic  `json:"topic"`
	Messages []Item `json:"messages"` // oldest first
}

// Marked is the answer to POST /topics/{topic}/read.
type Marked struct {
	Topic string `json:"topic"`
	Count int64  `json:"count"` // items that were unread before
	Rev   string `json:"rev"`
	At    int64  `json:"at"`
}

// The words for the two kinds of topic.
const (
	workKind         = "work"
	conversationKind = "conversation"
)

func topicOf(account messages.AccountID, t *dataset.Topic) Topic {
	out := Topic{
		ID: string(messages.TopicOf(account, t.Kind, t.ID())), Account: string(account), ItemID: t.ID(),
		Count: t.Count, Unread: t.Unread, Last: lastOf(t.Last), ActiveAt: t.At(),
	}
	if w := t.Work; w != nil {
		out.Kind, out.Title, out.Avatar, out.URL = workKind, w.Title, w.CoverURL, w.URL
		return out
	}
	c := t.Conversation
	out.Kind, out.Title, out.Avatar, out.Person = conversationKind, c.PeerName, c.PeerAvatar, personOf(c.PeerID, c.PeerName, c.PeerAvatar)
	return out
}

// listTopics answers with the topics of one account or of all, each account's in the dataset's own order: unread
// first, then the newest.
func (a *API) listTopics(w http.ResponseWriter, r *http.Request) error {
	kind := r.URL.Query().Get("kind")
	if kind != "" && kind != workKind && kind != conversationKind {
		return invalid("parameter \"kind\" must be %s or %s", workKind, conversationKind)
	}
	unread, filter, err := flag(r, "unread")
	if err != nil {
		return err
	}
	views, err := a.viewsOf(r.URL.Query().Get("account"))
	if err != nil {
		return err
	}
	list, waiting := []Topic{}, []string{}
	for _, v := range views {
		if !v.Loaded {
			waiting = append(waiting, string(v.Account))
			continue
		}
		for _, t := range v.Topics() {
			one := topicOf(v.Account, t)
			if (kind == "" || one.Kind == kind) && (!filter || unread == (one.Unread > 0)) {
				list = append(list, one)
			}
		}
	}
	return answer(w, http.StatusOK, Topics{list, waiting})
}

// viewsOf is the view of one account, or of all when account is empty. An account that the store has never heard of
// has none.
func (a *API) viewsOf(account string) ([]*dataset.View, error) {
	if account == "" {
		return a.Views.All(), nil
	}
	if err := a.known(account); err != nil {
		return nil, err
	}
	if v := a.Views.Get(messages.AccountID(account)); v != nil {
		return []*dataset.View{v}, nil
	}
	return nil, nil
}

// topicAt finds the topic that an id names, in a view whose items are there.
func (a *API) topicAt(id string) (*dataset.View, *dataset.Topic, error) {
	account, kind, item, ok := messages.TopicID(id).Parts()
	missing := notFound("no topic is named %q: see GET %s/topics", id, Prefix)
	if !ok {
		return nil, nil, missing
	}
	v := a.Views.Get(account)
	switch {
	case v == nil:
		return nil, nil, missing
	case !v.Loaded:
		return nil, nil, loading(string(account))
	}
	t := v.Topic(kind, item)
	if t == nil {
		return nil, nil, missing
	}
	return v, t, nil
}

func (a *API) listMessages(w http.ResponseWriter, r *http.Request) error {
	v, t, err := a.topicAt(r.PathValue("topic"))
	if err != nil {
		return err
	}
	list := []Item{}
	if t.Kind == messages.WorkTopic {
		for _, c := range v.Thread(t.ID()) {
			list = append(list, commentItem(v.Account, c))
		}
	} else {
		for _, m := range v.Messages(t.ID()) {
			list = append(list, messageItem(v.Account, m))
		}
	}
	return answer(w, http.StatusOK, Thread{topicOf(v.Account, t), list})
}

func (a *API) markRead(w http.ResponseWriter, r *http.Request) error {
	v, t, err := a.topicAt(r.PathValue("topic"))
	if err != nil {
		return err
	}
	if err := decode(r, &struct{}{}); err != nil {
		return err
	}
	mark := &messages.MarkRead{Account: string(v.Account), At: a.Now().UnixMilli()}
	if t.Kind == messages.WorkTopic {
		mark.WorkId = t.ID()
	} else {
		mark.ConversationId = t.ID()
	}
	ctx, cancel := context.WithTimeout(r.Context(), commandTime)
	defer cancel()
	done, err := actors.Ask[*messages.MarkedRead](ctx, a.Root, a.Store, mark)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, Marked{r.PathValue("topic"), done.GetCount(), revText(messages.Rev(done.GetRev())), done.GetAt()})
}
