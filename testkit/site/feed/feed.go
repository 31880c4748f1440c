// Package feed is "feed", a made-up site of one page: its HTML is empty, all it shows comes from a JSON API and from a
// WebSocket, and what is written goes through the page's form as JSON. People log in by phone number and code. What is
// said on it, its faults and its control API are talk's.
//
//	https://www.feed.test/               works, newest comments, newest letters; the page that listens to the socket
//	https://www.feed.test/post/ID        one work with its comments, answers and forms
//	https://www.feed.test/letters/ID     the letters with one person; opening it marks them as read
//	https://www.feed.test/login, /check  the login, and the captcha page
//	https://www.feed.test/api/...        me, posts, comments, letters (lists: ?after=ID, ?post=ID, ?with=ID), login
//	wss://live.feed.test/socket          {"event":"comment","comment":{...}}, and so for post and letter
//
// An answer that is no good says so by its HTTP status: 401 no login, 403 captcha, 410 gone, 422 words, 429 too often.
package feed

import (
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/coder/websocket"

	"troupe/testkit/site/stage"
	"troupe/testkit/site/talk"
)

const (
	host     = "www.feed.test"
	liveHost = "live.feed.test"
	perPage  = 20
)

//go:embed assets
var assets embed.FS

var shell = template.Must(template.ParseFS(assets, "assets/shell.html"))

// Hosts are all names that the site answers to.
func Hosts() []string { return []string{host, liveHost} }

// Start serves the site until Close.
func Start(o talk.Options) (*talk.Talk, error) {
	return talk.Open(o, talk.Venue{
		App: "动态", Hosts: Hosts(), Cookie: "feed_session", Domain: "feed.test", Browser: browser, Told: push,
	})
}

func browser(t *talk.Talk) http.Handler {
	mux := http.NewServeMux()
	s := &site{t}
	mux.HandleFunc("GET "+host+"/", s.page)
	mux.HandleFunc("GET "+host+"/app.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, assets, "assets/app.js") })
	mux.HandleFunc("POST "+host+"/api/login", s.login)
	mux.HandleFunc("GET "+host+"/api/me", s.api(func(*http.Request) (fields, error) { return fields{"me": t.Owner()}, nil }))
	mux.HandleFunc("GET "+host+"/api/posts", s.api(s.posts))
	mux.HandleFunc("GET "+host+"/api/comments", s.api(s.comments))
	mux.HandleFunc("GET "+host+"/api/letters", s.api(s.letters))
	mux.HandleFunc("POST "+host+"/api/comments", s.api(s.write))
	mux.HandleFunc("POST "+host+"/api/letters", s.api(s.send))
	mux.HandleFunc("POST "+host+"/api/read", s.api(func(r *http.Request) (fields, error) {
		stage.VisitOf(r).Note(stage.KindRead, r.FormValue("with"))
		return fields{}, nil
	}))
	mux.HandleFunc("GET "+liveHost+"/socket", s.socket)
	return mux
}

type site struct{ *talk.Talk }

type fields map[string]any

// page is the same empty one for every address; only who may not see it is sent elsewhere.
func (s *site) page(w http.ResponseWriter, r *http.Request) {
	v, f := stage.VisitOf(r), s.Faults()
	v.Note(stage.KindNavigation, r.URL.Path)
	in := v.Session.Valid()
	switch path := r.URL.Path; {
	case !in && path != "/login":
		http.Redirect(w, r, "/login", http.StatusFound)
	case in && f.Captcha && path != "/check":
		http.Redirect(w, r, "/check", http.StatusFound)
	default:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = shell.Execute(w, f) // the reader may be gone
	}
}

// api answers a call of a logged-in owner.
func (s *site) api(call func(*http.Request) (fields, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, f := stage.VisitOf(r), s.Faults()
		switch {
		case !v.Session.Valid():
			refuse(w, http.StatusUnauthorized, "请先登录")
			return
		case f.Captcha:
			refuse(w, http.StatusForbidden, "需要验证")
			return
		}
		out, err := call(r)
		switch {
		case v.Reset:
		case errors.Is(err, talk.ErrOften):
			refuse(w, http.StatusTooManyRequests, err.Error())
		case errors.Is(err, talk.ErrWords):
			refuse(w, http.StatusUnprocessableEntity, err.Error())
		case err != nil:
			refuse(w, http.StatusGone, "已被删除")
		default:
			stage.WriteJSON(w, named(f, out))
		}
	}
}

func refuse(w http.ResponseWriter, status int, words string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	stage.WriteJSON(w, fields{"error": words})
}

// named gives the keys the names of the layout.
func named(f talk.Faults, out fields) fields {
	if !f.Changed {
		return out
	}
	other := make(fields, len(out))
	for key, v := range out {
		other[key+"_v2"] = v
	}
	return other
}

// login takes the phone number first, and then the code with it.
func (s *site) login(w http.ResponseWriter, r *http.Request) {
	var in struct{ Phone, Code string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Phone != talk.Phone {
		refuse(w, http.StatusUnprocessableEntity, "号码不对")
		return
	}
	switch in.Code {
	case "":
	case talk.Code:
		s.LogIn(w, r)
	default:
		refuse(w, http.StatusUnprocessableEntity, "验证码不对")
		return
	}
	stage.WriteJSON(w, fields{"ok": true})
}

// list is a page of rows, newest first, from behind the one that was asked for.
func list[T any](r *http.Request, name string, all []T, id func(T) string, row func(T) fields, keep func(T) bool) (fields, error) {
	rows := []fields{}
	skip, more := r.FormValue("after"), false
	for _, one := range slices.Backward(all) {
		switch {
		case !keep(one):
		case skip != "":
			if id(one) == skip {
				skip = ""
			}
		case len(rows) == perPage:
			more = true
		default:
			rows = append(rows, row(one))
		}
	}
	return fields{name: rows, "more": more}, nil
}

func (s *site) posts(r *http.Request) (fields, error) {
	return list(r, "posts", s.Works(), func(w talk.Work) string { return w.ID }, s.post, func(talk.Work) bool { return true })
}

func (s *site) comments(r *http.Request) (fields, error) {
	post := r.FormValue("post")
	return list(r, "comments", s.Comments(), func(c talk.Comment) string { return c.ID }, comment, func(c talk.Comment) bool { return post == "" || c.Work == post })
}

func (s *site) letters(r *http.Request) (fields, error) {
	with := r.FormValue("with")
	return list(r, "letters", s.Letters(), func(l talk.Letter) string { return l.ID }, letter, func(l talk.Letter) bool { return with == "" || l.With.ID == with })
}

func (s *site) post(w talk.Work) fields {
	return fields{"id": w.ID, "title": w.Title, "by": s.Owner(), "at": w.At.Unix()}
}

func comment(c talk.Comment) fields {
	return fields{"id": c.ID, "post": c.Work, "root": c.Root, "to": c.To, "by": c.By, "text": c.Text, "at": c.At.Unix()}
}

func letter(l talk.Letter) fields {
	return fields{"id": l.ID, "with": l.With, "own": l.Own, "text": l.Text, "at": l.At.Unix()}
}

func (s *site) write(r *http.Request) (fields, error) {
	var in struct{ Post, To, Text string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, talk.ErrWords
	}
	c, err := s.Write(stage.VisitOf(r), in.Post, in.To, in.Text)
	return fields{"comment": comment(c)}, err
}

func (s *site) send(r *http.Request) (fields, error) {
	var in struct{ With, Text string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, talk.ErrWords
	}
	l, err := s.Send(stage.VisitOf(r), in.With, in.Text)
	return fields{"letter": letter(l)}, err
}

const channel = "live"

func (s *site) socket(w http.ResponseWriter, r *http.Request) {
	v := stage.VisitOf(r)
	if !v.Session.Valid() || s.Faults().Captcha {
		refuse(w, http.StatusUnauthorized, "请先登录")
		return
	}
	v.ServeSocket(w, r, channel, &websocket.AcceptOptions{OriginPatterns: []string{host}}, nil)
}

// push tells the open pages what is new.
func push(t *talk.Talk, n talk.News) {
	s := &site{t}
	out := fields{}
	switch {
	case n.Work != nil:
		out = fields{"event": "post", "post": s.post(*n.Work)}
	case n.Comment != nil:
		out = fields{"event": "comment", "comment": comment(*n.Comment)}
	case n.Letter != nil:
		out = fields{"event": "letter", "letter": letter(*n.Letter)}
	}
	var b strings.Builder
	if err := json.NewEncoder(&b).Encode(named(t.Faults(), out)); err != nil {
		panic(err) // the rows are ours
	}
	t.Push(t.Owner().ID, channel, stage.Frame{Data: []byte(b.String())})
}
