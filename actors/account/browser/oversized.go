package browser

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"

	"github.com/go-rod/rod/lib/cdp"
)

const oversizedEnds = 4 << 10 // bytes of each end that say what a message is

// oversized is a message of more than limit bytes, of which only the ends were kept.
type oversized struct {
	limit      int
	head, tail []byte
}

func (o *oversized) Error() string {
	return fmt.Sprintf("read from chromium: message of more than %d bytes", o.limit)
}

// add takes the next piece of the message.
func (o *oversized) add(part []byte) {
	if missing := oversizedEnds - len(o.head); missing > 0 {
		o.head = append(o.head, part[:min(len(part), missing)]...)
	}
	o.tail = append(o.tail, part...)
	if surplus := len(o.tail) - oversizedEnds; surplus > 0 {
		o.tail = append(o.tail[:0], o.tail[surplus:]...)
	}
}

// What the ends of a message show of it (Chromium 156, seen 2026-11: the session comes last).
var (
	oversizedID      = regexp.MustCompile(`^\{"id":(\d+)`)
	oversizedMethod  = regexp.MustCompile(`^\{"method":"([A-Za-z.]+)"`)
	oversizedRequest = regexp.MustCompile(`"requestId":"([^"\\]+)"`)
	oversizedOpcode  = regexp.MustCompile(`"opcode":(\d)`)
	oversizedSession = regexp.MustCompile(`"sessionId":"([0-9A-F]+)"\}\x00$`)
)

// message is what stands for it: an error for an answer, and for an event its subject without the contents.
func (o *oversized) message() (message, error) {
	m := message{Event: cdp.Event{SessionID: first(oversizedSession, o.tail), Method: first(oversizedMethod, o.head)}}
	if id, err := strconv.Atoi(first(oversizedID, o.head)); err == nil {
		m.ID, m.Error = id, &cdp.Error{Message: tooLarge}
		return m, nil
	}
	if m.Method == "" {
		return message{}, o
	}
	opcode, _ := strconv.Atoi(first(oversizedOpcode, o.head))
	params, err := json.Marshal(map[string]any{
		"requestId": first(oversizedRequest, o.head), "response": map[string]any{"opcode": opcode}, "tooLarge": true,
	})
	m.Params = params
	return m, err
}

func first(pattern *regexp.Regexp, in []byte) string {
	if found := pattern.FindSubmatch(in); found != nil {
		return string(found[1])
	}
	return ""
}
