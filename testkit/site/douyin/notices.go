package douyin

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
)

func (s *Site) noticeRoutes(mux *http.ServeMux) {
	s.routes(mux, map[string]call{
		"GET " + hostWWW + "/aweme/v1/web/notice/{$}":        s.noticeList,
		"GET " + hostWWW + "/aweme/v1/web/notice/detail/{$}": s.noticeDetail,
	})
}

// noticeList pages by time: what is older than max_time (seconds; 0 = from now).
func (s *Site) noticeList(o *owner, r *http.Request) (fields, *refusal) {
	before, _ := strconv.ParseInt(r.FormValue("max_time"), 10, 64)
	count, err := strconv.Atoi(r.FormValue("count"))
	if err != nil || count < 1 || count > 20 {
		count = 10
	}
	rows := slices.DeleteFunc(newestFirst(o.notices), func(n *notice) bool { return before != 0 && n.at.Unix() >= before })
	page := rows[:min(count, len(rows))]
	for len(page) > 0 && len(page) < len(rows) && rows[len(page)].at.Unix() == page[len(page)-1].at.Unix() {
		page = rows[:len(page)+1] // those of one second come together
	}
	keys := fields{
		"notice_list_v2": s.noticeRows(page), "has_more": s.more(len(page) < len(rows), "int"), "min_time": int64(0), "max_time": int64(0),
	}
	if len(page) > 0 {
		keys["max_time"], keys["min_time"] = page[0].at.Unix(), page[len(page)-1].at.Unix()
	}
	return keys, nil
}

// noticeDetail gives the notices that a push named.
func (s *Site) noticeDetail(o *owner, r *http.Request) (fields, *refusal) {
	var asked []struct {
		ID string `json:"notice_id_str"`
	}
	if json.Unmarshal([]byte(r.FormValue("id_list")), &asked) != nil {
		return nil, refuseBad
	}
	var rows []*notice
	for _, a := range asked {
		if n := s.world.notices[a.ID]; n != nil && n.owner == o {
			rows = append(rows, n)
		}
	}
	return fields{"notice_list": s.noticeRows(rows), "notice_list_v2": s.noticeRows(rows)}, nil
}

func (s *Site) noticeRows(page []*notice) []fields {
	rows := []fields{}
	for _, n := range page {
		rows = append(rows, s.noticeRow(n))
	}
	return rows
}

func (s *Site) noticeRow(n *notice) fields {
	row := fields{
		"nid": number(n.id), "nid_str": n.id, "type": n.kind, "create_time": n.at.Unix(), "has_read": false, "read_time": 0,
		"user_id": number(n.owner.uid), "aweme_id": "",
	}
	if n.work != nil {
		row["aweme_id"] = n.work.id
	}
	switch n.kind {
	case noticeComment, noticeMention:
		if n.comment == nil {
			break
		}
		row["comment"] = fields{
			"comment": noticeComments(n.comment), "aweme": partial(n.work), "comment_type": n.comment.level(), "label_text": "粉丝", "label_type": 2,
			"parent_id": parentID(n.comment), "comment_unvisible": false,
		}
	case noticeFollow:
		row["follow"] = fields{"user": userB(n.from)}
	case noticeLike:
		row["digg"] = fields{"count": 1, "user": userB(n.from), "aweme": partial(n.work)}
	default:
		row["general_notice"] = fields{"title": "系统通知", "content": n.text, "schema_url": "", "message_extra": "{}"}
	}
	return row
}

func parentID(c *comment) string {
	if c.parent == nil {
		return "0"
	}
	return c.parent.id
}

// noticeComments is a comment as notices carry it: less than in lists, with the comment that it answers in it.
func noticeComments(c *comment) fields {
	row := fields{
		"cid": c.id, "text": c.text, "aweme_id": c.work.id, "status": 1, "create_time": c.at.Unix(), "user": userB(c.author),
		"reply_comment": nil, "image_list": rowB(c)["image_list"], "level": c.level(), "reply_id": rowB(c)["reply_id"],
	}
	if c.parent != nil {
		row["reply_comment"] = []fields{{
			"cid": c.parent.id, "text": c.parent.text, "user": userB(c.parent.author), "reply_id": rowB(c.parent)["reply_id"],
			"create_time": c.parent.at.Unix(), "status": 1,
		}}
		row["reply_to_username"], row["reply_to_userid"] = c.parent.author.nickname, c.parent.author.uid
	}
	return row
}

// partial is a work as notices carry it: its counters are zero, whatever the work has.
func partial(k *work) fields {
	if k == nil {
		return fields{}
	}
	return fields{
		"aweme_id": k.id, "desc": k.desc, "author": userB(k.owner.person),
		"video":      fields{"cover": fields{"url_list": []string{"https://" + hostImages + "/cover/" + k.id + ".svg"}}},
		"status":     fields{"allow_comment": !k.closed, "is_private": k.private, "is_delete": false, "in_reviewing": k.checking},
		"statistics": fields{"digg_count": 0, "comment_count": 0, "play_count": 0, "share_count": 0, "collect_count": 0},
	}
}
