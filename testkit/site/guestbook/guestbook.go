// Package guestbook is a made-up site of plain HTML: no script, no JSON. Its owner logs in by name and password, publishes
// entries, and answers comments and letters by forms that load the page anew. What is said in it, its faults and its control
// API are talk's.
//
//	/login, /check         the login by name and password, and the captcha page
//	/desk                  who is logged in, the newest comments and letters
//	/entries?page=N        the owner's entries; /entry?id=ID has the form to comment on one
//	/comments?page=N       all comments, each with the number of its answers and a link to answer
//	/comment?id=ID&to=ID   one comment with its answers, and the form to answer it, or one of them
//	/letters?page=N        all letters; /thread?with=ID those with one person, a form, and a mark that they were read
//
// With the changed layout every class has another name. A refusal is a page with its words.
package guestbook

import (
	"embed"
	"errors"
	"html/template"
	"net/http"
	"strconv"

	"troupe/testkit/site/stage"
	"troupe/testkit/site/talk"
)

const (
	host    = "book.test"
	perPage = 6
	gone    = "这里什么也没有了"
)

//go:embed pages.html
var files embed.FS

var pages = template.Must(template.ParseFS(files, "pages.html"))

// Hosts are all names that the site answers to.
func Hosts() []string { return []string{host} }

// Start serves the site until Close.
func Start(o talk.Options) (*talk.Talk, error) {
	return talk.Open(o, talk.Venue{App: "留言簿", Hosts: Hosts(), Cookie: "session", Browser: browser})
}

type site struct{ *talk.Talk }

// view is what a page shows.
type view struct {
	Owner           talk.Person
	K               string // before every class: the layout
	Words           string // of a refusal
	Work            talk.Work
	Works           []talk.Work
	Comment, Target talk.Comment
	Comments        []told
	Answers         []talk.Comment
	With            talk.Person
	Letters         []talk.Letter
	Next            string // the link to the next page
}

// told is a comment in a list.
type told struct {
	talk.Comment
	Answers int
	Link    string // whose form its link leads to
}

func browser(t *talk.Talk) http.Handler {
	s := &site{t}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, _ *http.Request) { s.show(w, "login", view{}) })
	mux.HandleFunc("POST /login", s.login)
	mux.HandleFunc("GET /check", func(w http.ResponseWriter, _ *http.Request) { s.show(w, "check", view{}) })
	for path, data := range map[string]func(*http.Request) (view, error){
		"desk": s.desk, "entries": s.entries, "entry": s.entry, "comments": s.comments, "comment": s.comment, "letters": s.letters, "thread": s.thread,
	} {
		mux.HandleFunc("GET /"+path, s.inside(func(w http.ResponseWriter, r *http.Request) {
			stage.VisitOf(r).Note(stage.KindNavigation, r.URL.Path)
			v, err := data(r)
			if err != nil {
				w.WriteHeader(http.StatusNotFound)
				s.show(w, "refused", view{Words: gone})
				return
			}
			s.show(w, path, v)
		}))
	}
	mux.HandleFunc("POST /answer", s.inside(s.answer))
	mux.HandleFunc("POST /send", s.inside(s.send))
	return mux
}

func (s *site) show(w http.ResponseWriter, name string, v view) {
	v.Owner = s.Owner()
	if s.Faults().Changed {
		v.K = "v2-"
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = pages.ExecuteTemplate(w, name, v) // the reader may be gone
}

func (s *site) login(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("name") != s.Owner().Name || r.FormValue("password") != talk.Password {
		s.show(w, "login", view{Words: "名字或密码不对"})
		return
	}
	s.LogIn(w, r)
	http.Redirect(w, r, "/desk", http.StatusSeeOther)
}

// inside lets the logged-in owner in, if he is not to prove that he is a person.
func (s *site) inside(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch v := stage.VisitOf(r); {
		case !v.Session.Valid():
			http.Redirect(w, r, "/login", http.StatusSeeOther)
		case s.Faults().Captcha:
			http.Redirect(w, r, "/check", http.StatusSeeOther)
		default:
			h(w, r)
		}
	}
}

// answer posts a comment, and shows the page that it was written on again.
func (s *site) answer(w http.ResponseWriter, r *http.Request) {
	_, err := s.Write(stage.VisitOf(r), r.FormValue("entry"), r.FormValue("to"), r.FormValue("text"))
	s.posted(w, r, err)
}

func (s *site) send(w http.ResponseWriter, r *http.Request) {
	_, err := s.Send(stage.VisitOf(r), r.FormValue("with"), r.FormValue("text"))
	s.posted(w, r, err)
}

func (s *site) posted(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case stage.VisitOf(r).Reset:
	case errors.Is(err, stage.ErrGone):
		s.show(w, "refused", view{Words: gone})
	case err != nil:
		s.show(w, "refused", view{Words: err.Error()})
	default:
		http.Redirect(w, r, r.FormValue("back"), http.StatusSeeOther)
	}
}

// cut is a page of a list, newest first, and the link to the next.
func cut[T any](r *http.Request, all []T) (rows []T, next string) {
	n, _ := strconv.Atoi(r.FormValue("page")) // no number is the first page
	for i := len(all) - 1 - n*perPage; i >= 0; i-- {
		if len(rows) == perPage {
			return rows, r.URL.Path + "?page=" + strconv.Itoa(n+1)
		}
		rows = append(rows, all[i])
	}
	return rows, ""
}
