package douyin

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"troupe/testkit/site/stage"
)

var beijing = time.FixedZone("CST", 8*60*60)

// pathRead is where the creator's page reads comments of generation B.
const pathRead = "/web/api/third_party/aweme/api/comment/read/aweme/v1/web"

func (s *Site) commentRoutes(mux *http.ServeMux) {
	s.routes(mux, map[string]call{
		"GET " + hostCreator + "/aweme/v1/creator/comment/list":           s.firstLevel("item_id", s.pageA),
		"GET " + hostCreator + "/aweme/v1/creator/comment/reply/list/{$}": s.below(s.pageA),
		"GET " + hostCreator + pathRead + "/comment/list/select/{$}":      s.firstLevel("aweme_id", s.pageB),
		"GET " + hostCreator + pathRead + "/comment/list/reply/{$}":       s.below(s.pageB),
		"GET " + hostWWW + "/aweme/v1/web/comment/list/{$}":               s.firstLevel("aweme_id", s.pageWWW),
		"GET " + hostWWW + "/aweme/v1/web/comment/list/reply/{$}":         s.below(s.pageWWW),
	})
}

// firstLevel lists the comments of a work, newest first.
func (s *Site) firstLevel(key string, page func(*http.Request, []*comment) fields) call {
	return func(o *owner, r *http.Request) (fields, *refusal) {
		k := o.work(r.FormValue(key))
		if k == nil {
			return nil, refuseNoWork
		}
		rows := slices.DeleteFunc(newestFirst(k.comments), func(c *comment) bool { return c.root != nil || c.hidden })
		return page(r, rows), nil
	}
}

// below lists what stands below a comment, oldest first.
func (s *Site) below(page func(*http.Request, []*comment) fields) call {
	return func(o *owner, r *http.Request) (fields, *refusal) {
		for _, k := range o.works {
			if root := k.comment(r.FormValue("comment_id")); root != nil {
				rows := slices.DeleteFunc(slices.Clone(k.comments), func(c *comment) bool { return c.root != root || c.hidden })
				return page(r, rows), nil
			}
		}
		return nil, refuseGone
	}
}

// cut takes one page of comments, with all the trouble that a page can have.
func (s *Site) cut(r *http.Request, rows []*comment) (page []*comment, next int, more bool) {
	m := s.manners
	page, next, more = pageOf(rows, r, "cursor", 20)
	page = slices.Clone(page)
	from, _ := strconv.Atoi(r.FormValue("cursor"))
	if m.Duplicates && from > 0 && from <= len(rows) {
		page = slices.Insert(page, 0, rows[from-1])
	}
	if m.Shuffled {
		slices.Reverse(page)
	}
	page = page[min(m.DroppedRows, len(page)):]
	if m.RepeatCursor && len(rows) > 0 {
		next, more = from, true
	}
	return page, next, more
}

func (s *Site) pageA(r *http.Request, rows []*comment) fields {
	page, next, more := s.cut(r, rows)
	list := []fields{}
	for _, c := range page {
		list = append(list, rowA(c))
	}
	return fields{"comment_info_list": list, "cursor": next, "has_more": s.more(more, "bool"), "total_count": len(rows)}
}

func (s *Site) pageB(r *http.Request, rows []*comment) fields   { return s.pageOfB(r, rows, "bool") }
func (s *Site) pageWWW(r *http.Request, rows []*comment) fields { return s.pageOfB(r, rows, "int") }

func (s *Site) pageOfB(r *http.Request, rows []*comment, moreType string) fields {
	page, next, more := s.cut(r, rows)
	list := []fields{}
	for _, c := range page {
		row := rowB(c)
		if s.manners.IDs != "numeric" && stage.HostName(r) == hostCreator {
			row["comment_id"] = c.opaque()
		}
		list = append(list, row)
	}
	return fields{"comments": list, "cursor": next, "has_more": s.more(more, moreType), "total": len(rows)}
}

// rowA is a comment of the older generation: opaque ids, numbers as strings, no work.
func rowA(c *comment) fields {
	row := fields{
		"comment_id": c.opaque(), "text": c.text, "create_time": strconv.FormatInt(c.at.Unix(), 10), "digg_count": strconv.FormatInt(c.likes, 10),
		"reply_count": strconv.Itoa(c.replies()), "level": min(c.level(), 2), "is_author": c.own(), "followed": false, "following": false,
		"status": 1, "user_info": userA(c.author), "user_bury": false, "user_digg": false,
	}
	if c.level() == 3 {
		row["reply_to_user_info"] = userA(c.parent.author)
	}
	return row
}

func userA(p *person) fields {
	return fields{"user_id": p.open(), "screen_name": p.nickname, "avatar_url": avatar(p)}
}

// rowB is a comment of the current generation.
func rowB(c *comment) fields {
	row := fields{
		"cid": c.id, "text": c.text, "aweme_id": c.work.id, "create_time": c.at.Unix(), "digg_count": c.likes, "status": 1, "user": userB(c.author),
		"reply_id": "0", "user_digged": 0, "reply_comment_total": c.replies(), "label_text": "", "label_type": -1, "level": c.level(),
		"image_list": nil, "ip_label": "浙江", "is_hot": false, "is_folded": false, "stick_position": 0, "is_author_digged": false,
		"item_comment_total": len(c.work.comments), "reply_to_reply_id": "0",
	}
	if c.own() {
		row["label_text"], row["label_type"] = "作者", 1
	}
	if c.image {
		row["image_list"] = []fields{{"origin_url": fields{"url_list": []string{"https://" + hostImages + "/photo/" + c.id + ".png"}}}}
	}
	if c.root != nil {
		row["reply_id"] = c.root.id
	}
	if c.level() == 3 {
		row["reply_to_reply_id"], row["reply_to_username"], row["reply_to_userid"] = c.parent.id, c.parent.author.nickname, c.parent.author.uid
	}
	return row
}

func userB(p *person) fields {
	return fields{
		"uid": p.uid, "sec_uid": p.sec(), "nickname": p.nickname, "unique_id": p.uniqueID,
		"avatar_thumb": fields{"uri": "aweme-avatar/" + p.uid, "url_list": []string{avatar(p)}},
	}
}

func avatar(p *person) string {
	return "https://" + hostImages + "/avatar/" + p.uid + ".svg?x-expires=1999999999"
}
