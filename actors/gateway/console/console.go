// Package console serves the web app for people: accounts, logins, the inbox, the nodes.
//
// The app (Svelte, in web/) is built into dist/app and embedded; it uses nothing of the node but the public HTTP API
// and its event stream. Without Node.js the program builds as well: the handler then serves a short page that says how
// to make the console. The package holds no state and reads nothing at run time.
//
//	web/ ── npm run build ── dist/app ── go:embed ── Handler
//
// What it serves may run no foreign, inline or evaluated script, load nothing from elsewhere, and stand in no frame.
package console

import (
	"embed"
	"errors"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed all:dist
var dist embed.FS

// Policy is the Content-Security-Policy of the app's page. Svelte turns its own templates into elements by one named
// policy; no other code may make markup of text.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'; form-action 'none'; " +
	"require-trusted-types-for 'script'; trusted-types svelte-trusted-html"

// placeholderPolicy lets the placeholder use the style that stands in it, and nothing else.
const placeholderPolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"

// Handler serves the app at / and its assets; any other path is not found. It is safe for concurrent use.
func Handler() http.Handler {
	app, err := fs.Sub(dist, "dist/app")
	if err != nil { // the name is constant
		panic(err)
	}
	return handler(app)
}

// Built says whether the app itself is embedded, and not only the placeholder.
func Built() bool {
	_, err := fs.Stat(dist, "dist/app/index.html")
	return err == nil
}

func handler(app fs.FS) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "the console is only read", http.StatusMethodNotAllowed)
			return
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
		if r.URL.Path == "/" || r.URL.Path == "/index.html" {
			index(w, r, app)
			return
		}
		asset(w, r, app)
	})
}

// index serves the page itself, asked for anew each time: it names the assets of the running version.
func index(w http.ResponseWriter, r *http.Request, app fs.FS) {
	w.Header().Set("Cache-Control", "no-cache")
	if _, err := fs.Stat(app, "index.html"); errors.Is(err, fs.ErrNotExist) {
		w.Header().Set("Content-Security-Policy", placeholderPolicy)
		serve(w, r, dist, "dist/placeholder.html")
		return
	}
	w.Header().Set("Content-Security-Policy", Policy)
	serve(w, r, app, "index.html")
}

// asset serves a file of the app. A name below assets/ holds a hash of its content and never changes.
func asset(w http.ResponseWriter, r *http.Request, app fs.FS) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	info, err := fs.Stat(app, name)
	if err != nil || info.IsDir() {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	if strings.HasPrefix(name, "assets/") {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	serve(w, r, app, name)
}

// mediaTypes are stated here, so that they do not depend on the machine's own table.
var mediaTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".svg":  "image/svg+xml",
}

// serve writes one embedded file whole.
func serve(w http.ResponseWriter, r *http.Request, from fs.FS, name string) {
	if kind, known := mediaTypes[path.Ext(name)]; known {
		w.Header().Set("Content-Type", kind)
	}
	body, err := fs.ReadFile(from, name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	_, _ = w.Write(body) // net/http drops the body of HEAD
}
