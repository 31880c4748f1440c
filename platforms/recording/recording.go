package recording

import (
	"time"

	"troupe/messages"
	"troupe/platforms/page"
)

// Format is the number of the folder's format that this package writes and reads.
const Format = 1

// Recording is one recorded round. It is not changed once made; its bodies may be shared.
type Recording struct {
	Format     int                   `json:"format"`
	Platform   messages.PlatformName `json:"platform"`
	Definition Edition               `json:"definition"`
	Day        string                `json:"day"`   // UTC, 2006-01-02
	Owner      string                `json:"owner"` // the account's own platform id
	// Texts says whether what people wrote is kept or hidden behind words of the same length.
	Texts string `json:"texts"`
	// Whole are the collections that had been seen whole before the round, and were not read whole in it.
	Whole []string `json:"whole,omitempty"`
	// Cookies are the names of the cookies that proved the login. Their values were never read.
	Cookies []string `json:"cookies,omitempty"`
	// Dropped says that the browser received more than could be followed.
	Dropped bool    `json:"dropped,omitempty"`
	Entries []Entry `json:"entries"`
	Pages   []Page  `json:"pages,omitempty"`

	Result Result `json:"-"` // result.json
}

// What Recording.Texts says.
const (
	TextsKept   = "kept"
	TextsHidden = "hidden"
)

// Edition names the version of a definition.
type Edition struct {
	Version int    `json:"version"`
	Digest  string `json:"digest"`
}

// Entry is one thing that a page received or sent.
type Entry struct {
	Kind   string `json:"kind"` // response, failed, redirect, frame or sent
	Tab    string `json:"tab,omitempty"`
	Method string `json:"method,omitempty"`
	URL    string `json:"url"`
	Status int    `json:"status,omitempty"`
	Type   string `json:"type,omitempty"` // media type of an answer
	Text   bool   `json:"text,omitempty"` // a frame: text, not binary
	To     string `json:"to,omitempty"`   // where a redirect leads
	Err    string `json:"err,omitempty"`
	// LeftOut says why there is no body although the page had one.
	LeftOut string `json:"left_out,omitempty"`
	Post    []byte `json:"-"`
	Body    []byte `json:"-"` // nil: none, or left out

	PostFile string `json:"post,omitempty"`
	BodyFile string `json:"body,omitempty"`
}

// The kinds of entry.
const (
	Response = "response"
	Failed   = "failed"
	Redirect = "redirect" // a navigation that ended elsewhere
	Frame    = "frame"
	Sent     = "sent"
)

var kinds = map[page.RecordKind]string{page.Response: Response, page.Failed: Failed, page.Frame: Frame, page.Sent: Sent}

// Page is a kept tab as it was at the end.
type Page struct {
	Tab     string `json:"tab"`
	URL     string `json:"url"`
	DOM     string `json:"-"`
	Picture []byte `json:"-"` // PNG; nil when none was taken

	DOMFile     string `json:"dom,omitempty"`
	PictureFile string `json:"picture,omitempty"`
}

// records are the entries as an engine sees them. All were had at one instant: nothing may depend on when.
func (r *Recording) records(at time.Time) []page.Record {
	var all []page.Record
	for i := range r.Entries {
		e := &r.Entries[i]
		for kind, name := range kinds {
			if name == e.Kind {
				all = append(all, page.Record{
					Seq: uint64(len(all) + 1), At: at, Kind: kind, Tab: e.Tab, Method: e.Method, URL: e.URL, Status: e.Status, Type: e.Type,
					Text: e.Text, Err: e.Err, Post: e.Post, Body: e.Body,
				})
			}
		}
	}
	return all
}
