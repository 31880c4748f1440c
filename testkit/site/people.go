package site

import (
	"html/template"
	"net/http"
)

var peoplePages = template.Must(template.New("").Funcs(template.FuncMap{"time": hourMinute}).ParseFS(assets, "assets/people/*.html"))

// peopleRoutes are the visitors' view on the plain listener, and the control API.
func (s *Site) peopleRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", s.publicPage)
	mux.HandleFunc("POST /say", s.visitorSays)
	mux.HandleFunc("GET /static/{file}", func(w http.ResponseWriter, r *http.Request) {
		serveAsset(w, r, r.PathValue("file"), false)
	})
	s.controlRoutes(mux)
}

// publicRoutes are what visitors see at www.sandbox.test: the same page, to read only.
func (s *Site) publicRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET "+hostPublic+"/{$}", s.publicPage)
	mux.HandleFunc("GET "+hostPublic+"/work/{id}", s.publicPage)
	mux.Handle("GET "+hostPublic+"/login", http.RedirectHandler("https://"+hostCreator+"/login", http.StatusFound))
	mux.HandleFunc("GET "+hostPublic+"/static/{file}", func(w http.ResponseWriter, r *http.Request) {
		serveAsset(w, r, r.PathValue("file"), false)
	})
}

type publicWork struct {
	Work
	Comments []Comment
}

type publicOwner struct {
	Owner
	Works    []publicWork
	Messages []Message
}

// publicPage shows owners and works with what is written below them, newest work first.
func (s *Site) publicPage(w http.ResponseWriter, r *http.Request) {
	only, private := r.PathValue("id"), "http://"+r.Host == s.PhoneURL()
	var owners []publicOwner
	s.mu.Lock()
	for _, o := range s.world.owners {
		shown := publicOwner{Owner: o.row()}
		for i := len(o.works) - 1; i >= 0; i-- {
			if k := o.works[i]; only == "" || k.id == only {
				shown.Works = append(shown.Works, publicWork{k.row(), thread(k)})
			}
		}
		for _, c := range o.convs {
			if private {
				shown.Messages = append(shown.Messages, rowsOf[*message, Message](c.messages)...)
			}
		}
		owners = append(owners, shown)
	}
	s.mu.Unlock()
	render(w, "public.html", map[string]any{"Owners": owners, "Private": private})
}

// thread orders a work's comments for reading: newest first, each with its replies below it.
func thread(k *work) []Comment {
	var rows []Comment
	for i := len(k.comments) - 1; i >= 0; i-- {
		root := k.comments[i]
		if root.root != nil {
			continue
		}
		rows = append(rows, root.row())
		for _, c := range k.comments {
			if c.root == root {
				rows = append(rows, c.row())
			}
		}
	}
	return rows
}

// visitorSays takes what a person writes as a visitor on the plain page.
func (s *Site) visitorSays(w http.ResponseWriter, r *http.Request) {
	author, text := r.FormValue("author"), r.FormValue("text")
	if author == "" {
		author = "我"
	}
	var err error
	switch {
	case text == "":
	case r.FormValue("work") != "":
		_, err = s.AddComment(NewComment{Work: r.FormValue("work"), ReplyTo: r.FormValue("reply_to"), Author: author, Text: text})
	default:
		_, err = s.AddMessage(NewMessage{Owner: r.FormValue("owner"), Author: author, Text: text})
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func render(w http.ResponseWriter, name string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = peoplePages.ExecuteTemplate(w, name, data) // the reader may be gone; the templates are tested
}
