package douyin

import (
	"net/http"
	"strconv"
)

// feedRoutes serve what is none of the owner's business: recommended works and other people's comments.
func (s *Site) feedRoutes(mux *http.ServeMux) {
	s.routes(mux, map[string]call{
		"GET " + hostWWW + "/aweme/v1/web/tab/feed/{$}": s.feed,
	})
}

func (s *Site) feed(*owner, *http.Request) (fields, *refusal) {
	list := []fields{}
	for i := range 6 {
		if !s.manners.Noise {
			break
		}
		stranger := &person{uid: strconv.Itoa(8_800_000_000_001 + i), nickname: "推荐作者" + strconv.Itoa(i+1), uniqueID: "rec" + strconv.Itoa(i)}
		k := &work{
			id: strconv.Itoa(7_990_000_000_000_000_001 + i), title: "推荐作品", desc: "推荐作品 #热门", at: s.world.clock(), owner: &owner{person: stranger},
			plays: 1_000_000, likes: 90_000,
		}
		a := s.aweme(k)
		c := &comment{id: strconv.Itoa(7_991_000_000_000_000_001 + i), text: "别人作品下的评论", at: k.at, work: k, author: &person{uid: "8899", nickname: "陌生人"}}
		a["comment_list"] = []fields{rowB(c)}
		list = append(list, a)
	}
	return fields{"aweme_list": list, "has_more": 1}, nil
}
