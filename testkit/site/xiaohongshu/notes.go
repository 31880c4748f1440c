package xiaohongshu

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// A noteState is why a note's page cannot be looked at: the wrapper's class, the words in it, and the answer's code.
type noteState struct {
	class, text string
	code        int
}

var noteStates = map[string]noteState{
	"":            {},
	"unavailable": {"access-wrapper", "当前笔记暂时无法浏览", 300031},
	"violation":   {"error-wrapper", "该内容因违规已被删除", -510001},
	"deleted":     {"not-found-wrapper", "该笔记已被删除", -510000},
	"missing":     {"not-found-wrapper", "内容不存在", -510000},
	"gone":        {"not-found-wrapper", "笔记不存在", -510000},
	"lapsed":      {"error-wrapper", "已失效", -510001},
	"private":     {"blocked-wrapper", "私密笔记", -510001},
	"mine":        {"blocked-wrapper", "仅作者可见", -510001},
	"settings":    {"blocked-wrapper", "因用户设置，你无法查看", -510001},
	"banned":      {"access-wrapper", "因违规无法查看", -510001},
}

// refused is the answer for a note that cannot be looked at; nil = it can.
func (n *note) refused() *refusal {
	if n == nil {
		return refuseMissing
	}
	if n.state == "" {
		return nil
	}
	return &refusal{code: noteStates[n.state].code, text: noteStates[n.state].text}
}

func (s *Site) noteRoutes(mux *http.ServeMux) {
	s.routes(mux, map[string]call{
		at("GET", hostCreator, "/api/galaxy/v2/creator/note/user/posted"): s.posted,
		at("GET", hostAPI, "/web_api/sns/v5/creator/note/user/posted"):    s.posted,
		at("GET", hostCreator, "/api/galaxy/creator/note/user/posted"):    s.posted,
		at("POST", hostAPI, "/api/sns/web/v1/feed"):                       s.feed,
		at("GET", hostAPI, "/api/sns/web/v1/user_posted"):                 s.userPosted,
		at("POST", hostAPI, "/api/sns/web/v1/homefeed"):                   s.homefeed,
	})
}

func newestFirst[T any](rows []T) []T {
	turned := slices.Clone(rows)
	slices.Reverse(turned)
	return turned
}

const notesAPage = 10

// posted lists the owner's notes for the creator centre, ten a page, from page 0; the last page names page -1 as the next.
func (s *Site) posted(o *owner, r *http.Request) (any, *refusal) {
	number, _ := strconv.Atoi(r.FormValue("page"))
	rows := newestFirst(o.notes)
	from := min(max(number, 0)*notesAPage, len(rows))
	to := min(from+notesAPage, len(rows))
	next := number + 1
	if to == len(rows) {
		next = -1
	}
	list := []fields{}
	for _, n := range rows[from:to] {
		list = append(list, postedRow(n))
	}
	return fields{
		"notes": list, "page": next,
		"tags": []fields{{"id": "special.note_time_desc", "name": "所有笔记", "notes_count": len(rows), "checked": true}},
	}, nil
}

func postedRow(n *note) fields {
	permission := 0
	if n.state == "private" || n.state == "mine" {
		permission = 1
	}
	return fields{
		"id": n.id, "display_title": n.title, "title": n.title, "desc": n.desc, "type": n.kind(), "time": n.at.UnixMilli(), "likes": n.likes,
		"comments_count": len(n.comments), "collected_count": n.collects, "shared_count": n.shares, "view_count": n.views,
		"images_list": []fields{{"url": n.cover()}}, "xsec_token": n.token(), "xsec_source": "pc_creatormng", "permission_code": permission,
		"permission_msg": []string{"", "仅自己可见"}[permission], "tab_status": 1, "sticky": false,
	}
}

func (n *note) kind() string {
	if n.video {
		return "video"
	}
	return "normal"
}

func (n *note) cover() string {
	return "https://" + hostImages + "/cover/" + n.id + ".svg?x-expires=1999999999"
}

// amount is a number as pages show it.
func amount(n int64) string {
	if n >= 10_000 {
		return fmt.Sprintf("%.1f万", float64(n)/10_000)
	}
	return strconv.FormatInt(n, 10)
}

// noteCard is a note in full, as feed answers it; the page's state has the same keys in camel case.
func noteCard(n *note) fields {
	card := fields{
		"note_id": n.id, "xsec_token": n.token(), "title": n.title, "desc": n.desc, "type": n.kind(), "time": n.at.UnixMilli(), "ip_location": "浙江",
		"last_update_time": n.at.UnixMilli(), "user": userRow(n.owner.person),
		"interact_info": fields{
			"liked": false, "liked_count": amount(n.likes), "comment_count": amount(int64(len(n.comments))), "collected_count": amount(n.collects),
			"shared_count": "10+", "collected": false, "relation": "none",
		},
		"image_list": []fields{{"url_default": n.cover(), "width": 320, "height": 200}}, "tag_list": []fields{}, "at_user_list": []fields{},
	}
	if n.video {
		card["video"] = fields{"media": fields{"stream": fields{"h264": []fields{{"master_url": "https://" + hostVideos + "/stream/" + n.id + ".mp4"}}}}}
	}
	return card
}

// feed is one note in full, for pages that do not come with it.
func (s *Site) feed(_ *owner, r *http.Request) (any, *refusal) {
	var in struct {
		ID    string `json:"source_note_id"`
		Token string `json:"xsec_token"`
	}
	if !decode(r, &in) {
		return nil, refuseBad
	}
	n := s.world.notes[in.ID]
	if why := n.refused(); why != nil {
		return nil, why
	}
	if s.manners.TokenNeeded && in.Token != n.token() {
		return nil, &refusal{code: noteStates["unavailable"].code, text: noteStates["unavailable"].text}
	}
	return fields{
		"cursor_score": "", "current_time": s.world.clock().UnixMilli(),
		"items": []fields{{"id": n.id, "model_type": "note", "note_card": noteCard(n)}},
	}, nil
}

// userPosted lists the notes of a profile, 30 a page.
func (s *Site) userPosted(_ *owner, r *http.Request) (any, *refusal) {
	whose := s.world.owner(r.FormValue("user_id"))
	if whose == nil {
		return nil, refuseBad
	}
	rows := slices.DeleteFunc(newestFirst(whose.notes), func(n *note) bool { return n.state != "" })
	page, next, more := after(rows, r.FormValue("cursor"), 30, func(n *note) string { return n.id })
	list := []fields{}
	for _, n := range page {
		list = append(list, fields{
			"note_id": n.id, "xsec_token": n.token(), "display_title": n.title, "type": n.kind(), "user": userRow(whose.person),
			"cover": fields{"url_default": n.cover()}, "interact_info": fields{"liked": false, "liked_count": amount(n.likes)},
		})
	}
	return fields{"notes": list, "cursor": next, "has_more": more}, nil
}

// after cuts the page that follows the row which the cursor names; "" = from the first.
func after[T any](rows []T, cursor string, count int, id func(T) string) (page []T, next string, more bool) {
	from := 0
	if cursor != "" {
		from = len(rows)
		if i := slices.IndexFunc(rows, func(r T) bool { return id(r) == cursor }); i >= 0 {
			from = i + 1
		}
	}
	to := min(from+count, len(rows))
	page = rows[from:to]
	if len(page) > 0 {
		next = id(page[len(page)-1])
	}
	return page, next, to < len(rows)
}

// homefeed is what is none of the owner's business: other people's notes.
func (s *Site) homefeed(*owner, *http.Request) (any, *refusal) {
	list := []fields{}
	for i := range 6 {
		if !s.manners.Noise {
			break
		}
		who := &person{uid: fmt.Sprintf("5a%022x", i), nickname: "推荐博主" + strconv.Itoa(i+1)}
		n := &note{
			id: fmt.Sprintf("6a%022x", i), title: "推荐笔记" + strconv.Itoa(i+1), at: s.world.clock(), owner: &owner{person: who}, likes: 90_000,
		}
		list = append(list, fields{"id": n.id, "model_type": "note", "xsec_token": n.token(), "note_card": noteCard(n)})
	}
	return fields{"items": list, "cursor_score": "1"}, nil
}
