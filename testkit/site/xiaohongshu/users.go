package xiaohongshu

import "net/http"

func (s *Site) userRoutes(mux *http.ServeMux) {
	mux.HandleFunc(at("GET", hostAPI, "/api/sns/web/v2/user/me"), s.answer(s.me))
	s.routes(mux, map[string]call{
		at("GET", hostAPI, "/api/sns/web/v1/user/selfinfo"):              s.selfInfo,
		at("GET", hostCreator, "/api/galaxy/user/info"):                  s.creatorInfo,
		at("GET", hostCreator, "/api/galaxy/creator/home/personal_info"): s.personalInfo,
	})
}

func avatar(p *person) string {
	return "https://" + hostAvatars + "/avatar/" + p.uid + ".svg?x-expires=1999999999"
}

func userRow(p *person) fields {
	return fields{"user_id": p.uid, "nickname": p.nickname, "image": avatar(p), "avatar": avatar(p), "xsec_token": "AB" + opaque("user", p.uid) + "="}
}

// me is whose session it is.
func (s *Site) me(o *owner, _ *http.Request) (any, *refusal) {
	return fields{
		"guest": false, "user_id": o.uid, "red_id": o.redID, "nickname": o.nickname, "desc": o.desc, "gender": 2, "images": avatar(o.person),
		"imageb": avatar(o.person),
	}, nil
}

func (s *Site) selfInfo(o *owner, _ *http.Request) (any, *refusal) {
	return fields{
		"basic_info": fields{"nickname": o.nickname, "red_id": o.redID, "desc": o.desc, "imageb": avatar(o.person), "images": avatar(o.person), "ip_location": "浙江"},
		"interactions": []fields{
			{"type": "follows", "name": "关注", "count": amount(o.follows)},
			{"type": "fans", "name": "粉丝", "count": amount(o.fans)},
			{"type": "interaction", "name": "获赞与收藏", "count": amount(o.liked)},
		},
		"result": fields{"success": true, "code": 0},
	}, nil
}

func (s *Site) creatorInfo(o *owner, _ *http.Request) (any, *refusal) {
	return fields{"userId": o.uid, "userName": o.nickname, "userAvatar": avatar(o.person), "redId": o.redID, "role": "creator", "permissions": []string{"creatorCollege"}}, nil
}

func (s *Site) personalInfo(o *owner, _ *http.Request) (any, *refusal) {
	return fields{
		"name": o.nickname, "avatar": avatar(o.person), "red_num": o.redID, "personal_desc": o.desc, "fans_count": o.fans, "follow_count": o.follows,
		"faved_count": o.liked, "grow_info": fields{"level": 1},
	}, nil
}
