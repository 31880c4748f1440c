package douyin

import (
	"net/http"
	"time"

	"troupe/testkit/site/stage"
)

// The site's cookies, all of .douyin.com.
const (
	cookieGuest   = "ttwid" // everybody has it; not a login
	cookieSession = "sessionid"
	cookieCSRF    = "passport_csrf_token"
	cookieTicket  = "passport_mfa_token" // while a verification code is asked for
	sessionLife   = 60 * 24 * time.Hour
)

func setCookie(w http.ResponseWriter, name, value string, life time.Duration, httpOnly bool) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Domain: "douyin.com", Path: "/", MaxAge: int(life / time.Second), Secure: true, HttpOnly: httpOnly,
		SameSite: http.SameSiteLaxMode,
	})
}

func cookieOf(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// sessionOf finds whose request it is.
func (s *Site) sessionOf(r *http.Request) *stage.Session {
	return s.SessionOf(cookieOf(r, cookieSession))
}

// refusal is a status_code other than 0, with the words that the page shows.
type refusal struct {
	code int
	text string
}

// Of these codes only 15421 was seen on the real site; the words of the others are of its kind.
var (
	refuseLogin    = &refusal{8, "用户未登录，请先登录"}
	refuseOften    = &refusal{9, "操作过于频繁，请稍后再试"}
	refuseBad      = &refusal{5, "参数不合法"}
	refuseGone     = &refusal{3053, "评论不存在或已被删除，评论失败"}
	refuseWords    = &refusal{3056, "内容涉嫌违规，发送失败"}
	refuseClosed   = &refusal{3057, "作者已关闭评论，无法评论"}
	refusePrivate  = &refusal{15421, "私密作品无法评论"}
	refuseNoWork   = &refusal{2053, "作品不存在"}
	refuseStranger = &refusal{7174, "对方未关注你，暂时无法发送更多消息"}
	refuseRisk     = &refusal{7290, "为保护账号安全，请前往手机端查看该会话"}
)

// call is one JSON call of a logged-in owner. It runs with Site.mu held and returns the answer's keys.
type call func(o *owner, r *http.Request) (fields, *refusal)

// answer runs a call under the lock and writes what it says.
func (s *Site) answer(c call) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := stage.VisitOf(r)
		if err := r.ParseForm(); err != nil {
			return // the page went away
		}
		s.mu.Lock()
		o, why := s.asker(v)
		var keys fields
		switch {
		case o != nil && (o.captcha == "page" || o.captcha == "text"):
			s.mu.Unlock()
			return // 200 without a body, as the real site does
		case why != nil:
		case o.limits["list"] && r.Method == http.MethodGet:
			why = refuseOften
		default:
			keys, why = c(o, r)
		}
		s.mu.Unlock()
		if v.Reset {
			return
		}
		if why != nil {
			keys = fields{"status_code": why.code, "status_msg": why.text}
			if why == refuseLogin && !v.Session.SilentlyOver() && stage.HostName(r) == hostCreator {
				keys["login_url"] = "https://" + hostCreator + "/"
			}
			stage.WriteJSON(w, keys)
			return
		}
		keys["status_code"], keys["status_msg"] = 0, ""
		stage.WriteJSON(w, keys)
	}
}

// asker is the owner whose valid session asks. Site.mu is held.
func (s *Site) asker(v *stage.Visit) (*owner, *refusal) {
	if !v.Session.Valid() {
		return nil, refuseLogin
	}
	return s.world.owner(v.Session.Owner), nil
}

// more is has_more in the type that is asked for: own is the address's own.
func (s *Site) more(has bool, own string) any {
	kind := s.manners.HasMore
	if kind == "own" {
		kind = own
	}
	n := 0
	if has {
		n = 1
	}
	switch kind {
	case "int":
		return n
	case "str":
		return []string{"0", "1"}[n]
	}
	return has
}

// routes adds calls under their host and path.
func (s *Site) routes(mux *http.ServeMux, calls map[string]call) {
	for route, c := range calls {
		mux.HandleFunc(route, s.answer(c))
	}
}
