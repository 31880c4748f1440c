package figures

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// The agents are raw Socket.IO clients that ask as the PC client does: they register, after each list of channels ask for every account's topics,
// a second after a hint for that topic's messages, and every half minute for all channels. Each writes down what it was pushed.

const (
	hintRefresh  = time.Second      // after a hint the PC client asks for the topic's messages
	channelsSync = 30 * time.Second // it asks for all channels that often
)

// agent is one client.
type agent struct {
	ctx context.Context
	ws  *websocket.Conn
	ask chan string // frames to send

	mu      sync.Mutex
	waiting map[string]time.Time   // when a request was sent, by the beginning of its answer
	lists   Sample                 // requests for topics, of all accounts at once, from sent to read
	alone   Sample                 // requests for messages, likewise
	pushed  map[string][]time.Time // when each message came, by its id
	hinted  map[string]int         // items that hints told of, by account
	topics  map[string]bool        // that have a request for messages planned
	err     error
}

// join connects an agent; it behaves until ctx ends, or the connection does.
func join(ctx context.Context, url string, client *http.Client, wg *sync.WaitGroup) (*agent, error) {
	ws, _, err := websocket.Dial(ctx, url+"/socket.io/?EIO=4&transport=websocket", &websocket.DialOptions{HTTPClient: client})
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(-1)
	a := &agent{
		ctx: ctx, ws: ws, ask: make(chan string, 4*specAccounts), waiting: map[string]time.Time{}, pushed: map[string][]time.Time{},
		hinted: map[string]int{}, topics: map[string]bool{},
	}
	a.send("40", "")
	wg.Go(a.write)
	wg.Go(a.read)
	return a, nil
}

// send puts a frame in line; answer is how the answer to it begins, "" when none is timed.
func (a *agent) send(frame, answer string) {
	if answer != "" {
		a.mu.Lock()
		if _, open := a.waiting[answer]; !open {
			a.waiting[answer] = time.Now()
		}
		a.mu.Unlock()
	}
	select {
	case a.ask <- frame:
	case <-a.ctx.Done():
	}
}

// emit sends an event.
func (a *agent) emit(event string, payload any, answer string) {
	body, err := json.Marshal([]any{event, payload})
	if err != nil {
		a.fail(err)
		return
	}
	a.send("42"+string(body), answer)
}

func (a *agent) write() {
	syncs := time.NewTicker(channelsSync)
	defer syncs.Stop()
	for {
		frame := `42["monitor:sync",{}]`
		select {
		case <-a.ctx.Done():
			return
		case frame = <-a.ask:
		case <-syncs.C:
		}
		if err := a.ws.Write(a.ctx, websocket.MessageText, []byte(frame)); err != nil {
			a.fail(err)
			return
		}
	}
}

func (a *agent) read() {
	for {
		kind, r, err := a.ws.Reader(a.ctx)
		if err == nil && kind != websocket.MessageText {
			err = fmt.Errorf("a frame of kind %s", kind)
		}
		var frame []byte
		if err == nil {
			frame, err = io.ReadAll(r)
		}
		if err != nil {
			a.fail(err)
			return
		}
		a.take(string(frame), time.Now())
	}
}

// fail keeps the first error that is not the end.
func (a *agent) fail(err error) {
	if a.ctx.Err() != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.err = errors.Join(a.err, err)
}

// take reads one frame.
func (a *agent) take(frame string, at time.Time) {
	switch {
	case frame == "2":
		a.send("3", "")
	case strings.HasPrefix(frame, "40"):
		a.emit("monitor:register", map[string]string{"clientType": "monitor", "clientId": fmt.Sprintf("monitor_%d", rand.Int64())}, "")
		a.emit("monitor:request_channels", nil, "")
	default:
		a.mu.Lock()
		for answer, asked := range a.waiting {
			if strings.HasPrefix(frame, answer) {
				a.note(answer, at.Sub(asked))
				delete(a.waiting, answer)
			}
		}
		a.mu.Unlock()
	}
	body, is := strings.CutPrefix(frame, "42")
	if !is {
		return
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(body, `["`), `"`)
	switch name {
	case "monitor:channels":
		read(a, body, a.onChannels)
	case "monitor:new_message_hint":
		read(a, body, a.onHint)
	case "channel:message":
		read(a, body, func(m agentMessage) {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.pushed[m.ID] = append(a.pushed[m.ID], at)
		})
	}
}

// note keeps how long an answer took; the lock is held.
func (a *agent) note(answer string, took time.Duration) {
	if strings.HasPrefix(answer, topicsAnswer) {
		a.lists = append(a.lists, took)
		return
	}
	a.alone = append(a.alone, took)
}

// How the answers begin that are timed. The sending queue ends the answer to a request for messages, and is sent for nothing else here.
const (
	topicsAnswer   = `42["monitor:topics",{"channelId":`
	messagesAnswer = `42["monitor:sending_queue",{"topicId":`
)

// read decodes an event's payload.
func read[T any](a *agent, body string, then func(T)) {
	var payload T
	if err := json.Unmarshal([]byte(body), &[]any{new(string), &payload}); err != nil {
		a.fail(err)
		return
	}
	then(payload)
}

// What an agent reads of each event (im-contract sections 3 and 4).
type (
	agentMessage  struct{ ID string }
	agentChannels struct{ Channels []struct{ ID string } }
	agentHint     struct {
		ChannelID, TopicID, ConversationID string
		CommentCount, MessageCount         int
	}
)

func (a *agent) onChannels(m agentChannels) {
	for _, c := range m.Channels {
		a.emit("monitor:request_topics", map[string]string{"channelId": c.ID}, topicsAnswer+strconv.Quote(c.ID))
	}
}

func (a *agent) onHint(h agentHint) {
	topic := h.TopicID + h.ConversationID // one of them is empty
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hinted[h.ChannelID] += h.CommentCount + h.MessageCount
	if a.topics[topic] {
		return
	}
	a.topics[topic] = true
	time.AfterFunc(hintRefresh, func() {
		a.mu.Lock()
		delete(a.topics, topic)
		a.mu.Unlock()
		a.emit("monitor:request_messages", map[string]string{"topicId": topic, "channelId": h.ChannelID}, messagesAnswer+strconv.Quote(topic))
	})
}

// answers are how long requests took so far: for the topics of all accounts at once, and for messages.
func (a *agent) answers() (lists, alone Sample) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.lists), slices.Clone(a.alone)
}

// had is how many different messages were pushed so far.
func (a *agent) had() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.pushed)
}

// times is how often a message was pushed, first when it was for the first time.
func (a *agent) times(id string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.pushed[id])
}

func (a *agent) first(id string) (at time.Time, came bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.pushed[id]) == 0 {
		return time.Time{}, false
	}
	return a.pushed[id][0], true
}

// told is of how many items of an account hints told.
func (a *agent) told(account string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.hinted[account]
}

// failure is why the agent's connection broke; nil when it did not.
func (a *agent) failure() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err
}
