package browser

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"time"

	"github.com/go-rod/rod/lib/cdp"
	"github.com/go-rod/rod/lib/proto"

	"troupe/platforms/page"
)

const (
	durableTotal = 32 << 20          // bytes of bodies that Chromium keeps for us over navigations
	maxBody      = 8 << 20           // bytes of one body
	durableBody  = 2*maxBody + 1<<10 // bytes of one body as Chromium counts them: text may take two for each character
	maxPost      = 64 << 10          // bytes of what a request carried
	maxHeaders   = 256 << 10         // bytes of headers, which Chromium counts with the body on the wire
)

// recording has a target's traffic reported, with bodies that outlive a navigation. What a request carried is reported
// with it, if it is small.
func recording() []step {
	sizes := map[string]any{"maxTotalBufferSize": durableTotal, "maxResourceBufferSize": durableBody, "maxPostDataSize": maxPost}
	enable := maps.Clone(sizes)
	enable["enableDurableMessages"] = true
	return []step{{"Network.enable", enable}, {"Network.configureDurableMessages", sizes}}
}

// capture takes one network event of a target. It does not wait.
func (r *traffic) capture(t *target, e *cdp.Event) {
	switch e.Method {
	case "Network.requestWillBeSent":
		var m requestSent
		if decode(e, &m) {
			r.asked(t, &m)
		}
	case "Network.responseReceived":
		var m proto.NetworkResponseReceived
		if decode(e, &m) {
			t.requests.answered(&m, t.origin)
		}
	case "Network.loadingFinished":
		var m proto.NetworkLoadingFinished
		if decode(e, &m) {
			r.finished(t, m.RequestID, m.EncodedDataLength)
		}
	case "Network.loadingFailed":
		var m proto.NetworkLoadingFailed
		if decode(e, &m) {
			r.failed(t, &m)
		}
	case "Network.webSocketCreated":
		var m proto.NetworkWebSocketCreated
		if decode(e, &m) {
			t.requests.opened(m.RequestID, request{method: "GET", url: m.URL, origin: t.origin})
		}
	case "Network.webSocketWillSendHandshakeRequest":
		var m proto.NetworkWebSocketWillSendHandshakeRequest
		if decode(e, &m) {
			t.requests.shook(&m)
		}
	case "Network.webSocketClosed":
		var m proto.NetworkWebSocketClosed
		if decode(e, &m) {
			t.requests.closed(m.RequestID)
		}
	case "Network.webSocketFrameReceived":
		r.frame(t, page.Frame, e)
	case "Network.webSocketFrameSent":
		r.frame(t, page.Sent, e)
	}
}

func decode(e *cdp.Event, into any) bool { return json.Unmarshal(e.Params, into) == nil }

// asked notes a request. What it carries is kept only if somebody wants the answer.
func (r *traffic) asked(t *target, m *requestSent) {
	req := request{method: m.Request.Method, url: m.Request.URL, origin: askerOf(m.DocumentURL)}
	if r.wants(page.Response, req.method, req.url) {
		req.post = m.post()
	}
	t.requests.note(m.RequestID, req)
}

// finished hands a wanted response to the fetchers. One that was too large on the wire is not fetched at all.
func (r *traffic) finished(t *target, id proto.NetworkRequestID, encoded float64) {
	req, ok := t.requests.take(id)
	if !ok || !r.wants(page.Response, req.method, req.url) {
		return
	}
	rec := req.record(t, page.Response)
	if encoded > maxBody+maxHeaders {
		rec.Err = tooLarge
		r.add(rec)
		return
	}
	r.fetch(bodyJob{from: t, id: id, rec: rec})
}

func (r *traffic) failed(t *target, m *proto.NetworkLoadingFailed) {
	req, ok := t.requests.take(m.RequestID)
	if !ok || !r.wants(page.Failed, req.method, req.url) {
		return
	}
	rec := req.record(t, page.Failed)
	rec.Err = m.ErrorText
	r.add(rec)
}

// The opcodes of a WebSocket's data frames.
const (
	textFrame   = 1
	binaryFrame = 2
)

// socketFrame is a frame that a socket received or sent.
type socketFrame struct {
	RequestID proto.NetworkRequestID `json:"requestId"`
	Response  struct {
		Opcode      float64 `json:"opcode"`
		PayloadData string  `json:"payloadData"`
	} `json:"response"`
	TooLarge bool `json:"tooLarge"` // its contents were not taken in
}

func (r *traffic) frame(t *target, kind page.RecordKind, e *cdp.Event) {
	var m socketFrame
	if !decode(e, &m) {
		return
	}
	socket := t.requests.sockets[m.RequestID]
	opcode := int(m.Response.Opcode)
	if opcode != textFrame && opcode != binaryFrame || !r.wants(kind, socket.method, socket.url) {
		return
	}
	rec := socket.record(t, kind)
	rec.Text = opcode == textFrame
	if m.TooLarge {
		rec.Err = tooLarge
	} else {
		setBody(&rec, m.Response.PayloadData, !rec.Text)
	}
	r.add(rec)
}

// record begins the record of what became of a request.
func (q request) record(t *target, kind page.RecordKind) page.Record {
	return page.Record{
		At: time.Now(), Kind: kind, Tab: t.tabName(), Origin: q.origin, Method: q.method, URL: q.url, Status: q.status, Type: q.mediaType, Post: q.post,
	}
}

const tooLarge = "body is too large"

// setBody puts a body as Chromium gives it into rec.
func setBody(rec *page.Record, body string, encoded bool) {
	data := []byte(body)
	if encoded {
		var err error
		if data, err = base64.StdEncoding.DecodeString(body); err != nil {
			rec.Err = "body is not base64"
			return
		}
	}
	if len(data) > maxBody {
		rec.Err = tooLarge
		return
	}
	rec.Body = data
}
