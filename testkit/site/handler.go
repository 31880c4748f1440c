package site

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"troupe/testkit/site/stage"
)

// The site's cookies.
const (
	cookieSession = "sb_session"
	cookieCSRF    = "sb_csrf"
	cookieGuest   = "sb_guest"
	sessionLife   = 30 * 24 * time.Hour
)

// browserHandler serves all *.sandbox.test hosts.
func (s *Site) browserHandler() http.Handler {
	mux := http.NewServeMux()
	s.pageRoutes(mux)
	s.apiRoutes(mux)
	s.loginRoutes(mux)
	mux.HandleFunc("GET "+hostPush+"/push", s.socket)
	stage.Pictures(mux, hostImages)
	s.publicRoutes(mux)
	s.mischiefRoutes(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := stage.VisitOf(r)
		v.Entry.Device = r.Header.Get("X-SB-Device")
		if _, err := r.Cookie(cookieGuest); err != nil {
			setCookie(w, cookieGuest, stage.Token(), 365*24*time.Hour, true)
		}
		w.Header().Set("Cache-Control", "no-store")
		if !s.turnedAway(w, r, v) && !s.flooded(w, r) {
			mux.ServeHTTP(w, r)
		}
	})
}

// turnedAway answers for those who may not see what they ask for: without a login, or behind a captcha.
func (s *Site) turnedAway(w http.ResponseWriter, r *http.Request, v *stage.Visit) bool {
	if v.Entry.Host != hostCreator || open(r.URL.Path) {
		return false
	}
	s.mu.Lock()
	valid, silent := v.Session.Valid(), v.Session.SilentlyOver()
	captcha := valid && s.ownerOf(v).captcha
	s.mu.Unlock()
	api := strings.HasPrefix(r.URL.Path, "/api/")
	switch {
	case captcha && api:
		stage.WriteJSON(w, map[string]any{"status_code": 9, "status_msg": "需要验证", "redirect": "/verify"})
	case captcha:
		http.Redirect(w, r, "/verify", http.StatusFound)
	case valid, silent && !api:
		return false
	case silent:
		stage.WriteJSON(w, map[string]any{"status_code": 8, "status_msg": "请先登录"})
	case api:
		stage.WriteJSON(w, map[string]any{"status_code": 8, "status_msg": "请先登录", "redirect": "/login"})
	default:
		http.Redirect(w, r, "/login", http.StatusFound)
	}
	return true
}

// open says whether a creator path is for everybody.
func open(path string) bool {
	for _, prefix := range []string{"/static/", "/login", "/api/login/", "/verify", "/api/verify/", "/favicon.ico"} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

func setCookie(w http.ResponseWriter, name, value string, life time.Duration, httpOnly bool) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Domain: "sandbox.test", Path: "/", MaxAge: int(life / time.Second), Secure: true, HttpOnly: httpOnly,
		SameSite: http.SameSiteLaxMode,
	})
}

func buildOf(changed bool) string { return strconv.Itoa(map[bool]int{false: 1, true: 2}[changed]) }
