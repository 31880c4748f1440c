package xiaohongshu

import (
	"embed"
	"html/template"
	"net/http"
	"strings"

	"troupe/testkit/site/stage"
)

//go:embed assets
var assets embed.FS

var shell = template.Must(template.ParseFS(assets, "assets/shell.html"))

// scripts are what each application loads, in one file.
var scripts = map[string][]string{
	"www":     {"kit", "state", "list", "stage", "login", "explore", "notification", "comments", "note", "chat", "www"},
	"creator": {"kit", "stage", "login", "manager", "creator"},
	"captcha": {"kit", "captcha"},
}

// app is what a page is told when it is opened.
type app struct {
	Title   string    `json:"-"`
	Script  string    `json:"-"`
	Build   uint64    `json:"build"`
	Manners Behaviour `json:"manners"`
	Me      *Owner    `json:"me"`     // nil = a guest
	Risk    string    `json:"risk"`   // what stands before the owner
	Note    any       `json:"note"`   // of a note's page that comes with its note
	Shown   *shown    `json:"shown"`  // of a note's page whose note cannot be looked at
	NoteID  string    `json:"noteId"` // of a note's page
	Unread  any       `json:"unread"` // counts of notifications
}

// shown is what a page says instead of a note.
type shown struct {
	Class string `json:"class"`
	Text  string `json:"text"`
}

func (s *Site) pageRoutes(mux *http.ServeMux) {
	mux.Handle("GET "+hostWWW+"/{$}", http.RedirectHandler("/explore", http.StatusFound))
	for _, path := range []string{"/explore", "/notification", "/chat", "/chat/{peer}", "/user/profile/{uid}"} {
		mux.HandleFunc(at("GET", hostWWW, path), func(w http.ResponseWriter, r *http.Request) {
			s.show(w, r, app{Title: "小红书 - 你的生活兴趣社区", Script: "www"})
		})
	}
	mux.HandleFunc(at("GET", hostWWW, "/explore/{id}"), s.notePage)
	mux.HandleFunc(at("GET", hostWWW, "/user/profile/{uid}/{id}"), s.notePage)
	mux.HandleFunc(at("GET", hostWWW, "/website-login/captcha"), func(w http.ResponseWriter, r *http.Request) {
		s.show(w, r, app{Title: "安全验证", Script: "captcha"})
	})
	mux.HandleFunc(at("GET", hostCreator, "/login"), func(w http.ResponseWriter, r *http.Request) {
		s.show(w, r, app{Title: "小红书创作服务平台", Script: "creator"})
	})
	mux.Handle("GET "+hostCreator+"/{$}", http.RedirectHandler("/new/home", http.StatusFound))
	for _, path := range []string{"/new/home", "/new/note-manager", "/publish/publish"} {
		mux.HandleFunc(at("GET", hostCreator, path), s.creatorPage)
	}
	for _, host := range []string{hostWWW, hostCreator} {
		mux.HandleFunc(at("GET", host, "/obj/{file}"), serveAsset)
	}
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
}

// notePage is a note's own page. Below /explore it comes with the note; below a profile the page asks for it.
func (s *Site) notePage(w http.ResponseWriter, r *http.Request) {
	a := app{Title: "小红书", Script: "www", NoteID: r.PathValue("id")}
	s.mu.Lock()
	n := s.world.notes[a.NoteID]
	switch {
	case n == nil:
		a.Shown = &shown{noteStates["missing"].class, noteStates["missing"].text}
	case n.state != "":
		a.Shown = &shown{noteStates[n.state].class, noteStates[n.state].text}
	case s.manners.TokenNeeded && r.FormValue("xsec_token") != n.token():
		a.Shown = &shown{noteStates["unavailable"].class, noteStates["unavailable"].text}
	default:
		a.Title = n.title + " - 小红书"
		if r.PathValue("uid") == "" {
			a.Note = noteCard(n)
		}
	}
	s.mu.Unlock()
	s.show(w, r, a)
}

// creatorPage is any page of the creator centre. Who has no session there is sent to its login; who has one on the main
// site is let in on the way, as Behaviour.SSO says.
func (s *Site) creatorPage(w http.ResponseWriter, r *http.Request) {
	one := stage.VisitOf(r).Session
	if one.Valid() || one.SilentlyOver() {
		s.show(w, r, app{Title: "小红书创作服务平台", Script: "creator"})
		return
	}
	main, sso := s.SessionOf(cookieOf(r, cookieSession)), s.Behaves().SSO
	warm := main.Valid() && (sso == "bounce" || sso == "publish" && strings.HasPrefix(r.URL.Path, "/publish/"))
	if warm {
		s.letIntoCreator(w, r, main.Owner)
	}
	if warm && sso == "publish" {
		s.show(w, r, app{Title: "小红书创作服务平台", Script: "creator"})
		return
	}
	http.Redirect(w, r, "/login?redirectReason=401", http.StatusFound)
}

// show sends a page.
func (s *Site) show(w http.ResponseWriter, r *http.Request, a app) {
	v := stage.VisitOf(r)
	v.Note(stage.KindNavigation, stage.HostName(r)+r.URL.Path)
	for _, name := range []string{cookieBrowser, cookieSession} {
		if cookieOf(r, name) == "" {
			setCookie(w, name, "0300"+stage.Token(), name == cookieSession)
		}
	}
	s.mu.Lock()
	a.Build, a.Manners = s.build, s.manners
	if v.Session.Valid() || v.Session.SilentlyOver() {
		o := s.world.owner(v.Session.Owner)
		row := o.row()
		a.Me, a.Risk = &row, o.risk
		a.Unread, _ = s.unreadCount(o, r)
	}
	s.mu.Unlock()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = shell.Execute(w, map[string]any{"Title": a.Title, "Script": a.Script, "App": a}) // the reader may be gone; the template is tested
}

// serveAsset sends the style, or an application's script: its parts one after the other.
func serveAsset(w http.ResponseWriter, r *http.Request) {
	name, ext, _ := strings.Cut(r.PathValue("file"), ".")
	parts, ok := scripts[name]
	switch {
	case ext == "css":
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(asset("style.css")) // the reader may be gone, here and below
	case ext == "js" && ok:
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		_, _ = w.Write([]byte("\"use strict\";\n"))
		for _, part := range parts {
			_, _ = w.Write(asset(part + ".js"))
		}
	default:
		http.NotFound(w, r)
	}
}

func asset(name string) []byte {
	b, err := assets.ReadFile("assets/" + name)
	if err != nil {
		panic(err) // it is in the binary, or the binary is broken
	}
	return b
}
