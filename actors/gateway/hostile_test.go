package gateway

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"troupe/actors/gateway/foreign"
	"troupe/actors/gateway/im"
)

// TestAHostilePayloadIsRefusedAndSaysWhatToDo sends payloads that are made to harm a reader as every event, and the client stays connected.
func TestAHostilePayloadIsRefusedAndSaysWhatToDo(t *testing.T) {
	h := open(t)
	events := map[string][]string{}
	for _, e := range im.Events {
		if e.Direction == im.In {
			events[e.Namespace] = append(events[e.Namespace], e.Name)
		}
	}
	for _, rule := range foreign.Rules() {
		events[foreign.Namespace] = append(events[foreign.Namespace], rule.Event)
	}
	for namespace, names := range events {
		l := h.dial()
		if !l.join(namespace, "") {
			t.Fatalf("not let in to %s", namespace)
		}
		for _, event := range names {
			for payload, want := range map[string]string{
				strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001): "the payload is nested deeper than 64 levels: send it flatter",
				strings.Repeat("[", 65) + strings.Repeat("]", 65):         "the payload is nested deeper than 64 levels: send it flatter",
				`{"accountId":"sb_1","accountId":"sb_2"}`:                 event + `: the payload names the field \"accountId\" twice: send each field once`,
				"{\"content\":\"\xff\"}":                                  event + ": the payload is no UTF-8",
			} {
				if heard := l.heard(namespace, event, payload); !strings.Contains(heard, want) {
					t.Errorf("%s%s with %.30s: %.300s", namespace, event, payload, heard)
				}
			}
		}
	}
	if n := len(h.master.Letters()) + len(h.store.Letters()); n != 0 {
		t.Errorf("%d commands were given", n)
	}
}

// TestFiftyMegabytesEndTheConnectionWithTheReason as WebSocket has it, and nothing of them is handled.
func TestFiftyMegabytesEndTheConnectionWithTheReason(t *testing.T) {
	h := open(t)
	l := h.dial()
	if !l.join("/", "") {
		t.Fatal("not let in")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	frame := fmt.Sprintf(`42[%q,{"content":"%s"}]`, im.ReplyEvent, strings.Repeat("x", 50<<20))
	_ = l.ws.Write(ctx, websocket.MessageText, []byte(frame)) // the server stops reading somewhere in it
	for {
		_, _, err := l.ws.Read(ctx)
		if err == nil {
			continue
		}
		if status := websocket.CloseStatus(err); status != websocket.StatusMessageTooBig {
			t.Errorf("ended with %v: %v", status, err)
		}
		return
	}
}
