package console

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

// built is an app as the build leaves it.
var built = fstest.MapFS{
	"index.html":           {Data: []byte("<!doctype html><title>app</title>")},
	"favicon.svg":          {Data: []byte("<svg/>")},
	"assets/index-1a2b.js": {Data: []byte("export {};")},
}

func ask(h http.Handler, method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w
}

func TestPageIsAskedForAnewAndItsAssetsAreKept(t *testing.T) {
	h := handler(built)
	for _, c := range []struct{ path, kind, cache string }{
		{"/", "text/html; charset=utf-8", "no-cache"},
		{"/index.html", "text/html; charset=utf-8", "no-cache"},
		{"/favicon.svg", "image/svg+xml", "no-cache"},
		{"/assets/index-1a2b.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
	} {
		w := ask(h, http.MethodGet, c.path)
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != c.kind || w.Header().Get("Cache-Control") != c.cache {
			t.Errorf("%s: %d %v", c.path, w.Code, w.Header())
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", c.path, w.Header())
		}
	}
	if got := ask(h, http.MethodGet, "/").Header().Get("Content-Security-Policy"); got != Policy {
		t.Errorf("the page's policy is %q", got)
	}
}

func TestNothingElseIsFound(t *testing.T) {
	h := handler(built)
	for _, path := range []string{"/accounts", "/assets", "/assets/", "/assets/other.js", "/../console.go", "/dist/placeholder.html"} {
		if w := ask(h, http.MethodGet, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := ask(h, http.MethodPost, "/"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d %v", w.Code, w.Header())
	}
}

func TestWithoutABuildThePageSaysHowToMakeOne(t *testing.T) {
	w := ask(handler(fstest.MapFS{}), http.MethodGet, "/")
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "make console") || !strings.Contains(w.Body.String(), `lang="en"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if strings.Contains(w.Header().Get("Content-Security-Policy"), "script-src") {
		t.Errorf("the placeholder's policy is %q", w.Header().Get("Content-Security-Policy"))
	}
}
