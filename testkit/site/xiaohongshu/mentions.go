package xiaohongshu

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// mentionTabs are the kinds of notifications in the order of the page's tabs.
var mentionTabs = []string{"mentions", "likes", "connections"}

// tab is the kind of notification that a mention stands under.
func (m *mention) tab() string {
	switch m.kind {
	case mentionComment, mentionReply:
		return "mentions"
	case mentionFollow:
		return "connections"
	}
	return "likes"
}

func (s *Site) mentionRoutes(mux *http.ServeMux) {
	for _, tab := range mentionTabs {
		mux.HandleFunc(at("GET", hostAPI, "/api/sns/web/v1/you/"+tab), s.answer(s.mentionList(tab)))
	}
	s.routes(mux, map[string]call{at("GET", hostAPI, "/api/sns/web/unread_count"): s.unreadCount})
}

// mentionList lists the newest notifications of a kind; older ones than Behaviour.Available are never to be had. Looking at
// the first page marks them as seen.
func (s *Site) mentionList(tab string) call {
	return func(o *owner, r *http.Request) (any, *refusal) {
		rows := slices.DeleteFunc(newestFirst(o.mentions), func(m *mention) bool { return m.tab() != tab })
		rows = rows[:min(max(s.manners.Available, 0), len(rows))]
		count, err := strconv.Atoi(r.FormValue("num"))
		if err != nil || count < 1 || count > 20 {
			count = 20
		}
		page, next, more := after(rows, r.FormValue("cursor"), count, func(m *mention) string { return m.id })
		list := []fields{}
		for _, m := range page {
			m.seen = true
			list = append(list, mentionRow(m))
		}
		return fields{"message_list": list, "cursor": number(next), "strCursor": next, "has_more": more}, nil
	}
}

// unreadCount counts what was not seen, by tab.
func (s *Site) unreadCount(o *owner, _ *http.Request) (any, *refusal) {
	counts := fields{"unread_count": 0, "mentions": 0, "likes": 0, "connections": 0}
	for _, m := range o.mentions {
		if !m.seen {
			counts[m.tab()] = counts[m.tab()].(int) + 1
			counts["unread_count"] = counts["unread_count"].(int) + 1
		}
	}
	return counts, nil
}

var mentionTitles = map[string]string{
	mentionComment: "评论了你的笔记", mentionReply: "回复了你的评论", mentionLike: "赞了你的笔记", mentionFaved: "收藏了你的笔记", mentionFollow: "开始关注你了",
}

func mentionRow(m *mention) fields {
	row := fields{
		"id": m.id, "type": m.kind, "title": mentionTitles[m.kind], "time": m.at.Unix(), "score": m.at.UnixMilli(), "liked": false,
		"track_type": strings.ReplaceAll(m.kind, "/", "_"),
	}
	who := fields{
		"userid": m.from.uid, "nickname": m.from.nickname, "xsec_token": "AB" + opaque("user", m.from.uid) + "=", "image": avatar(m.from), "indicator": "粉丝",
	}
	if m.kind == mentionFollow {
		row["user"] = who
		return row
	}
	row["user_info"] = who
	if m.note != nil {
		row["item_info"] = fields{
			"id": m.note.id, "type": "note_info", "content": m.note.title, "xsec_token": m.note.token(), "image": m.note.cover(), "status": 0,
			"illegal_info": illegal(map[bool]string{true: "", false: "BLOCKED"}[m.note.state == ""]),
			"user_info":    fields{"userid": m.owner.uid, "nickname": m.owner.nickname},
		}
	}
	if m.comment != nil {
		info := commentInfo(m.comment)
		if m.comment.parent != nil {
			info["target_comment"] = commentInfo(m.comment.parent)
		}
		row["comment_info"] = info
	}
	return row
}

func commentInfo(c *comment) fields {
	return fields{
		"id": c.id, "content": c.text, "liked": false, "like_count": c.likes, "status": 0, "illegal_info": illegal(c.status),
		"user_info": fields{"userid": c.author.uid, "nickname": c.author.nickname, "image": avatar(c.author)},
	}
}

func illegal(status string) fields {
	if status == "" {
		status = "NORMAL"
	}
	return fields{"illegal_status": status, "desc": map[bool]string{true: "", false: "该评论已被删除"}[status == "NORMAL"]}
}

// number is a 19-digit id as a number, which JSON readers with 53 bits spoil; "" is 0.
func number(id string) int64 {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
