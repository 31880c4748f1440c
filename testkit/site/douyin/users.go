package douyin

import (
	"encoding/json"
	"net/http"
	"slices"

	"troupe/testkit/site/stage"
)

func (s *Site) userRoutes(mux *http.ServeMux) {
	s.routes(mux, map[string]call{
		"GET " + hostWWW + "/aweme/v1/web/query/user/{$}":               s.queryUser,
		"GET " + hostCreator + "/aweme/v1/creator/pc/user_info":         s.userInfo,
		"POST " + hostCreator + "/aweme/v1/creator/im/user_detail/{$}":  s.userDetail,
		"GET " + hostCreator + "/aweme/v1/creator/im/user_detail/{$}":   s.userDetail,
		"GET " + hostCreator + "/aweme/v1/creator/im/user_token/v2/{$}": s.userToken,
		"GET " + hostWWW + "/aweme/v1/web/im/user/info/{$}":             s.imUserInfo,
		"POST " + hostWWW + "/aweme/v1/web/im/user/info/{$}":            s.imUserInfo,
	})
}

func (s *Site) queryUser(o *owner, _ *http.Request) (fields, *refusal) {
	return fields{"id": o.uid, "user_uid": o.uid, "sec_uid": o.sec(), "user_nickname": o.nickname, "create_time": "1600000000", "user_unique_id": o.uniqueID}, nil
}

func (s *Site) userInfo(o *owner, _ *http.Request) (fields, *refusal) {
	u := userB(o.person)
	u["signature"], u["follower_count"], u["following_count"], u["aweme_count"] = o.signature, o.fans, o.following, len(o.works)
	return fields{"user_profile": u}, nil
}

// userDetail names people to the creator's chat page, by their uid.
func (s *Site) userDetail(o *owner, r *http.Request) (fields, *refusal) {
	var ids []string
	_ = json.Unmarshal([]byte(r.FormValue("user_ids")), &ids) // none asked for = all
	list := []fields{}
	for _, c := range o.convs {
		if c.group || ids != nil && !slices.Contains(ids, c.peer.uid) {
			continue
		}
		picture := fields{"url_list": []string{avatar(c.peer)}}
		list = append(list, fields{"user_id": c.peer.uid, "user": fields{
			"nickname": c.peer.nickname, "unique_id": c.peer.uniqueID, "ShortId": c.peer.uniqueID, "sec_uid": c.peer.sec(),
			"avatar_thumb": picture, "avatar_medium": picture, "avatar_large": picture,
		}})
	}
	return fields{"user_list": list}, nil
}

// userToken is what the private messages' other hosts know a login by. It is a secret.
func (s *Site) userToken(o *owner, r *http.Request) (fields, *refusal) {
	token := stage.Token()
	s.tokens[token] = stage.VisitOf(r).Session
	return fields{"token": token, "ts_sign": stage.Token(), "sdk_cert": stage.Token(), "user_id": o.uid}, nil
}

// imUserInfo names people to the home page; every fifth row lacks its uid, as some do on the real site.
func (s *Site) imUserInfo(o *owner, r *http.Request) (fields, *refusal) {
	var asked []string
	if json.Unmarshal([]byte(r.FormValue("sec_user_ids")), &asked) != nil {
		return nil, refuseBad
	}
	rows := []fields{}
	for _, c := range o.convs {
		if c.group || !slices.Contains(asked, c.peer.sec()) {
			continue
		}
		row := fields{
			"uid": c.peer.uid, "short_id": c.peer.uniqueID, "unique_id": c.peer.uniqueID, "sec_uid": c.peer.sec(), "nickname": c.peer.nickname,
			"remark_name": "", "follow_status": 1, "follower_status": 1, "avatar_thumb": fields{"url_list": []string{avatar(c.peer)}},
		}
		if len(rows)%5 == 4 {
			delete(row, "uid")
		}
		rows = append(rows, row)
	}
	return fields{"data": rows}, nil
}
