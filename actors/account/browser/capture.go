package browser

import (
	"context"
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

	bodyLimit   = 10 * time.Second // to fetch one body
	maxInFlight = 4096             // requests of a target that are noted while they run
)

// recording has a target's traffic reported, with bodies that outlive a navigation. What a request carried is reported
// with it, if it is small.
func recording(t *target) []step {
	sizes := map[string]any{"maxTotalBufferSize": durableTotal, "maxResourceBufferSize": durableBody, "maxPostDataSize": maxPost}
	enable := maps.Clone(sizes)
	enable["enableDurableMessages"] = true
	return []step{
		{"Network.enable", enable},
		{"Network.configureDurableMessages", sizes},
	}
}

// request is what is known of a request or socket before it ends.
type request struct {
	method, url string
	status      int
	answered    bool // headers came
}

// requests are a target's running requests and open sockets. Only the goroutine that follows events uses them.
type requests struct {
	running map[proto.NetworkRequestID]request
	sockets map[proto.NetworkRequestID]string
}

func newRequests() *requests {
	return &requests{running: map[proto.NetworkRequestID]request{}, sockets: map[proto.NetworkRequestID]string{}}
}

// note remembers a running request. Some never end (their page went away); too many are forgotten.
func (q *requests) note(id proto.NetworkRequestID, r request) {
	if len(q.running) >= maxInFlight {
		clear(q.running)
	}
	q.running[id] = r
}

// bodyJob is a response whose body is to be fetched.
type bodyJob struct {
	from *target
	id   proto.NetworkRequestID
	rec  page.Record
}

// capture takes one network event of a target. It does not wait.
func (r *traffic) capture(t *target, e *cdp.Event) {
	switch e.Method {
	case "Network.requestWillBeSent":
		var m proto.NetworkRequestWillBeSent
		if decode(e, &m) {
			t.requests.note(m.RequestID, request{method: m.Request.Method, url: m.Request.URL})
		}
	case "Network.responseReceived":
		var m proto.NetworkResponseReceived
		if decode(e, &m) {
			t.requests.answered(&m)
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
			t.requests.sockets[m.RequestID] = m.URL
		}
	case "Network.webSocketClosed":
		var m proto.NetworkWebSocketClosed
		if decode(e, &m) {
			delete(t.requests.sockets, m.RequestID)
		}
	case "Network.webSocketFrameReceived":
		var m proto.NetworkWebSocketFrameReceived
		if decode(e, &m) {
			r.frame(t, &m)
		}
	}
}

func decode(e *cdp.Event, into any) bool { return json.Unmarshal(e.Params, into) == nil }

func (q *requests) answered(m *proto.NetworkResponseReceived) {
	req, ok := q.running[m.RequestID]
	if !ok { // of a worker whose start we did not see
		req = request{method: "GET", url: m.Response.URL}
	}
	req.status, req.answered = m.Response.Status, true
	q.note(m.RequestID, req)
}

// finished hands a wanted response to the fetchers. One that was too large on the wire is not fetched at all.
func (r *traffic) finished(t *target, id proto.NetworkRequestID, encoded float64) {
	req, ok := t.requests.running[id]
	delete(t.requests.running, id)
	if !ok || !r.wants(page.Response, req.method, req.url) {
		return
	}
	rec := r.record(t, page.Response, req)
	if encoded > maxBody {
		rec.Err = tooLarge
		r.add(rec)
		return
	}
	select {
	case r.bodies <- bodyJob{from: t, id: id, rec: rec}:
	default:
		rec.Err = "too many responses at once"
		r.add(rec)
	}
}

func (r *traffic) failed(t *target, m *proto.NetworkLoadingFailed) {
	req, ok := t.requests.running[m.RequestID]
	delete(t.requests.running, m.RequestID)
	if !ok || !r.wants(page.Failed, req.method, req.url) {
		return
	}
	rec := r.record(t, page.Failed, req)
	rec.Err = m.ErrorText
	r.add(rec)
}

func (r *traffic) record(t *target, kind page.RecordKind, req request) page.Record {
	return page.Record{
		At: time.Now(), Kind: kind, Tab: t.tabName(), Method: req.method, URL: req.url, Status: req.status,
	}
}

// The opcodes of a WebSocket's data frames.
const (
	textFrame   = 1
	binaryFrame = 2
)

func (r *traffic) frame(t *target, m *proto.NetworkWebSocketFrameReceived) {
	url := t.requests.sockets[m.RequestID]
	opcode := int(m.Response.Opcode)
	if opcode != textFrame && opcode != binaryFrame || !r.wants(page.Frame, "GET", url) {
		return
	}
	rec := r.record(t, page.Frame, request{method: "GET", url: url})
	rec.Text = opcode == textFrame
	setBody(&rec, m.Response.PayloadData, !rec.Text)
	r.add(rec)
}

// fetch is one of the fetchers of bodies.
func (r *traffic) fetch() {
	for {
		select {
		case job := <-r.bodies:
			r.add(job.fetch())
		case <-r.life.Done():
			return
		}
	}
}

func (j bodyJob) fetch() page.Record {
	ctx, cancel := context.WithTimeout(j.from.ctx, bodyLimit)
	defer cancel()
	body, err := proto.NetworkGetResponseBody{RequestID: j.id}.Call(j.from.in(ctx))
	if err != nil {
		j.rec.Err = err.Error()
		return j.rec
	}
	setBody(&j.rec, body.Body, body.Base64Encoded)
	return j.rec
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
