package browser

import (
	"encoding/base64"
	"strings"

	"github.com/go-rod/rod/lib/proto"
)

const (
	maxRunning = 4096 // requests of a target that are noted while they run
	maxSockets = 1024 // sockets of a target that are noted while they are open
)

// request is what is known of a request or socket before it ends.
type request struct {
	method, url string
	origin      string // of the document or worker that asked
	post        []byte // what it carried
	status      int
	mediaType   string
}

// requests are a target's running requests and open sockets. Only the goroutine that follows events uses them.
type requests struct {
	running map[proto.NetworkRequestID]request
	order   []proto.NetworkRequestID // of running, oldest first; may name some that ended
	sockets map[proto.NetworkRequestID]request
}

func newRequests() *requests {
	return &requests{running: map[proto.NetworkRequestID]request{}, sockets: map[proto.NetworkRequestID]request{}}
}

// note remembers a running request; a redirect replaces it. Some never end (a stream, a page that went away): of too many
// the oldest are forgotten.
func (q *requests) note(id proto.NetworkRequestID, r request) {
	if _, known := q.running[id]; !known {
		q.order = append(q.order, id)
	}
	q.running[id] = r
	for len(q.running) > maxRunning {
		delete(q.running, q.order[0])
		q.order = q.order[1:]
	}
	if len(q.order) > 2*maxRunning {
		q.forgetEnded()
	}
}

// forgetEnded drops from the order what does not run any more.
func (q *requests) forgetEnded() {
	left := make([]proto.NetworkRequestID, 0, maxRunning)
	for _, id := range q.order {
		if _, runs := q.running[id]; runs {
			left = append(left, id)
		}
	}
	q.order = left
}

// answered notes that the headers came.
func (q *requests) answered(m *proto.NetworkResponseReceived, origin string) {
	r, ok := q.running[m.RequestID]
	if !ok { // of a worker whose start we did not see
		r = request{method: "GET", url: m.Response.URL, origin: origin}
	}
	r.status, r.mediaType = m.Response.Status, m.Response.MIMEType
	q.note(m.RequestID, r)
}

// take returns a request that ended.
func (q *requests) take(id proto.NetworkRequestID) (request, bool) {
	r, ok := q.running[id]
	delete(q.running, id)
	return r, ok
}

// opened notes a socket. Of too many any is forgotten: no honest page has them.
func (q *requests) opened(id proto.NetworkRequestID, r request) {
	for other := range q.sockets {
		if len(q.sockets) < maxSockets {
			break
		}
		delete(q.sockets, other)
	}
	q.sockets[id] = r
}

// shook notes which document a socket is of: a page's socket does not say so when it is made.
func (q *requests) shook(m *proto.NetworkWebSocketWillSendHandshakeRequest) {
	r, ok := q.sockets[m.RequestID]
	if origin, named := m.Request.Headers["Origin"]; ok && named {
		r.origin = origin.Str()
		q.sockets[m.RequestID] = r
	}
}

func (q *requests) closed(id proto.NetworkRequestID) { delete(q.sockets, id) }

// requestSent is Network.requestWillBeSent, as far as it is of use.
type requestSent struct {
	RequestID   proto.NetworkRequestID `json:"requestId"`
	DocumentURL string                 `json:"documentURL"`
	Request     struct {
		Method      string `json:"method"`
		URL         string `json:"url"`
		PostData    string `json:"postData"`
		PostEntries []struct {
			Bytes string `json:"bytes"`
		} `json:"postDataEntries"`
	} `json:"request"`
}

// post is what the request carries, if Chromium tells. The entries are exact; the text is not where it is no text.
func (m *requestSent) post() []byte {
	var post []byte
	for _, e := range m.Request.PostEntries {
		part, err := base64.StdEncoding.DecodeString(e.Bytes)
		if err != nil {
			return nil
		}
		post = append(post, part...)
	}
	if post == nil && m.Request.PostData != "" {
		post = []byte(m.Request.PostData)
	}
	if len(post) > maxPost {
		return nil
	}
	return post
}

// askerOf is the origin of the document or worker at that address; a blob has that of its maker.
func askerOf(address string) string { return originOf(strings.TrimPrefix(address, "blob:")) }
