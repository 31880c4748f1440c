package site

import (
	"embed"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"

	"troupe/testkit/site/stage"
)

//go:embed assets
var assets embed.FS

// creatorPages are the creator's pages: path, title, and the asset (html and js) that fills it.
var creatorPages = []struct{ path, title, asset string }{
	{"/login", "登录 - 沙盒", "login"},
	{"/home", "首页 - 沙盒", "home"},
	{"/works", "作品管理 - 沙盒", "works"},
	{"/comments", "评论管理 - 沙盒", "comments"},
	{"/messages", "私信 - 沙盒", "messages"},
	{"/notices", "通知 - 沙盒", "notices"},
	{"/desk", "工作台 - 沙盒", "desk"},
	{"/verify", "安全验证", "verify"},
}

func (s *Site) pageRoutes(mux *http.ServeMux) {
	for _, p := range creatorPages {
		mux.HandleFunc("GET "+hostCreator+p.path, func(w http.ResponseWriter, r *http.Request) {
			stage.VisitOf(r).Note(stage.KindNavigation, p.path)
			changed := s.changedFor(r)
			if c, err := r.Cookie(cookieCSRF); err != nil || c.Value == "" {
				setCookie(w, cookieCSRF, stage.Token(), 0, false)
			}
			html := asset("page.html")
			if p.asset == "login" || p.asset == "verify" {
				html = asset("bare.html")
			}
			html = strings.NewReplacer(
				"{{title}}", p.title, "{{build}}", buildOf(changed), "{{script}}", p.asset, "{{body}}", asset(p.asset+".html"),
				"{{mischief}}", s.mischiefTag(r),
			).Replace(html)
			writeAsset(w, "text/html; charset=utf-8", html, changed)
		})
	}
	mux.Handle("GET "+hostCreator+"/{$}", http.RedirectHandler("/home", http.StatusFound))
	mux.HandleFunc("GET "+hostCreator+"/static/{file}", func(w http.ResponseWriter, r *http.Request) {
		serveAsset(w, r, r.PathValue("file"), s.changedFor(r))
	})
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
}

// changedFor says whether the visitor gets the changed layout.
func (s *Site) changedFor(r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.ownerOf(stage.VisitOf(r))
	return o != nil && o.changed
}

func asset(name string) string {
	b, err := assets.ReadFile("assets/" + name)
	if err != nil {
		panic(err) // it is in the binary, or the binary is broken
	}
	return string(b)
}

func serveAsset(w http.ResponseWriter, r *http.Request, name string, changed bool) {
	b, err := assets.ReadFile("assets/" + path.Base(name))
	if err != nil || strings.HasSuffix(name, ".html") {
		http.NotFound(w, r)
		return
	}
	writeAsset(w, mime.TypeByExtension(path.Ext(name)), string(b), changed)
}

func writeAsset(w http.ResponseWriter, kind, text string, changed bool) {
	if changed {
		text = relabel(text)
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write([]byte(text)) // the reader may be gone
}

// label finds the ids and classes in pages, scripts and styles; none of them is a word of JavaScript or a key.
var (
	label = regexp.MustCompile(`\b(site-top|me-(?:avatar|nickname|uid)|profile-(?:card|avatar|nickname|uid|followers|following|signature)|` +
		`qr-(?:state|expired)|code-(?:step|input|submit|error)|work-(?:grid|card|title|stats|cover|pick|box|editor|send)|list-end|` +
		`comment-(?:list|row)|row-(?:author|text|time|main)|reply-(?:btn|list|row|box|editor|send)|expand-btn|more-replies|` +
		`conv-(?:list|row|name|last|time|unread)|chat-(?:header|name|body|msg|older|input|send)|msg-(?:text|image|recalled)|` +
		`notice-(?:list|row|title|text|time)|desk-(?:row|state)|panel-more|panel_(?:comments|conversations|messages|notices|works)|` +
		`captcha_box)\b`)
	shortLabel = regexp.MustCompile(`(#|id="|class="|\.)(refresh|qr|toast)\b`)
	dataKey    = regexp.MustCompile(`"(comments|replies|works|conversations|messages|notifications|user)": "\w+"`)
)

// relabel gives an asset the names of the changed layout.
func relabel(text string) string {
	text = label.ReplaceAllString(text, "v2-$1")
	text = shortLabel.ReplaceAllString(text, "${1}v2-$2")
	return dataKey.ReplaceAllStringFunc(text, func(pair string) string {
		key := strings.SplitN(pair, `"`, 3)[1]
		return `"` + key + `": "` + changedKeys[key] + `"`
	})
}

// hourMinute is how people's pages show times.
func hourMinute(seconds int64) string { return time.Unix(seconds, 0).Format("01-02 15:04") }
