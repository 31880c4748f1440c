package xiaohongshu

import (
	"net/http"
	"slices"
	"strconv"

	"troupe/testkit/site/stage"
)

func (s *Site) chatRoutes(mux *http.ServeMux) {
	s.routes(mux, map[string]call{
		at("GET", hostAPI, "/api/im/web/v3/chats"):          s.chats,
		at("GET", hostAPI, "/api/im/web/chat/get_unread"):   s.getUnread,
		at("GET", hostAPI, "/api/im/web/messages/history"):  s.history,
		at("POST", hostAPI, "/api/im/web/v2/messages/read"): s.markRead,
	})
}

func byLastMessage(o *owner) []*conversation {
	rows := slices.Clone(o.convs)
	slices.SortStableFunc(rows, func(a, b *conversation) int { return b.last().at.Compare(a.last().at) })
	return rows
}

// chats lists conversations, newest first, from page 1; a page that is not full is the last. Marks nothing.
func (s *Site) chats(o *owner, r *http.Request) (any, *refusal) {
	limit, err := strconv.Atoi(r.FormValue("limit"))
	if err != nil || limit < 1 || limit > 100 {
		limit = 100
	}
	page, _ := strconv.Atoi(r.FormValue("page"))
	rows := byLastMessage(o)
	from := min(max(page-1, 0)*limit, len(rows))
	list := []fields{}
	for _, c := range rows[from:min(from+limit, len(rows))] {
		list = append(list, chatRow(c))
	}
	return fields{"chats": list, "total": len(rows), "next_ts": -1}, nil
}

func chatRow(c *conversation) fields {
	last := c.last()
	follow := "BOTH"
	if c.stranger {
		follow = "NONE"
	}
	return fields{
		"user_id": c.owner.uid, "chat_user_id": c.peer.uid, "chat_id": c.id, "type": c.kind,
		"info": fields{
			"nickname": c.peer.nickname, "user_name": c.peer.nickname, "avatar": avatar(c.peer), "image": avatar(c.peer), "follow_status": follow,
			"is_friend": follow == "BOTH", "is_official": c.kind == kindOfficial, "is_ai_assistant": false,
		},
		"last_msg_content": front(last.kind, last.content), "last_msg_time": last.at.UnixMilli(), "update_time": last.at.UnixMilli(),
		"max_store_id": last.store, "start_store_id": c.messages[0].store, "read_store_id": c.readStore, "unread_count": c.unread(),
		"top": false, "mute": false,
	}
}

func (s *Site) getUnread(o *owner, _ *http.Request) (any, *refusal) {
	counts := fields{}
	for _, c := range o.convs {
		if n := c.unread(); n > 0 {
			counts[c.peer.uid] = n
		}
	}
	return fields{"user_chat_unread_counts": counts}, nil
}

// history lists the messages of a conversation, newest first, up to and with store_id last_id (0 = the newest). Marks nothing.
func (s *Site) history(o *owner, r *http.Request) (any, *refusal) {
	c := find(o.convs, func(c *conversation) bool { return c.peer.uid == r.FormValue("chat_user_id") })
	if c == nil {
		return fields{"out_message_list": []fields{}}, nil
	}
	last, _ := strconv.ParseInt(r.FormValue("last_id"), 10, 64)
	limit, err := strconv.Atoi(r.FormValue("limit"))
	if err != nil || limit < 1 || limit > 30 {
		limit = 30
	}
	list := []fields{}
	for _, m := range newestFirst(c.messages) {
		if last > 0 && m.store > last {
			continue
		}
		if len(list) == limit {
			break
		}
		list = append(list, s.messageRow(m))
	}
	return fields{"out_message_list": list}, nil
}

func (s *Site) messageRow(m *message) fields {
	sender, receiver, created := m.sender.uid, m.conv.peer.uid, m.at.UnixMilli()
	if m.sender != m.conv.owner.person {
		receiver = m.conv.owner.uid
	}
	if m.kind == typeHidden { // the web knows neither who wrote it nor when: it makes both up
		sender, receiver, created = receiver, sender, s.world.clock().UnixMilli()
	}
	if s.manners.TimeUnit == "s" {
		created /= 1000
	}
	row := fields{
		"id": m.id, "uuid": m.id, "store_id": m.store, "chat_id": m.conv.id, "sender_id": sender, "receiver_id": receiver, "created_at": created,
		"revoked": m.revoked, "ref_message": nil,
		"content": asJSON(fields{"content_type": m.kind, "content": m.content, "front_chain": front(m.kind, m.content)}),
	}
	if m.ref != nil {
		row["ref_message"] = fields{
			"id": m.ref.id, "sender_id": m.ref.sender.uid,
			"content": asJSON(fields{"content_type": m.ref.kind, "content": m.ref.content, "front_chain": front(m.ref.kind, m.ref.content)}),
		}
	}
	return row
}

// markRead is what the page does when a conversation is opened.
func (s *Site) markRead(o *owner, r *http.Request) (any, *refusal) {
	var in struct {
		Chats []struct {
			ID   string `json:"chat_id"`
			Read int64  `json:"read_store_id"`
		} `json:"chat_list"`
	}
	if !decode(r, &in) {
		return nil, refuseBad
	}
	for _, asked := range in.Chats {
		c := s.world.convs[asked.ID]
		if c == nil || c.owner != o {
			return nil, refuseBad
		}
		c.readStore = max(c.readStore, asked.Read)
		stage.VisitOf(r).Note(stage.KindRead, c.peer.uid)
	}
	return fields{}, nil
}
