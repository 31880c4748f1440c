package gateway

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"troupe/messages"
)

// BenchmarkPublishedToSocket is the time from the store's news of one comment to the bytes of the topics at a client, for an
// account of the specification's size.
func BenchmarkPublishedToSocket(b *testing.B) {
	h := open(b, func(c *Config) { c.ListSpacing = time.Nanosecond })
	items := make([]*messages.Item, 0, 310)
	for w := range 10 {
		items = append(items, work(fmt.Sprint("w", w), "作品"))
		for c := range 30 {
			items = append(items, comment(fmt.Sprintf("c%d.%d", w, c), fmt.Sprint("w", w), "评论"))
		}
	}
	h.observe("sb_1", items...)
	ctx, cancel := context.WithTimeout(b.Context(), 5*time.Minute)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, h.url+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		b.Fatal(err)
	}
	defer ws.CloseNow()
	ws.SetReadLimit(-1)
	if err := ws.Write(ctx, websocket.MessageText, []byte("40")); err != nil {
		b.Fatal(err)
	}
	next(ctx, b, ws, "40")
	n := 0
	for b.Loop() {
		h.observe("sb_1", comment(fmt.Sprint("n", n), fmt.Sprint("w", n%10), "新"))
		next(ctx, b, ws, `42["monitor:topics"`)
		n++
	}
}

// next reads until a frame with that beginning comes.
func next(ctx context.Context, b *testing.B, ws *websocket.Conn, prefix string) {
	b.Helper()
	for {
		_, frame, err := ws.Read(ctx)
		if err != nil {
			b.Fatal(err)
		}
		if strings.HasPrefix(string(frame), prefix) {
			return
		}
		if string(frame) == "2" {
			if err := ws.Write(ctx, websocket.MessageText, []byte("3")); err != nil {
				b.Fatal(err)
			}
		}
	}
}
