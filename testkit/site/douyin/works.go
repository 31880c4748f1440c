package douyin

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

func (s *Site) workRoutes(mux *http.ServeMux) {
	s.routes(mux, map[string]call{
		"GET " + hostCreator + "/janus/douyin/creator/pc/work_list":    s.workList,
		"GET " + hostCreator + "/aweme/v1/creator/item/list/{$}":       s.itemList,
		"GET " + hostWWW + "/aweme/v1/web/aweme/detail/":               s.awemeDetail,
		"GET " + hostWWW + "/aweme/v1/web/aweme/post/":                 s.workList,
		"GET " + hostCreator + "/aweme/v1/creator/data/overview/total": s.overview,
	})
	mux.HandleFunc("GET "+hostCreator+"/aweme/v1/creator/item/list", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/aweme/v1/creator/item/list/?"+r.URL.RawQuery, http.StatusMovedPermanently)
	})
}

// pageOf cuts one page out of rows, newest first; the cursor is how many came before.
func pageOf[T any](rows []T, r *http.Request, key string, most int) (page []T, next int, more bool) {
	from, _ := strconv.Atoi(r.FormValue(key))
	count, err := strconv.Atoi(r.FormValue("count"))
	if err != nil || count < 1 || count > most {
		count = most
	}
	from = min(max(from, 0), len(rows))
	to := min(from+count, len(rows))
	return rows[from:to], to, to < len(rows)
}

func newestFirst[T any](rows []T) []T {
	turned := slices.Clone(rows)
	slices.Reverse(turned)
	return turned
}

func (s *Site) workList(o *owner, r *http.Request) (fields, *refusal) {
	page, next, more := pageOf(newestFirst(o.works), r, "max_cursor", 12)
	list, items := []fields{}, []fields{}
	for _, k := range page {
		list = append(list, s.aweme(k))
		items = append(items, fields{"id": k.id, "metrics": metrics(k)})
	}
	from, _ := strconv.Atoi(r.FormValue("max_cursor"))
	return fields{
		"aweme_list": list, "items": items, "has_more": s.more(more, "bool"), "max_cursor": next, "min_cursor": from, "total": len(o.works),
	}, nil
}

// metrics are strings on the creator's works page.
func metrics(k *work) fields {
	text := func(n int64) string { return strconv.FormatInt(n, 10) }
	return fields{
		"view_count": text(k.plays), "like_count": text(k.likes), "comment_count": strconv.Itoa(len(k.comments)), "share_count": text(k.shares),
		"favorite_count": text(k.collects), "completion_rate": "0.3127", "bounce_rate_2s": "0.2214", "avg_view_second": "12.6",
		"like_rate": fmt.Sprintf("%.4f", float64(k.likes)/float64(max(k.plays, 1))),
	}
}

func (s *Site) aweme(k *work) fields {
	cover := fields{"uri": "tos-cn/" + k.id, "url_list": []string{"https://" + hostImages + "/cover/" + k.id + ".svg?x-expires=1999999999"}}
	link := "/video/"
	if k.kind == 68 {
		link = "/note/"
	}
	a := fields{
		"aweme_id": k.id, "item_id": k.opaque(), "sec_item_id": k.opaque(), "desc": k.desc, "item_title": k.title, "create_time": k.at.Unix(),
		"duration": 42_000, "aweme_type": k.kind, "Cover": cover, "author": userB(k.owner.person), "author_user_id": number(k.owner.uid),
		"share_url":  "https://www.iesdouyin.com/share" + link + k.id + "/?region=CN",
		"statistics": fields{"aweme_id": k.id, "play_count": k.plays, "digg_count": k.likes, "comment_count": len(k.comments), "share_count": k.shares, "collect_count": k.collects, "forward_count": 0},
		"status":     fields{"is_delete": false, "allow_comment": !k.closed, "is_private": k.private, "in_reviewing": k.checking},
		"video": fields{
			"cover":     cover,
			"play_addr": fields{"url_list": []string{"https://" + hostVideos + "/video/" + k.id + ".mp4"}},
		},
	}
	if k.kind == 68 {
		a["images"] = []fields{{"url_list": []string{"https://" + hostImages + "/photo/" + k.id + ".png"}}}
	}
	return a
}

// itemList is the older list of works: opaque and plain id, and the time in words.
func (s *Site) itemList(o *owner, r *http.Request) (fields, *refusal) {
	page, next, more := pageOf(newestFirst(o.works), r, "cursor", 20)
	list := []fields{}
	for _, k := range page {
		list = append(list, fields{
			"item_id": k.opaque(), "item_id_plain": k.id, "title": k.title, "cover_image_url": "https://" + hostImages + "/cover/" + k.id + ".svg",
			"create_time": k.at.In(beijing).Format("发布于2006年01月02日 15:04"), "comment_count": strconv.Itoa(len(k.comments)),
		})
	}
	return fields{"item_info_list": list, "cursor": strconv.Itoa(next), "has_more": s.more(more, "bool"), "total_count": len(o.works)}, nil
}

// awemeDetail is one work, the owner's or a stranger's.
func (s *Site) awemeDetail(o *owner, r *http.Request) (fields, *refusal) {
	k := s.world.works[r.FormValue("aweme_id")]
	if k == nil || k.private && k.owner != o {
		return nil, refuseNoWork
	}
	return fields{"aweme_detail": s.aweme(k)}, nil
}

// overview is the account's numbers on the creator's home.
func (s *Site) overview(o *owner, _ *http.Request) (fields, *refusal) {
	var plays, likes int64
	for _, k := range o.works {
		plays, likes = plays+k.plays, likes+k.likes
	}
	return fields{"data": fields{"play_count": plays, "digg_count": likes, "fans_count": o.fans, "work_count": len(o.works)}}, nil
}
