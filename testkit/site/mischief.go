package site

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"troupe/testkit/site/stage"
)

// mischiefs are the scripts that an owner's pages run when they misbehave.
var mischiefs = map[string]string{
	"loop":      "for (;;) {}",
	"alerts":    `for (;;) alert("恭喜中奖")`,
	"popups":    `setInterval(() => window.open("/works"), 100); document.addEventListener("click", () => window.open("/notices"))`,
	"downloads": `setInterval(() => Object.assign(document.createElement("a"), { href: "/export.bin", download: "export.bin" }).click(), 200)`,
	"flood":     "",
	"astray": `document.addEventListener("click", e => {
		const rows = [...document.querySelectorAll(".comment-row")], at = rows.indexOf(e.isTrusted && e.target.closest(".reply-btn")?.closest(".comment-row"));
		if (at >= 0 && rows.length > 1) { e.stopPropagation(); rows[at + 1 < rows.length ? at + 1 : at - 1].querySelector(".reply-btn").click(); }
	}, true)`,
}

// floodSize is what a flooded answer holds, in bytes.
const floodSize = 100 << 20

// Misbehave has an owner's pages, those that are open too, do mischief from now on: loop without end (loop), show dialogs without end
// (alerts), open windows (popups), download files (downloads), get 100 MB whenever they ask for comments (flood), or answer the comment beside the one whose button was clicked (astray).
// "" ends it for pages that are loaded afterwards; a page that was misled stays so until it is loaded again.
func (s *Site) Misbehave(ownerID, mischief string) error {
	if _, ok := mischiefs[mischief]; !ok && mischief != "" {
		return fmt.Errorf("mischief %q: %w", mischief, stage.ErrBadParameter)
	}
	return s.withOwner(ownerID, func(o *owner) {
		o.mischief = mischief
		s.push(o, "mischief", map[string]any{"on": mischief != ""})
	})
}

func (s *Site) mischiefRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET "+hostCreator+"/static/mischief.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		if script := mischiefs[s.mischiefOf(r)]; script != "" {
			_, _ = io.WriteString(w, script) // the reader may be gone
		}
	})
	mux.HandleFunc("GET "+hostCreator+"/export.bin", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Disposition", `attachment; filename="export.bin"`)
		_, _ = w.Write(make([]byte, 1<<20)) // the reader may be gone
	})
}

// mischiefTag loads the mischief of a page that misbehaves from the beginning.
func (s *Site) mischiefTag(r *http.Request) string {
	if s.mischiefOf(r) == "" {
		return ""
	}
	return `<script src="/static/mischief.js" defer></script>`
}

// mischiefOf is what the visitor's pages do.
func (s *Site) mischiefOf(r *http.Request) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.ownerOf(stage.VisitOf(r)); o != nil {
		return o.mischief
	}
	return ""
}

// flooded answers a list of comments with 100 MB, if the visitor's answers are flooded.
func (s *Site) flooded(w http.ResponseWriter, r *http.Request) bool {
	if r.URL.Path != "/api/comments/recent" || s.mischiefOf(r) != "flood" {
		return false
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	piece := []byte(strings.Repeat("哈", 1<<16))
	_, err := w.Write([]byte(`{"status_code":0,"replies":[],"comments":[],"note":"`))
	for sent := 0; sent < floodSize && err == nil; sent += len(piece) {
		_, err = w.Write(piece)
	}
	if err == nil {
		_, _ = w.Write([]byte(`"}`)) // the reader may be gone
	}
	return true
}
