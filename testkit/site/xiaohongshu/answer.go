package xiaohongshu

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"troupe/testkit/site/stage"
)

// fields is an object of JSON.
type fields = map[string]any

// The site's cookies, all of .xiaohongshu.com.
const (
	cookieBrowser = "a1"          // everybody has it; names the browser
	cookieSession = "web_session" // everybody has it; a login changes its value
	cookieCreator = "galaxy_creator_session_id"
	sessionLife   = 30 * 24 * time.Hour
)

func setCookie(w http.ResponseWriter, name, value string, httpOnly bool) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Domain: "xiaohongshu.com", Path: "/", MaxAge: int(sessionLife / time.Second), Secure: true, HttpOnly: httpOnly,
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

// refusal is an answer that is none: a code, the words that the page shows, and the HTTP status (0 = 200).
type refusal struct {
	code   int
	text   string
	status int
}

// The codes of risks, of a login that is over and of missing notes were seen on the real site; the others are of their kind.
var (
	refuseLogin    = &refusal{code: -100, text: "登录已过期"}
	refuseUnsigned = &refusal{code: -1, text: "", status: http.StatusNotAcceptable}
	refuseBad      = &refusal{code: -1, text: "参数错误"}
	refuseOften    = &refusal{code: 300013, text: "访问频繁，请稍后再试"}
	refuseFast     = &refusal{code: -9043, text: "评论过快"}
	refuseComments = &refusal{code: -9106, text: "你已被禁止评论"}
	refuseWords    = &refusal{code: -9119, text: "评论含有违规内容"}
	refuseGone     = &refusal{code: -9123, text: "评论已被删除"}
	refuseMissing  = &refusal{code: -510000, text: "笔记不存在"}
	refuseMessage  = &refusal{code: -20001, text: "发送太频繁，请稍后再试"}
	refuseStranger = &refusal{code: -20006, text: "对方关注或回复你之前，24小时内最多只能发1条文字消息"}
)

// risk says what stands before an owner's calls.
var riskAnswers = map[string]*refusal{
	"461":    {code: 461, text: "请通过验证", status: 461},
	"471":    {code: 471, text: "请通过验证", status: 471},
	"406":    refuseUnsigned,
	"300011": {code: 300011, text: "检测到帐号异常，请稍后重试"},
	"300012": {code: 300012, text: "IP存在风险，请切换可靠网络环境后重试"},
	"300015": {code: 300015, text: "浏览器环境异常，请更换浏览器后重试"},
}

// call is one JSON call of a logged-in owner. It runs with Site.mu held and returns the answer's data.
type call func(o *owner, r *http.Request) (any, *refusal)

// answer runs a call under the lock and writes what it says.
func (s *Site) answer(c call) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := stage.VisitOf(r)
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil {
			return // the page went away
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		s.mu.Lock()
		data, why := s.ask(c, v, r)
		s.mu.Unlock()
		if !v.Reset {
			write(w, data, why)
		}
	}
}

// ask lets a call through, or says why not. Site.mu is held.
func (s *Site) ask(c call, v *stage.Visit, r *http.Request) (any, *refusal) {
	if stage.HostName(r) == hostAPI && !ofCreator(r) && r.Header.Get("X-S") == "" {
		return nil, refuseUnsigned
	}
	if !v.Session.Valid() {
		return nil, refuseLogin
	}
	o := s.world.owner(v.Session.Owner)
	if why := riskAnswers[o.risk]; why != nil {
		return nil, why
	}
	if o.limits["list"] && r.Method == http.MethodGet {
		return nil, refuseOften
	}
	return c(o, r)
}

// write answers in the envelope that all JSON of the site has.
func write(w http.ResponseWriter, data any, why *refusal) {
	if why == nil {
		stage.WriteJSON(w, fields{"code": 0, "success": true, "msg": "成功", "data": data})
		return
	}
	if why.status == 461 || why.status == 471 {
		w.Header().Set("Verifytype", "102")
		w.Header().Set("Verifyuuid", stage.Token())
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if why.status != 0 {
		w.WriteHeader(why.status)
	}
	stage.WriteJSON(w, fields{"code": why.code, "success": false, "msg": why.text, "data": fields{}})
}

// decode reads the JSON that a page posted.
func decode(r *http.Request, into any) bool {
	return json.NewDecoder(r.Body).Decode(into) == nil
}

// routes adds calls under their method, host and path.
func (s *Site) routes(mux *http.ServeMux, calls map[string]call) {
	for route, c := range calls {
		mux.HandleFunc(route, s.answer(c))
	}
}

// at makes a route of a method, a host, and a path that is exact.
func at(method, host, path string) string { return strings.Join([]string{method, " ", host, path}, "") }
