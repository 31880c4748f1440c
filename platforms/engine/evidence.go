package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"troupe/platforms"
	"troupe/platforms/page"
	"troupe/platforms/redact"
)

// The bounds of one piece of evidence.
const (
	domMost       = 256 << 10 // bytes of the document
	responsesMost = 20
	bodyMost      = 16 << 10 // bytes of each answer
	stepsMost     = 500
)

// Evidence is the course of a flow that failed, for a person. Cookies, tokens and phone numbers are taken out; what
// people wrote may be in it, so it is private and never logged.
type Evidence struct {
	Flow       string // reply.comment
	Step       string // that failed: reply.comment/locate comment_row
	Kind       platforms.Kind
	Reason     string
	Version    int    // of the definition
	Digest     string // of the definition
	Steps      []platforms.StepLog
	URL, Title string
	Screenshot []byte            // PNG; nil when none could be taken
	Pictures   map[string][]byte // PNGs that the flow's own steps took
	DOM        string            // HTML, at most 256 KiB
	Responses  []Seen            // the newest of what the page received since the flow began, oldest first
	At         time.Time
}

// Seen is one thing that the page received or sent.
type Seen struct {
	At          time.Time
	Kind        string // response, frame, sent or failed
	Method, URL string
	Status      int
	Body        string // at most 16 KiB; "<n bytes>" when it is no text
	Err         string
}

// keepEvidence hands out what can be had of a failed flow. A page in trouble may not even be described; what cannot be had
// stays empty.
func (f *flow) keepEvidence(ctx context.Context, err error) {
	if f.client.Evidence == nil {
		return
	}
	d := f.client.Definition
	e := Evidence{
		Flow: f.name, Step: platforms.StepOf(err), Kind: platforms.KindOf(err), Reason: redact.Text(err.Error()),
		Version: d.Version, Digest: d.Digest, Steps: f.steps, Pictures: f.pictures, Responses: f.seen(), At: f.client.Clock(),
	}
	if e.Kind != platforms.BrowserGone && e.Kind != platforms.Cancelled {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		e.URL, _ = f.tab.URL(ctx)
		e.Title, _ = f.tab.Title(ctx)
		e.Screenshot, _ = f.tab.Screenshot(ctx)
		e.DOM, _ = f.tab.DOM(ctx, domMost)
	}
	e.URL, e.DOM = redact.URL(e.URL), redact.Text(e.DOM)
	f.client.Evidence(e)
}

// seen is the newest of what the flow's tab received.
func (f *flow) seen() []Seen {
	records, _ := f.client.Browser.Traffic().Since(f.start)
	var all []Seen
	for _, rec := range records {
		if rec.Tab == f.tabName || rec.Tab == "" {
			all = append(all, seenOf(rec))
		}
	}
	return all[max(0, len(all)-responsesMost):]
}

func seenOf(rec page.Record) Seen {
	kinds := map[page.RecordKind]string{page.Response: "response", page.Frame: "frame", page.Sent: "sent", page.Failed: "failed"}
	s := Seen{At: rec.At, Kind: kinds[rec.Kind], Method: rec.Method, URL: redact.URL(rec.URL), Status: rec.Status, Err: rec.Err}
	if body, ok := textOf(rec.Body, bodyMost); ok {
		s.Body = redact.Text(body)
	} else {
		s.Body = fmt.Sprintf("<%d bytes>", len(rec.Body))
	}
	return s
}

// textOf is the beginning of a body as text; ok is false when it is none.
func textOf(body []byte, most int) (s string, ok bool) {
	s = string(body[:min(len(body), most)])
	if strings.ContainsRune(s, 0) {
		return "", false
	}
	return strings.ToValidUTF8(s, ""), true
}

func (f *flow) photograph(ctx context.Context, name string) error {
	png, err := f.tab.Screenshot(ctx)
	if err != nil {
		return err
	}
	if f.pictures == nil {
		f.pictures = make(map[string][]byte)
	}
	f.pictures[name] = png
	return nil
}
