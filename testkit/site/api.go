package site

import (
	"bytes"
	"errors"
	"io"
	"net/http"

	"troupe/testkit/site/stage"
)

// refusal is a status_code other than 0, with the words that the page shows.
type refusal struct {
	code int
	text string
}

func (r refusal) Error() string { return r.text }

var (
	refuseLimited = refusal{4, "操作太频繁，请稍后再试"}
	refuseContent = refusal{5, "内容违规"}
	refuseClosed  = refusal{15421, "作品已关闭评论"}
)

// call is one API call of a logged-in owner. It runs with Site.mu held and returns the answer's keys.
type call func(o *owner, r *http.Request) (map[string]any, error)

func (s *Site) apiRoutes(mux *http.ServeMux) {
	lists := map[string]call{
		"/api/works": s.listWorks, "/api/comments": s.listComments, "/api/comment/replies": s.listReplies,
		"/api/comments/recent": s.listRecentComments, "/api/im/conversations": s.listConversations, "/api/im/messages": s.listMessages,
		"/api/im/messages/recent": s.listRecentMessages, "/api/notices": s.listNotices,
	}
	for path, c := range lists {
		mux.HandleFunc("GET "+hostCreator+path, s.answer(func(o *owner, r *http.Request) (map[string]any, error) {
			if o.listsLimited {
				return nil, refuseLimited
			}
			return c(o, r)
		}))
	}
	mux.HandleFunc("GET "+hostCreator+"/api/me", s.answer(func(o *owner, _ *http.Request) (map[string]any, error) {
		return map[string]any{"user": o.row()}, nil
	}))
	for path, c := range map[string]func(*owner, *stage.Visit, submission) (map[string]any, error){
		"/api/comment/reply": s.postComment, "/api/im/send": s.postMessage, "/api/im/read": s.postRead,
	} {
		mux.HandleFunc("POST "+hostCreator+path, s.answer(submitted(c)))
	}
	mux.HandleFunc("POST "+hostCreator+"/api/upload", s.upload)
	mux.HandleFunc("GET "+hostCreator+"/api/verify/state", s.verifyState)
	mux.HandleFunc("POST "+hostCreator+"/api/verify/touch", s.verifyTouched)
}

// answer runs a call under the lock and writes what it says.
func (s *Site) answer(c call) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
		if err != nil {
			return // the page went away
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		v := stage.VisitOf(r)
		s.mu.Lock()
		o := s.ownerOf(v)
		changed := o.changed
		keys, err := c(o, r)
		s.mu.Unlock()
		if v.Reset {
			return
		}
		w.Header().Set("X-SB-Build", buildOf(changed))
		if err != nil {
			keys = refused(err)
		} else {
			keys["status_code"] = 0
		}
		stage.WriteJSON(w, named(changed, keys))
	}
}

func refused(err error) map[string]any {
	r, ok := errors.AsType[refusal](err)
	switch {
	case ok:
	case errors.Is(err, errGone):
		r = refusal{10, "评论不存在或已被删除"}
	default:
		r = refusal{3, "参数错误"}
	}
	return map[string]any{"status_code": r.code, "status_msg": r.text}
}

// changedKeys are the data keys of the changed layout.
var changedKeys = map[string]string{
	"comments": "comment_list", "replies": "reply_list", "works": "work_list", "conversations": "conversation_list",
	"messages": "message_list", "notifications": "notification_list", "user": "profile",
}

// named gives data keys the names of the layout.
func named(changed bool, keys map[string]any) map[string]any {
	if !changed {
		return keys
	}
	renamed := make(map[string]any, len(keys))
	for k, v := range keys {
		if other, ok := changedKeys[k]; ok {
			k = other
		}
		renamed[k] = v
	}
	return renamed
}

func (s *Site) listWorks(o *owner, r *http.Request) (map[string]any, error) {
	p, err := ask(r, o.works)
	if err != nil {
		return nil, err
	}
	keys := p.answer(s.world)
	keys["works"] = rowsOf[*work, Work](p.rows)
	return keys, nil
}

func (s *Site) listComments(o *owner, r *http.Request) (map[string]any, error) {
	k := o.work(r.URL.Query().Get("work_id"))
	if k == nil {
		return nil, errGone
	}
	var first []*comment
	for _, c := range k.comments {
		if c.root == nil {
			first = append(first, c)
		}
	}
	p, err := ask(r, first)
	if err != nil {
		return nil, err
	}
	keys := p.answer(s.world)
	keys["comments"] = rowsOf[*comment, Comment](p.rows)
	return keys, nil
}

func (s *Site) listReplies(o *owner, r *http.Request) (map[string]any, error) {
	root := s.world.comments[r.URL.Query().Get("comment_id")]
	if root == nil || root.work.owner != o {
		return nil, errGone
	}
	var below []*comment
	for _, c := range root.work.comments {
		if c.root == root {
			below = append(below, c)
		}
	}
	q, err := parseQuery(r.URL.Query())
	if err != nil {
		return nil, err
	}
	q.oldest = true
	p := cut(below, q)
	keys := p.answer(s.world)
	keys["replies"] = rowsOf[*comment, Comment](p.rows)
	return keys, nil
}

func (s *Site) listRecentComments(o *owner, r *http.Request) (map[string]any, error) {
	var all []*comment
	for _, k := range o.works {
		all = append(all, k.comments...)
	}
	p, err := ask(r, all)
	if err != nil {
		return nil, err
	}
	first, below := []Comment{}, []Comment{}
	for _, c := range p.rows {
		if c.root == nil {
			first = append(first, c.row())
		} else {
			below = append(below, c.row())
		}
	}
	keys := p.answer(s.world)
	keys["comments"], keys["replies"] = first, below
	return keys, nil
}

func (s *Site) listConversations(o *owner, r *http.Request) (map[string]any, error) {
	p, err := ask(r, o.convs)
	if err != nil {
		return nil, err
	}
	keys := p.answer(s.world)
	keys["conversations"] = rowsOf[*conversation, Conversation](p.rows)
	return keys, nil
}

func (s *Site) listMessages(o *owner, r *http.Request) (map[string]any, error) {
	conv := o.conversation(r.URL.Query().Get("peer"))
	if conv == nil {
		return nil, errGone
	}
	return s.messagesOf(r, conv.messages)
}

func (s *Site) listRecentMessages(o *owner, r *http.Request) (map[string]any, error) {
	var all []*message
	for _, c := range o.convs {
		all = append(all, c.messages...)
	}
	return s.messagesOf(r, all)
}

func (s *Site) messagesOf(r *http.Request, all []*message) (map[string]any, error) {
	p, err := ask(r, all)
	if err != nil {
		return nil, err
	}
	keys := p.answer(s.world)
	keys["messages"] = rowsOf[*message, Message](p.rows)
	return keys, nil
}

func (s *Site) listNotices(o *owner, r *http.Request) (map[string]any, error) {
	p, err := ask(r, o.notices)
	if err != nil {
		return nil, err
	}
	keys := p.answer(s.world)
	keys["notifications"] = rowsOf[*notice, Notification](p.rows)
	return keys, nil
}

// ask cuts the page that a request wants.
func ask[T item](r *http.Request, all []T) (page[T], error) {
	q, err := parseQuery(r.URL.Query())
	if err != nil {
		return page[T]{}, err
	}
	return cut(all, q), nil
}
