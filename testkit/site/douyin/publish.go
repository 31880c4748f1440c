package douyin

import (
	"net/http"
	"strings"

	"troupe/testkit/site/stage"
)

func (s *Site) publishRoutes(mux *http.ServeMux) {
	s.routes(mux, map[string]call{
		"POST " + hostCreator + "/aweme/v1/creator/comment/reply/{$}":                                         s.publishA,
		"POST " + hostCreator + "/web/api/third_party/aweme/api/comment/publish/aweme/v1/web/comment/publish": s.publishB,
		"POST " + hostWWW + "/aweme/v1/web/comment/publish":                                                   s.publishB,
		"POST " + hostCreator + "/aweme/v1/creator/comment/delete/{$}":                                        s.deleteOwn,
	})
}

// publishA is the older way to answer: opaque ids; comment_Id is empty for a comment on the work itself.
func (s *Site) publishA(o *owner, r *http.Request) (fields, *refusal) {
	c, why := s.publish(o, r, r.FormValue("item_id"), r.FormValue("comment_Id"))
	if why != nil {
		return nil, why
	}
	return fields{"comment_info": rowA(c)}, nil
}

// publishB answers reply_to_reply_id where it is set, else reply_id; "0" = the work itself.
func (s *Site) publishB(o *owner, r *http.Request) (fields, *refusal) {
	target := r.FormValue("reply_id")
	if deeper := r.FormValue("reply_to_reply_id"); deeper != "" && deeper != "0" {
		target = deeper
	}
	if target == "0" {
		target = ""
	}
	c, why := s.publish(o, r, r.FormValue("aweme_id"), target)
	if why != nil {
		return nil, why
	}
	return fields{"comment": rowB(c)}, nil
}

// publish writes what an owner says, and enters the attempt in the audit log either way.
func (s *Site) publish(o *owner, r *http.Request, workID, targetID string) (*comment, *refusal) {
	v := stage.VisitOf(r)
	v.Entry.Detail = r.Header.Get("X-Typed")
	text := r.FormValue("text")
	p := stage.Post{Kind: "comment", Text: text, Work: workID, Target: workID}
	k := o.work(workID)
	var parent *comment
	if k != nil {
		p.Work, p.Target = k.id, k.id
		parent = k.comment(targetID)
	}
	if targetID != "" {
		p.Kind, p.Target = "reply", targetID
		if parent != nil {
			p.Target = parent.id
		}
	}
	why := s.mayPublish(o, r, k, text)
	if why == nil && targetID != "" && (parent == nil || parent.hidden) {
		why = refuseGone
	}
	if why != nil {
		p.Code = why.code
		v.Posted(p)
		return nil, why
	}
	c := s.world.addComment(k, parent, o.person, text, s.world.clock())
	p.ID = c.id
	v.Posted(p)
	return c, nil
}

func (s *Site) mayPublish(o *owner, r *http.Request, k *work, text string) *refusal {
	csrf := cookieOf(r, cookieCSRF)
	switch {
	case csrf == "" || r.Header.Get("X-Secsdk-Csrf-Token") != csrf || strings.TrimSpace(text) == "":
		return refuseBad
	case k == nil:
		return refuseNoWork
	case o.limits["comment"]:
		return refuseOften
	case k.private:
		return refusePrivate
	case k.closed:
		return refuseClosed
	case strings.Contains(text, "违规"):
		return refuseWords
	}
	return nil
}

// deleteOwn lets an owner delete a comment under his works.
func (s *Site) deleteOwn(o *owner, r *http.Request) (fields, *refusal) {
	for _, k := range o.works {
		if c := k.comment(r.FormValue("comment_id")); c != nil {
			stage.VisitOf(r).Note(kindDelete, c.id)
			s.world.deleteComment(c)
			return fields{}, nil
		}
	}
	return nil, refuseGone
}

// kindDelete is the audit's word for a comment that an owner deleted.
const kindDelete = "delete"
