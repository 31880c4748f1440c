package stage

import (
	"sync"
	"time"
)

// The kinds of audit entries.
const (
	KindRequest      = "request"
	KindPost         = "post"
	KindCode         = "qr"
	KindLogin        = "login"
	KindLogout       = "logout"
	KindRead         = "read"
	KindSocketOpen   = "socket_open"
	KindSocketClose  = "socket_close"
	KindCaptchaClick = "captcha_click"
	KindNavigation   = "navigation" // a page was opened
	KindUnknown      = "unknown"    // something was asked for that the site does not have
)

// Entry is one line of the audit log. A request is entered when it is answered, at the time it began.
type Entry struct {
	Index     int       `json:"index"` // from 0, without gaps until a reset
	At        time.Time `json:"at"`
	Kind      string    `json:"kind"`
	Host      string    `json:"host,omitempty"`
	Method    string    `json:"method,omitempty"`
	Path      string    `json:"path,omitempty"`
	Status    int       `json:"status,omitempty"` // of HTTP
	TookMS    int64     `json:"took_ms,omitempty"`
	Session   string    `json:"session,omitempty"` // a short name; never the cookie
	Owner     string    `json:"owner,omitempty"`   // the session's owner, also after its end
	Source    string    `json:"source,omitempty"`  // address without port
	UserAgent string    `json:"user_agent,omitempty"`
	Device    string    `json:"device,omitempty"` // what the page says its device is
	Body      int64     `json:"body,omitempty"`   // bytes of the request's body that arrived
	Detail    string    `json:"detail,omitempty"`
	Post      *Post     `json:"post,omitempty"` // of KindPost
}

// Post is one attempt of an owner to write something. Code 0 = it stands on the site.
type Post struct {
	Kind   string `json:"kind"`           // comment reply message
	ID     string `json:"id,omitempty"`   // of the new item
	Text   string `json:"text"`           //
	Work   string `json:"work,omitempty"` // of comment and reply
	Target string `json:"target"`         // work, comment, reply or peer that is answered
	Code   int    `json:"code"`           // status_code of the answer
	Reset  bool   `json:"reset"`          // accepted, and the connection reset instead of answered
}

// AuditQuery selects entries; zero fields select all.
type AuditQuery struct {
	Since int // first index
	Kind  string
	Owner string
}

type auditLog struct {
	mu      sync.Mutex
	entries []Entry
}

func (a *auditLog) add(e Entry) {
	a.mu.Lock()
	e.Index = len(a.entries)
	a.entries = append(a.entries, e)
	a.mu.Unlock()
}

// Note enters what happened during a visit, now.
func (v *Visit) Note(kind, detail string) {
	e := v.Entry
	e.At, e.Kind, e.Detail = time.Now(), kind, detail
	v.stage.audit.add(e)
}

// Note enters what happened outside of any visit.
func (s *Stage) Note(e Entry) {
	e.At = time.Now()
	s.audit.add(e)
}

// Posted enters an attempt to write, and decides whether its answer is to be lost.
func (v *Visit) Posted(p Post) {
	if p.Code == 0 && v.stage.takeReset() {
		p.Reset, v.Reset = true, true
	}
	e := v.Entry
	e.At, e.Kind, e.Post = time.Now(), KindPost, &p
	v.stage.audit.add(e)
}

// Audit returns the selected entries, oldest first, and the index to go on from.
func (s *Stage) Audit(q AuditQuery) (entries []Entry, next int) {
	a := &s.audit
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range a.entries[min(max(q.Since, 0), len(a.entries)):] {
		if (q.Kind == "" || q.Kind == e.Kind) && (q.Owner == "" || q.Owner == e.Owner) {
			entries = append(entries, e)
		}
	}
	return entries, len(a.entries)
}

// Posts are all attempts to write, of all owners, oldest first.
func (s *Stage) Posts() []Entry {
	entries, _ := s.Audit(AuditQuery{Kind: KindPost})
	return entries
}
