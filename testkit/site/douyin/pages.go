package douyin

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
	"creator": {"kit", "wire", "list", "stage", "login", "im", "pane", "home", "works", "comments", "chat", "creator"},
	"summon":  {"kit", "wire", "list", "stage", "im", "pane", "summon"},
	"www":     {"kit", "wire", "list", "stage", "login", "im", "pane", "dialog", "notices", "www"},
	"video":   {"kit", "wire", "list", "stage", "login", "comments", "video"},
	"verify":  {"kit", "verify"},
}

// app is what a page is told when it is opened.
type app struct {
	Title   string    `json:"-"`
	Script  string    `json:"-"`
	Build   uint64    `json:"build"`
	Manners Behaviour `json:"manners"`
	Me      *Owner    `json:"me"`    // nil = nobody is logged in
	Card    bool      `json:"card"`  // show the login card, whatever the address
	Code    bool      `json:"code"`  // a verification code is asked for
	Risk    string    `json:"risk"`  // the captcha
	Work    string    `json:"work"`  // of a work's page
	Title2  string    `json:"title"` // of that work
}

func (s *Site) pageRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET "+hostCreator+"/{$}", s.creatorRoot)
	mux.HandleFunc("GET "+hostCreator+"/creator-micro/{page...}", s.creatorPage)
	mux.HandleFunc("GET "+hostWWW+"/{$}", func(w http.ResponseWriter, r *http.Request) {
		s.show(w, r, app{Title: "抖音-记录美好生活", Script: "www"})
	})
	for _, path := range []string{"/video/{id}", "/note/{id}"} {
		mux.HandleFunc("GET "+hostWWW+path, s.workPage)
	}
	mux.HandleFunc("GET "+hostChat+"/im/chat", func(w http.ResponseWriter, r *http.Request) { s.show(w, r, app{Title: "私信", Script: "summon"}) })
	mux.HandleFunc("GET "+hostVerify+"/nocaptcha", func(w http.ResponseWriter, r *http.Request) {
		s.show(w, r, app{Title: "nocaptcha", Script: "verify"})
	})
	for _, host := range []string{hostWWW, hostCreator, hostChat, hostVerify} {
		mux.HandleFunc("GET "+host+"/obj/{file}", serveAsset)
	}
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
}

// creatorRoot is the login page; who is logged in goes home.
func (s *Site) creatorRoot(w http.ResponseWriter, r *http.Request) {
	if stage.VisitOf(r).Session.Valid() {
		http.Redirect(w, r, "/creator-micro/home", http.StatusFound)
		return
	}
	s.show(w, r, app{Title: "抖音创作者中心", Script: "creator", Card: true})
}

// creatorPage is any page of the creator centre: one application for all of them.
func (s *Site) creatorPage(w http.ResponseWriter, r *http.Request) {
	v := stage.VisitOf(r)
	a := app{Title: "抖音创作者中心", Script: "creator"}
	s.mu.Lock()
	var o *owner
	if v.Session != nil {
		o = s.world.owner(v.Session.Owner)
	}
	a.Code = s.pending[cookieOf(r, cookieTicket)] != "" && !v.Session.Valid()
	a.Card = o != nil && o.card && !v.Session.Valid()
	away := s.manners.RedirectChat && r.PathValue("page") == "data/following/chat"
	s.mu.Unlock()
	switch {
	case !v.Session.Valid() && !v.Session.SilentlyOver() && !a.Code:
		http.Redirect(w, r, "/", http.StatusFound)
	case away:
		http.Redirect(w, r, "https://"+hostWWW+"/messages", http.StatusFound)
	default:
		s.show(w, r, a)
	}
}

func (s *Site) workPage(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	k := s.world.works[r.PathValue("id")]
	a := app{Title: "抖音", Script: "video", Work: r.PathValue("id")}
	if k != nil {
		a.Title2, a.Title = k.title, k.title+" - 抖音"
	}
	s.mu.Unlock()
	if k == nil {
		http.NotFound(w, r)
		return
	}
	s.show(w, r, a)
}

// show sends a page, or what stands before it.
func (s *Site) show(w http.ResponseWriter, r *http.Request, a app) {
	v := stage.VisitOf(r)
	v.Note(stage.KindNavigation, stage.HostName(r)+r.URL.Path)
	if cookieOf(r, cookieGuest) == "" && strings.HasSuffix(stage.HostName(r), "douyin.com") {
		setCookie(w, cookieGuest, stage.Token(), sessionLife, true)
	}
	s.mu.Lock()
	a.Build, a.Manners = s.build, s.manners
	if v.Session.Valid() || v.Session.SilentlyOver() && !a.Card {
		o := s.world.owner(v.Session.Owner)
		row := o.row()
		a.Me, a.Risk = &row, o.captcha
	}
	s.mu.Unlock()
	switch {
	case a.Script == "verify", a.Script == "summon":
	case a.Risk == "page":
		a.Title, a.Script = "验证码中间页", "verify"
	case a.Risk == "text":
		a.Title, a.Script = "抖音", "verify"
	}
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
