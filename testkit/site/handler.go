package site

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// visit is one request as the site sees it.
type visit struct {
	session *session // nil without a cookie that was ever valid
	conn    *countedConn
	entry   Entry
	reset   bool // end it by a TCP reset
}

type visitKey struct{}

func visitOf(r *http.Request) *visit { return r.Context().Value(visitKey{}).(*visit) }

// browserHandler serves all *.sandbox.test hosts: counted, audited, and behind the faults.
func (s *Site) browserHandler() http.Handler {
	mux := http.NewServeMux()
	s.pageRoutes(mux)
	s.apiRoutes(mux)
	s.loginRoutes(mux)
	mux.HandleFunc("GET "+hostPush+"/push", s.socket)
	imageRoutes(mux)
	s.publicRoutes(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := s.begin(r)
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		body := &countedBody{ReadCloser: r.Body}
		r.Body = body
		r = r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
		defer func() {
			e := v.entry
			e.TookMS, e.Body, e.Status = time.Since(e.At).Milliseconds(), body.n, rec.status
			s.audit.add(e)
			if v.reset {
				v.conn.reset()
				panic(http.ErrAbortHandler)
			}
		}()
		if !s.hold(r) {
			return
		}
		if _, err := r.Cookie(cookieGuest); err != nil {
			setCookie(rec, cookieGuest, randomToken(), 365*24*time.Hour, true)
		}
		rec.Header().Set("Cache-Control", "no-store")
		if s.turnedAway(rec, r, v) {
			return
		}
		mux.ServeHTTP(rec, r)
	})
}

// begin finds out who asks.
func (s *Site) begin(r *http.Request) *visit {
	v := &visit{conn: connOf(r), entry: Entry{
		At: time.Now(), Kind: KindRequest, Host: hostName(r), Method: r.Method, Path: r.URL.Path, Source: hostOf(r.RemoteAddr),
		UserAgent: r.UserAgent(), Device: r.Header.Get("X-SB-Device"),
	}}
	c, err := r.Cookie(cookieSession)
	if err != nil {
		return v
	}
	s.mu.Lock()
	v.session = s.sessions[c.Value]
	s.mu.Unlock()
	if v.session != nil {
		v.entry.Session, v.entry.Owner = v.session.name, v.session.owner.uid
		s.bytes.belongs(v.conn.stat, v.session.name, v.session.owner.uid)
	}
	return v
}

// turnedAway answers for those who may not see what they ask for: without a login, or behind a captcha.
func (s *Site) turnedAway(w http.ResponseWriter, r *http.Request, v *visit) bool {
	if v.entry.Host != hostCreator || open(r.URL.Path) {
		return false
	}
	s.mu.Lock()
	valid := v.session != nil && v.session.state == sessionValid
	silent := v.session != nil && v.session.state == sessionSilentlyOver
	captcha := valid && v.session.owner.captcha
	s.mu.Unlock()
	api := strings.HasPrefix(r.URL.Path, "/api/")
	switch {
	case captcha && api:
		writeJSON(w, map[string]any{"status_code": 9, "status_msg": "需要验证", "redirect": "/verify"})
	case captcha:
		http.Redirect(w, r, "/verify", http.StatusFound)
	case valid, silent && !api:
		return false
	case silent:
		writeJSON(w, map[string]any{"status_code": 8, "status_msg": "请先登录"})
	case api:
		writeJSON(w, map[string]any{"status_code": 8, "status_msg": "请先登录", "redirect": "/login"})
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

func hostName(r *http.Request) string {
	host, _, found := strings.Cut(r.Host, ":")
	if !found {
		return r.Host
	}
	return host
}

// recorder remembers the status; http.ResponseController reaches through it.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

type countedBody struct {
	io.ReadCloser
	n int64
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n += int64(n)
	return n, err
}

func setCookie(w http.ResponseWriter, name, value string, life time.Duration, httpOnly bool) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Domain: "sandbox.test", Path: "/", MaxAge: int(life / time.Second), Secure: true, HttpOnly: httpOnly,
		SameSite: http.SameSiteLaxMode,
	})
}

func buildOf(changed bool) string { return strconv.Itoa(map[bool]int{false: 1, true: 2}[changed]) }
