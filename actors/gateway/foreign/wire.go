package foreign

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// wire is how a worker wants to be spoken to: as it spoke when it registered.
type wire int

const (
	// byEvent: everything is an event of its own; calls are answered by their acknowledgement.
	byEvent wire = iota
	// byEnvelope: registration, tasks and data travel in the event "message"; answers too.
	byEnvelope
)

// envelopeVersion is the only version of envelopes there is.
const envelopeVersion = "v1"

// messageEvent carries envelopes, both ways.
const messageEvent = "message"

// envelope is the payload of messageEvent.
type envelope struct {
	Type      string          `json:"type"`
	Version   string          `json:"version"`
	Payload   json.RawMessage `json:"payload"`
	Timestamp float64         `json:"timestamp"` // ms
	RequestID json.RawMessage `json:"requestId,omitempty"`
}

// sent is an envelope of ours.
type sent struct {
	Type      string          `json:"type"`
	Version   string          `json:"version"`
	Payload   any             `json:"payload"`
	Timestamp int64           `json:"timestamp"` // ms
	RequestID json.RawMessage `json:"requestId,omitempty"`
}

// heard is one fact or question of a worker, read.
type heard struct {
	what    any // one of the requests of this file
	wire    wire
	request json.RawMessage // requestId of its envelope
	ack     func(any)       // never nil; answers an event's acknowledgement, if one is wanted
}

// refused answers what cannot be done.
type refused struct {
	Success   bool   `json:"success"` // false
	AccountID string `json:"accountId,omitempty"`
	Error     string `json:"error"`
}

// What workers say.
type (
	joinRoom struct{ room, worker string }
	register struct {
		worker, host, version string
		port, maxAccounts     int64
		platforms             []string
	}
	heartbeat struct{ accounts, memory int64 } // memory: MB
	dataSync  struct {
		account string
		data    *snapshot
		partial bool // it announces some items; it is not all that the worker holds
	}
	accountStates struct{ list []record }
	loginStep     struct {
		session, account string
		record           record
		picture          bool // it shows a code, whatever it says of its status
	}
	loginProfile struct {
		account string
		record  record
	}
	replyResult struct {
		reply, request string
		record         record
	}
	pushed    struct{ record record }
	restarted struct {
		account string
		ok      bool
	}
)

// event is one row of what the namespace understands: name, limits, and how its payload is read.
type event struct {
	name      string
	maxBytes  int
	perSecond float64
	burst     int
	parse     func(record) (any, error)
}

const (
	small   = 64 << 10
	picture = 1 << 20
	large   = 9 << 20
)

// events are those that Node workers send as events of their own. Those that are only logged by the system that they were written for
// are not understood here either.
var events = []event{
	{messageEvent, large, 10, 60, nil},
	{"join_room", small, 1, 10, parseJoin},
	{registerEvent, small, 1, 10, parseRegister},
	{"worker:heartbeat", small, 2, 20, parseHeartbeat},
	{"worker:login:qrcode", picture, 2, 20, parsePicture},
	{loginEvent, picture, 5, 50, parseLogin},
	{"worker:login:success", picture, 5, 50, parseLoginSuccess},
	{"worker:message:detected", large, 10, 60, parseDetected},
	{resultEvent, small, 20, 100, parseReply},
	{"worker:notification:push", small, 20, 100, parsePushed},
	{"worker:account-restarted", small, 5, 50, parseRestarted},
}

// enveloped are the types that come in envelopes.
var enveloped = map[string]func(record) (any, error){
	registerEvent:           parseRegister,
	"worker:heartbeat":      parseHeartbeat,
	syncEvent:               parseSync,
	"worker:account:status": parseStates,
}

// read reads an event's payload, and of an envelope what is in it.
func (e event) read(payload json.RawMessage) (heard, error) {
	if e.name == messageEvent {
		return readEnvelope(payload)
	}
	r, err := recordOf(payload)
	if err != nil {
		return heard{}, err
	}
	what, err := e.parse(r)
	return heard{what: what, wire: byEvent}, err
}

func readEnvelope(payload json.RawMessage) (heard, error) {
	var e envelope
	if err := json.Unmarshal(payload, &e); err != nil {
		return heard{}, errors.New("an envelope is {type, version, payload, timestamp}")
	}
	parse := enveloped[e.Type]
	switch {
	case e.Version != envelopeVersion:
		return heard{}, fmt.Errorf("version must be %q", envelopeVersion)
	case e.Timestamp <= 0:
		return heard{}, errors.New("timestamp must be a number of milliseconds")
	case len(e.RequestID) > 200:
		return heard{}, errors.New("requestId is too long")
	case parse == nil:
		return heard{}, errors.New("this type of message is not known")
	}
	r, err := recordOf(e.Payload)
	if err != nil {
		return heard{}, err
	}
	what, err := parse(r)
	if err != nil {
		err = fmt.Errorf("%s: %w", e.Type, err)
	}
	return heard{what: what, wire: byEnvelope, request: e.RequestID}, err
}

var (
	errNoWorker  = errors.New("workerId is missing")
	errNoAccount = errors.New("accountId is missing")
	errNoSession = errors.New("session_id is missing")
)

func parseJoin(r record) (any, error) {
	return joinRoom{r.text("room"), r.text("workerId", "worker_id")}, nil
}

// answer is what a join is acknowledged by: every worker is in its own room and in no other.
func (j joinRoom) answer() any {
	if j.room != "" && !strings.HasPrefix(j.room, "worker:") {
		return refused{Error: "a worker can only join its own room"}
	}
	return true
}

func parseRegister(r record) (any, error) {
	m := register{
		worker: r.text("workerId", "worker_id"), host: r.brief("host"), version: r.brief("version"), port: r.count("port"),
		maxAccounts: r.count("maxAccounts", "max_accounts"), platforms: r.texts("capabilities"),
	}
	const mostPlatforms = 50
	m.platforms = m.platforms[:min(len(m.platforms), mostPlatforms)]
	if m.worker == "" {
		return nil, errNoWorker
	}
	return m, nil
}

func parseHeartbeat(r record) (any, error) {
	in := r
	if stats := r.object("stats"); stats != nil {
		in = stats
	}
	return heartbeat{in.count("activeAccounts", "active_tasks", "activeTasks"), in.count("memoryUsage", "memory_usage")}, nil
}

func parseSync(r record) (any, error) {
	m := dataSync{account: r.text("accountId", "account_id")}
	if m.account == "" {
		return nil, errNoAccount
	}
	data := r.object("snapshot").object("data")
	if data == nil {
		return nil, errors.New("snapshot.data is missing")
	}
	var err error
	m.data, err = snapshotOf(data)
	return m, err
}

func parseDetected(r record) (any, error) {
	m := dataSync{account: r.text("account_id", "accountId"), partial: true}
	if m.account == "" {
		return nil, errNoAccount
	}
	var err error
	m.data, err = detectedOf(r)
	return m, err
}

func parseStates(r record) (any, error) {
	list, ok := r.list("account_statuses")
	if !ok || len(list) > 1000 {
		return nil, errors.New("account_statuses must be an array of at most 1000")
	}
	return accountStates{list}, nil
}

func parseLogin(r record) (any, error) {
	m := loginStep{session: r.text("session_id", "sessionId"), account: r.text("account_id", "accountId"), record: r}
	if m.session == "" {
		return nil, errNoSession
	}
	return m, nil
}

func parsePicture(r record) (any, error) {
	m, err := parseLogin(r)
	if err != nil {
		return nil, err
	}
	step := m.(loginStep)
	step.picture = true
	return step, nil
}

// parseLoginSuccess is the end of a login, or, without a session, news of an account's profile.
func parseLoginSuccess(r record) (any, error) {
	if r.text("session_id", "sessionId") != "" {
		r["status"] = json.RawMessage(`"success"`)
		return parseLogin(r)
	}
	m := loginProfile{account: r.text("account_id", "accountId"), record: r.object("user_info", "userInfo")}
	if m.account == "" {
		return nil, errNoAccount
	}
	return m, nil
}

func parseReply(r record) (any, error) {
	m := replyResult{reply: r.text("reply_id", "replyId"), request: r.text("request_id", "requestId"), record: r}
	if m.reply == "" && m.request == "" {
		return nil, errors.New("reply_id is missing")
	}
	return m, nil
}

func parsePushed(r record) (any, error) {
	if r.text("account_id", "accountId") == "" {
		return nil, errNoAccount
	}
	return pushed{r}, nil
}

func parseRestarted(r record) (any, error) {
	m := restarted{account: r.text("accountId", "account_id"), ok: r.flag("success")}
	if m.account == "" {
		return nil, errNoAccount
	}
	return m, nil
}

// answer answers what was heard: in the acknowledgement, and on the wire of envelopes in an envelope as well.
func answer(p Peer, h heard, kind string, payload any, now time.Time) {
	h.ack(payload)
	if h.wire == byEnvelope {
		p.Emit(messageEvent, sent{kind, envelopeVersion, payload, now.UnixMilli(), h.request})
	}
}

// command tells a worker something about its accounts, on its wire.
func (w wire) command(p Peer, kind string, payload any, now time.Time) {
	if w == byEnvelope {
		p.Emit(messageEvent, sent{Type: kind, Version: envelopeVersion, Payload: payload, Timestamp: now.UnixMilli()})
		return
	}
	p.Emit(kind, payload)
}
