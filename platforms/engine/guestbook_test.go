package engine_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"
)

// guestbook is a made-up site of plain HTML: no script, no JSON.
type guestbook struct {
	*httptest.Server
	mu      sync.Mutex
	entries []entry // newest first
	letters []letter
	posts   int
	refuse  bool
}

type entry struct {
	ID, By, Name, Text string
	At                 int64 // s
	Answers            []entry
}

type letter struct {
	entry
	With string
}

const (
	keeper   = "9001"
	perPage  = 5
	bookPass = "open sesame"
)

// newGuestbook opens the book with that many entries and letters with two people.
func newGuestbook(t *testing.T, entries int) *guestbook {
	t.Helper()
	b := &guestbook{}
	now := time.Now().Add(-time.Hour).Unix()
	for i := range entries {
		e := entry{ID: fmt.Sprintf("e%d", i), By: fmt.Sprintf("7%03d", i), Name: "路人", Text: fmt.Sprintf("第%d条", i), At: now - int64(i)}
		if i%4 == 0 {
			e.Answers = []entry{{ID: e.ID + "a", By: keeper, Name: "店主", Text: "谢谢", At: now}}
		}
		b.entries = append(b.entries, e)
	}
	for i := range 6 {
		with := []string{"8001", "8002"}[i%2]
		b.letters = append(b.letters, letter{entry{ID: fmt.Sprintf("l%d", i), By: with, Name: "客人" + with, Text: "在吗", At: now + int64(i)}, with})
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, _ *http.Request) { b.show(w, "login", "") })
	mux.HandleFunc("POST /login", b.enter)
	mux.HandleFunc("GET /home", b.inside("home", func(*http.Request) any { return nil }))
	mux.HandleFunc("GET /book", b.inside("book", b.page))
	mux.HandleFunc("GET /answer", b.inside("answer", b.one))
	mux.HandleFunc("POST /answer", b.inside("", b.answer))
	mux.HandleFunc("GET /letters", b.inside("letters", b.letterPage))
	mux.HandleFunc("POST /letters", b.inside("", b.write))
	b.Server = httptest.NewUnstartedServer(mux)
	b.StartTLS()
	t.Cleanup(b.Close)
	return b
}

// pin is what Chromium accepts the site's certificate by.
func (b *guestbook) pin() string {
	sum := sha256.Sum256(b.Certificate().RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (b *guestbook) enter(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("name") != "店主" || r.FormValue("password") != bookPass {
		b.show(w, "login", "名字或密码不对")
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "session", Value: "s1", Path: "/", Secure: true, HttpOnly: true})
	http.Redirect(w, r, "/home", http.StatusSeeOther)
}

// inside serves who is logged in: a page, or, after a post, the page it came from.
func (b *guestbook) inside(name string, data func(*http.Request) any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("session"); err != nil || c.Value != "s1" {
			http.Redirect(w, r, "/login", http.StatusSeeOther)
			return
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		if v := data(r); name != "" {
			b.show(w, name, v)
		} else if v != nil {
			b.show(w, "refused", v)
		} else {
			http.Redirect(w, r, r.URL.RequestURI(), http.StatusSeeOther)
		}
	}
}

func (b *guestbook) page(r *http.Request) any {
	n, _ := strconv.Atoi(r.FormValue("page"))
	from := min(n*perPage, len(b.entries))
	to := min(from+perPage, len(b.entries))
	next := 0
	if to < len(b.entries) {
		next = n + 1
	}
	return map[string]any{"Entries": b.entries[from:to], "Next": next}
}

func (b *guestbook) find(id string) *entry {
	for i := range b.entries {
		if b.entries[i].ID == id {
			return &b.entries[i]
		}
	}
	return &entry{}
}

func (b *guestbook) one(r *http.Request) any { return b.find(r.FormValue("entry")) }

func (b *guestbook) answer(r *http.Request) any {
	b.posts++
	if b.refuse {
		return "不能发表"
	}
	e := b.find(r.FormValue("entry"))
	e.Answers = append(e.Answers, entry{ID: fmt.Sprintf("n%d", b.posts), By: keeper, Name: "店主", Text: r.FormValue("text"), At: time.Now().Unix()})
	return nil
}

func (b *guestbook) letterPage(r *http.Request) any {
	counts := map[string]int{}
	var with []letter
	for _, l := range b.letters {
		counts[l.With]++
		if l.With == r.FormValue("with") {
			with = append(with, l)
		}
	}
	return map[string]any{"With": r.FormValue("with"), "Letters": with, "Peers": counts}
}

func (b *guestbook) write(r *http.Request) any {
	b.posts++
	b.letters = append(b.letters, letter{entry{ID: fmt.Sprintf("n%d", b.posts), By: keeper, Name: "店主", Text: r.FormValue("text"), At: time.Now().Unix()}, r.FormValue("with")})
	return nil
}

func (b *guestbook) show(w http.ResponseWriter, name string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := guestbookPages.ExecuteTemplate(w, name, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

var guestbookPages = template.Must(template.New("").Parse(`
{{define "login"}}<h1>留言簿</h1><p>{{.}}</p><form method="post" action="/login"><input name="name"><input name="password" type="password"><button id="enter">进入</button></form>{{end}}
{{define "home"}}<h1>你好 <span id="me" data-uid="9001">店主</span></h1><a href="/book">留言</a>{{end}}
{{define "said"}}<b>{{.Name}}</b><p>{{.Text}}</p>{{end}}
{{define "replies"}}<ul>{{range .}}<li class="reply" id="{{.ID}}" data-by="{{.By}}" data-at="{{.At}}">{{template "said" .}}</li>{{end}}</ul>{{end}}
{{define "book"}}<ol class="entries">{{range .Entries}}<li class="entry" data-by="{{.By}}" data-at="{{.At}}">{{template "said" .}}
 <a class="answer" href="/answer?entry={{.ID}}#{{.ID}}">回复</a>{{template "replies" .Answers}}</li>{{end}}</ol>
 {{if .Next}}<a class="next" href="/book?page={{.Next}}">下一页</a>{{end}}{{end}}
{{define "answer"}}<form method="post" action="/answer?entry={{.ID}}" data-entry="{{.ID}}">回复 <span id="to">{{.Name}}</span>
 <textarea name="text"></textarea><button id="send">发表</button></form>{{template "replies" .Answers}}{{end}}
{{define "refused"}}<p>{{.}}</p>{{end}}
{{define "letters"}}<ul class="peers">{{range $uid, $n := .Peers}}<li data-uid="{{$uid}}" data-count="{{$n}}">客人{{$uid}}</li>{{end}}</ul>
 {{if .With}}<h1 id="to" data-uid="{{.With}}">客人{{.With}}</h1><ol class="letters" data-uid="{{.With}}">
 {{range .Letters}}<li id="{{.ID}}" data-by="{{.By}}" data-at="{{.At}}">{{template "said" .}}</li>{{end}}</ol>
 <form method="post" action="/letters?with={{.With}}"><textarea name="text"></textarea><button id="send">寄出</button></form>{{end}}{{end}}
`))
