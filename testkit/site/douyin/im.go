package douyin

import (
	"io"
	"net/http"
	"slices"
	"strings"

	"troupe/testkit/site/stage"
)

// The commands of private messages.
const (
	cmdSend           = 100
	cmdUserInit       = 203
	cmdByConversation = 301
	cmdNotify         = 500
	cmdMarkRead       = 604
	cmdCreate         = 609
	cmdInfoList       = 610
	cmdStrangers      = 1001
	cmdInit           = 2043
	cmdUserMessage    = 2048
)

const (
	openedAtOnce   = 50 // conversations in one answer of init
	messagesAtOnce = 50 // newest messages of each of them, and of one page of a conversation
)

// im is one call of private messages: it runs with Site.mu held and returns the body of its command.
type im func(o *owner, v *stage.Visit, q request) (fields, *refusal)

func (s *Site) imRoutes(mux *http.ServeMux) {
	for path, c := range map[string]struct {
		name string
		cmd  int
		do   im
	}{
		"/v1/message/send":                   {"send", cmdSend, s.imSend},
		"/v2/message/get_by_user_init":       {"user_init", cmdUserInit, s.imInit(false)},
		"/v1/message/get_by_conversation":    {"by_conversation", cmdByConversation, s.imByConversation},
		"/v1/conversation/mark_read":         {"mark_read", cmdMarkRead, s.imMarkRead},
		"/v2/conversation/create":            {"create", cmdCreate, s.imCreate},
		"/v2/conversation/get_info_list":     {"info_list", cmdInfoList, s.imInfoList},
		"/v1/stranger/get_conversation_list": {"stranger_list", cmdStrangers, s.imInit(true)},
		"/v2/message/get_message_by_init":    {"init", cmdInit, s.imInit(false)},
		"/v1/message/get_user_message":       {"user_message", cmdUserMessage, s.imUserMessage},
	} {
		for _, host := range []string{hostIM, hostOldIM} {
			mux.HandleFunc("POST "+host+path, s.imAnswer(c.name, c.cmd, c.do))
		}
	}
}

// imAnswer decodes a Request, runs its command, and encodes the Response.
func (s *Site) imAnswer(name string, cmd int, do im) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			return // the page went away
		}
		q, err := s.wire.decodeRequest(raw)
		if err != nil {
			http.Error(w, "bad request", http.StatusBadRequest)
			return
		}
		v := stage.VisitOf(r)
		v.Entry.Detail = r.Header.Get("X-Typed")
		s.mu.Lock()
		if one := s.tokens[q.Token]; v.Session == nil && one != nil {
			v.Belongs(one)
		}
		o, why := s.asker(v)
		var body fields
		if why == nil {
			body, why = do(o, v, q)
		}
		answer := fields{"cmd": cmd, "sequence_id": q.Sequence, "error_desc": "OK", "padding": "x"}
		if why != nil {
			answer["status_code"], answer["error_desc"] = why.code, why.text
		} else {
			answer["body"], answer["my_uid"] = fields{name: body}, number(o.uid)
		}
		out := s.wire.encode("Response", answer)
		s.mu.Unlock()
		if v.Reset {
			return
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = w.Write(out) // the reader may be gone
	}
}

// imInit gives conversations, each with its newest messages, a page at a time. It marks nothing as read.
func (s *Site) imInit(strangers bool) im {
	return func(o *owner, _ *stage.Visit, q request) (fields, *refusal) {
		var rows []*conversation
		for _, c := range byLastMessage(o) {
			if c.stranger == strangers {
				rows = append(rows, c)
			}
		}
		from := 0
		for _, b := range q.Body {
			from = min(max(int(b.Cursor), 0), len(rows))
		}
		to := min(from+openedAtOnce, len(rows))
		opened := []fields{}
		for _, c := range rows[from:to] {
			newest := c.messages[max(0, len(c.messages)-messagesAtOnce):]
			opened = append(opened, fields{"conversation": s.imConversation(c), "messages": imMessages(newest)})
		}
		return fields{"opened": opened, "per_user_cursor": s.world.seq, "next": to, "has_more": to < len(rows)}, nil
	}
}

// byLastMessage lists an owner's conversations, the one with the newest message first.
func byLastMessage(o *owner) []*conversation {
	rows := slices.DeleteFunc(slices.Clone(o.convs), func(c *conversation) bool { return len(c.messages) == 0 })
	slices.SortStableFunc(rows, func(a, b *conversation) int { return b.last().at.Compare(a.last().at) })
	return rows
}

// imUserMessage gives all messages that came, or changed, after a cursor.
func (s *Site) imUserMessage(o *owner, _ *stage.Visit, q request) (fields, *refusal) {
	since := q.Body["user_message"].Cursor
	groups := []fields{}
	for _, c := range o.convs {
		var fresh []*message
		for _, m := range c.messages {
			if m.seq > since {
				fresh = append(fresh, m)
			}
		}
		if len(fresh) > 0 {
			groups = append(groups, fields{"messages": imMessages(fresh)})
		}
	}
	return fields{"next_cursor": s.world.seq, "groups": groups, "has_more": false}, nil
}

// imByConversation gives a page of one conversation, the newest first, older than the anchor.
func (s *Site) imByConversation(o *owner, _ *stage.Visit, q request) (fields, *refusal) {
	ask := q.Body["by_conversation"]
	c := s.world.convs[ask.ConversationID]
	if c == nil || c.owner != o {
		return nil, refuseBad
	}
	rows := newestFirst(c.messages)
	if ask.Anchor > 0 {
		rows = slices.DeleteFunc(rows, func(m *message) bool { return m.index >= ask.Anchor })
	}
	limit := messagesAtOnce
	if ask.Limit > 0 {
		limit = min(limit, ask.Limit)
	}
	page := rows[:min(limit, len(rows))]
	body := fields{"messages": imMessages(page), "has_more": len(page) < len(rows)}
	if len(page) > 0 {
		body["next_index"] = page[len(page)-1].index
	}
	return body, nil
}

func (s *Site) imInfoList(o *owner, _ *stage.Visit, q request) (fields, *refusal) {
	list := []fields{}
	for _, key := range q.Body["info_list"].Keys {
		if c := s.world.convs[key.ConversationID]; c != nil && c.owner == o {
			list = append(list, s.imConversation(c))
		}
	}
	return fields{"conversations": list}, nil
}

func (s *Site) imCreate(o *owner, _ *stage.Visit, q request) (fields, *refusal) {
	for _, uid := range q.Body["create"].Participants {
		if p := s.world.people[uid]; p != nil && p != o.person {
			return fields{"conversations": []fields{s.imConversation(s.world.converse(o, p))}}, nil
		}
	}
	return nil, refuseBad
}

// imMarkRead moves the read index: this, and nothing else, marks as read.
func (s *Site) imMarkRead(o *owner, v *stage.Visit, q request) (fields, *refusal) {
	ask := q.Body["mark_read"]
	c := s.world.convs[ask.ConversationID]
	if c == nil || c.owner != o {
		return nil, refuseBad
	}
	c.readIndex = max(c.readIndex, ask.ReadIndex)
	v.Note(stage.KindRead, c.id)
	return fields{}, nil
}

// imSend writes a message, or says in its answer's check why not.
func (s *Site) imSend(o *owner, v *stage.Visit, q request) (fields, *refusal) {
	ask := q.Body["send"]
	c := s.world.convs[ask.ConversationID]
	if c == nil || c.owner != o {
		return nil, refuseBad
	}
	p := stage.Post{Kind: "message", Text: textOf(ask.Content), Target: c.peer.uid}
	if c.group {
		p.Target = c.id
	}
	var why *refusal
	switch {
	case strings.TrimSpace(p.Text) == "":
		why = refuseBad
	case o.limits["message"]:
		why = refuseOften
	case o.limits["stranger"]:
		why = refuseStranger
	case o.limits["risk"]:
		why = refuseRisk
	case strings.Contains(p.Text, "违规"):
		why = refuseWords
	}
	if why != nil {
		p.Code = why.code
		v.Posted(p)
		return fields{"status": 1, "client_message_id": ask.ClientID, "check_code": why.code, "check_message": why.text}, nil
	}
	m := s.world.addMessage(c, o.person, ask.Type, "", ask.Content, s.world.clock(), false)
	m.clientID = ask.ClientID
	p.ID = m.id
	v.Posted(p)
	s.pushMessage(m)
	return fields{"server_message_id": number(m.id), "status": 0, "client_message_id": m.clientID}, nil
}

func (s *Site) imConversation(c *conversation) fields {
	kind, people := 1, []*person{c.owner.person, c.peer}
	if c.group {
		kind = 2
	}
	list := []fields{}
	for _, p := range people {
		list = append(list, fields{"uid": number(p.uid), "sec_uid": p.sec()})
	}
	return fields{
		"conversation_id": c.id, "short_id": number(c.shortID), "type": kind, "ticket": opaque("ticket", c.id)[:16],
		"participants": fields{"list": list}, "setting": fields{"read_index": c.readIndex}, "padding": "x",
	}
}

func imMessages(rows []*message) []fields {
	list := []fields{}
	for _, m := range rows {
		list = append(list, imMessage(m))
	}
	return list
}

func imMessage(m *message) fields {
	kind := 1
	if m.conv.group {
		kind = 2
	}
	ext := map[string]string{"s:client_message_id": m.clientID, "s:is_stranger": "false"}
	if m.recalled {
		ext["s:is_recalled"] = "true"
	}
	if m.conv.stranger {
		ext["s:is_stranger"] = "true"
	}
	return fields{
		"conversation_id": m.conv.id, "conversation_type": kind, "server_message_id": number(m.id), "index": m.index,
		"conversation_short_id": number(m.conv.shortID), "type": m.kind, "sender": number(m.sender.uid), "content": m.content, "ext": ext,
		"create_time": m.at.UnixMilli(), "sec_sender": m.sender.sec(), "order": m.index, "padding": "x",
	}
}
