package gateway

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"
	"weak"

	"troupe/actors/gateway/im"
	"troupe/actors/gateway/socketio"
	"troupe/messages"
	"troupe/testkit/imclient"
)

// count is how many events of that name a client got.
func count(c *imclient.Client, event string) (n int) {
	for _, e := range c.Events() {
		if e.Event == event {
			n++
		}
	}
	return n
}

func TestMessagesGoToThoseWhoLookAtTheTopic(t *testing.T) {
	h := open(t)
	h.observe("sb_1", work("w1", "春天"), work("w2", "夏天"), comment("c1", "w1", "好看"))
	looks, other := imclient.Start(t, h.url), imclient.Start(t, h.url)
	for _, c := range []*imclient.Client{looks, other} {
		c.Expect("monitor:registered", nil)
	}
	looks.Emit("monitor:request_messages", map[string]string{"topicId": "sb_1.w.w1"})
	other.Emit("monitor:request_messages", map[string]string{"topicId": "sb_1.w.w2"})
	looks.Expect("monitor:messages", holds("好看", "messages", 0, "content"))
	other.Expect("monitor:messages", holds("sb_1.w.w2", "topicId"))
	h.observe("sb_1", comment("c2", "w1", "多少钱"))
	looks.Expect("monitor:messages", holds("多少钱", "messages", 1, "content"))
	for _, c := range []*imclient.Client{looks, other} {
		c.Expect("monitor:topics", holds(2.0, "topics", 0, "messageCount"))
		c.Expect("monitor:channels", func(p json.RawMessage) bool { return at(p, "channels", 0, "unreadCount") == 2.0 })
	}
	if n := count(other, "monitor:messages"); n != 1 {
		t.Errorf("a client that looks at another topic got %d lists of messages", n)
	}
}

// TestListsThatChangeAllTheTimeAreSpaced lets 100 comments come at once: each is hinted at, the lists are sent now and then, and the
// last ones are the newest.
func TestListsThatChangeAllTheTimeAreSpaced(t *testing.T) {
	const items = 100
	h := open(t, func(c *Config) { c.ListSpacing, c.ChannelSpacing = 300*time.Millisecond, 300*time.Millisecond })
	h.observe("sb_1", work("w1", "春天"))
	c := imclient.Start(t, h.url)
	c.Expect("monitor:registered", nil)
	c.Emit("monitor:request_messages", map[string]string{"topicId": "sb_1.w.w1"})
	c.Expect("monitor:messages", nil)
	began := time.Now()
	for i := range items {
		h.observe("sb_1", comment(fmt.Sprint("c", i), "w1", "好看"))
	}
	await(t, c, 0, append(slices.Repeat([]string{"monitor:new_message_hint"}, items), "monitor:topics"))
	c.Expect("monitor:messages", func(p json.RawMessage) bool { return at(p, "messages", items-1) != nil })
	c.Expect("monitor:topics", holds(float64(items), "topics", 0, "messageCount"))
	c.Expect("monitor:channels", func(p json.RawMessage) bool { return at(p, "channels", 0, "unreadCount") == float64(items) })
	most := 2 * (int(time.Since(began)/(300*time.Millisecond)) + 2) // one when it is due, one ahead of the channels
	if n := count(c, "monitor:topics"); n > most {
		t.Errorf("%d lists of topics in %v", n, time.Since(began))
	}
}

func TestListIsEncodedOnceForEachVersion(t *testing.T) {
	h := open(t)
	h.observe("sb_1", work("w1", "春天"), comment("c1", "w1", "好看"))
	made := 0
	get := func() {
		t.Helper()
		v := h.views.Get("sb_1")
		_, err := h.gw.lists.get("name", version{view: weak.Make(v)}, func() (socketio.Frame, error) {
			made++
			return h.gw.inbox.Frame(im.TopicsEvent, im.Topics("sb_1", v))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		get()
	}
	h.observe("sb_1", comment("c2", "w1", "多少钱"))
	for range 3 {
		get()
	}
	if made != 2 {
		t.Errorf("two versions were encoded %d times", made)
	}
}

func TestKeptListsAreBounded(t *testing.T) {
	var l lists
	frame, err := socketio.New(socketio.Config{}).Of("/").Frame("x", slices.Repeat([]int{1}, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		if _, err := l.get(i, version{}, func() (socketio.Frame, error) { return frame, nil }); err != nil {
			t.Fatal(err)
		}
	}
	held := 0
	for range l.byName.Range {
		held++
	}
	if held*frame.Len() > listBytes {
		t.Errorf("%d lists of %d bytes are kept", held, frame.Len())
	}
}

func TestForgottenClientLooksAtNothing(t *testing.T) {
	var w watched
	s := &socketio.Socket{}
	for _, topic := range []string{"a", "b", "c", "d", "e"} {
		w.add(s, messages.TopicID(topic))
	}
	for topic, looks := range map[string]bool{"a": false, "b": true, "e": true} {
		if w.by(messages.TopicID(topic))(s) != looks {
			t.Errorf("topic %s: want %v", topic, looks)
		}
	}
	w.forget(s)
	if w.by(messages.TopicID("e"))(s) {
		t.Error("it is not forgotten")
	}
}
