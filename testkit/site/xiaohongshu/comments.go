package xiaohongshu

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"troupe/testkit/site/stage"
)

const (
	commentsAPage = 10
	inlineReplies = 1 // so many replies come with their comment
)

func (s *Site) commentRoutes(mux *http.ServeMux) {
	s.routes(mux, map[string]call{
		at("GET", hostAPI, "/api/sns/web/v2/comment/page"):      s.commentPage,
		at("GET", hostAPI, "/api/sns/web/v2/comment/sub/page"):  s.subPage,
		at("POST", hostAPI, "/api/sns/web/v1/comment/post"):     s.postComment,
		at("POST", hostAPI, "/api/sns/web/v1/comment/delete"):   s.deleteOwn,
		at("GET", hostAPI, "/api/sns/web/v1/comment/post/info"): func(*owner, *http.Request) (any, *refusal) { return fields{}, nil },
	})
}

// cut takes one page of comments, with all the trouble that a page can have.
func (s *Site) cut(rows []*comment, cursor string, count int) (page []*comment, next string, more bool) {
	m := s.manners
	page, next, more = after(rows, cursor, count, func(c *comment) string { return c.id })
	page = slices.Clone(page)
	if before := find(rows, func(c *comment) bool { return c.id == cursor }); m.Duplicates && before != nil {
		page = slices.Insert(page, 0, before)
	}
	if m.Shuffled {
		slices.Reverse(page)
	}
	page = page[min(m.DroppedRows, len(page)):]
	if m.RepeatCursor && len(rows) > 0 {
		next, more = cursor, true
	}
	return page, next, more
}

// commentPage lists the comments of a note, newest first, each with its first replies.
func (s *Site) commentPage(o *owner, r *http.Request) (any, *refusal) {
	n := s.world.notes[r.FormValue("note_id")]
	if why := n.refused(); why != nil {
		return nil, why
	}
	rows := slices.DeleteFunc(newestFirst(n.comments), func(c *comment) bool { return c.root != nil || c.status != "" })
	page, next, more := s.cut(rows, r.FormValue("cursor"), commentsAPage)
	list := []fields{}
	for _, c := range page {
		row, below := commentRow(c), c.below()
		subs, subCursor, subMore := after(below, "", inlineReplies, func(c *comment) string { return c.id })
		inline := []fields{}
		for _, sub := range subs {
			inline = append(inline, commentRow(sub))
		}
		row["sub_comments"], row["sub_comment_count"] = inline, strconv.Itoa(len(below))
		row["sub_comment_has_more"], row["sub_comment_cursor"] = subMore, subCursor
		list = append(list, row)
	}
	return fields{"comments": list, "cursor": next, "has_more": more, "time": s.world.clock().UnixMilli(), "user_id": o.uid, "xsec_token": n.token()}, nil
}

// subPage lists the replies below a comment, oldest first.
func (s *Site) subPage(o *owner, r *http.Request) (any, *refusal) {
	root := s.world.comments[r.FormValue("root_comment_id")]
	if root == nil || root.status != "" {
		return nil, refuseGone
	}
	count, err := strconv.Atoi(r.FormValue("num"))
	if err != nil || count < 1 || count > 20 {
		count = commentsAPage
	}
	page, next, more := s.cut(root.below(), r.FormValue("cursor"), count)
	list := []fields{}
	for _, c := range page {
		list = append(list, commentRow(c))
	}
	return fields{"comments": list, "cursor": next, "has_more": more, "time": s.world.clock().UnixMilli(), "user_id": o.uid, "xsec_token": root.note.token()}, nil
}

func commentRow(c *comment) fields {
	row := fields{
		"id": c.id, "note_id": c.note.id, "content": c.text, "create_time": c.at.UnixMilli(), "like_count": strconv.FormatInt(c.likes, 10),
		"liked": false, "status": 0, "user_info": userRow(c.author), "ip_location": "浙江", "show_tags": []string{}, "at_users": []fields{},
	}
	if c.own() {
		row["show_tags"] = []string{"is_author"}
	}
	if c.picture {
		row["pictures"] = []fields{{"url_default": "https://" + hostImages + "/photo/" + c.id + ".png", "width": 160, "height": 120}}
	}
	if c.parent != nil {
		row["target_comment"] = fields{"id": c.parent.id, "user_info": userRow(c.parent.author)}
	}
	return row
}

// postComment writes what an owner says, and enters the attempt in the audit log either way.
func (s *Site) postComment(o *owner, r *http.Request) (any, *refusal) {
	var in struct {
		Note   string `json:"note_id"`
		Text   string `json:"content"`
		Target string `json:"target_comment_id"`
	}
	if !decode(r, &in) {
		return nil, refuseBad
	}
	v := stage.VisitOf(r)
	v.Entry.Detail = r.Header.Get("X-Typed")
	p := stage.Post{Kind: "comment", Text: in.Text, Work: in.Note, Target: in.Note}
	if in.Target != "" {
		p.Kind, p.Target = "reply", in.Target
	}
	n, parent := s.world.notes[in.Note], s.world.comments[in.Target]
	why := n.refused()
	if why == nil {
		why = mayPost(o, in.Text)
	}
	if why == nil && in.Target != "" && (parent == nil || parent.note != n || parent.status != "") {
		why = refuseGone
	}
	if why != nil {
		p.Code = why.code
		v.Posted(p)
		return nil, why
	}
	c := s.world.addComment(n, parent, o.person, in.Text, s.world.clock())
	p.ID = c.id
	v.Posted(p)
	return fields{"comment": commentRow(c), "time": c.at.UnixMilli(), "toast": "评论已发布"}, nil
}

func mayPost(o *owner, text string) *refusal {
	switch {
	case strings.TrimSpace(text) == "":
		return refuseBad
	case o.limits["comment"]:
		return refuseFast
	case o.limits["forbidden"]:
		return refuseComments
	case strings.Contains(text, "违规"):
		return refuseWords
	}
	return nil
}

// kindDelete is the audit's word for a comment that an owner deleted.
const kindDelete = "delete"

// deleteOwn lets an owner delete a comment under his notes.
func (s *Site) deleteOwn(o *owner, r *http.Request) (any, *refusal) {
	var in struct {
		ID string `json:"comment_id"`
	}
	if !decode(r, &in) {
		return nil, refuseBad
	}
	c := s.world.comments[in.ID]
	if c == nil || c.note.owner != o {
		return nil, refuseGone
	}
	stage.VisitOf(r).Note(kindDelete, c.id)
	s.world.deleteComment(c)
	return fields{}, nil
}
