package people

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/actors"
	"troupe/messages"
)

// Name is the actor's well-known name.
const Name = "people"

// The tables of its records in the store.
const (
	tableUsers    = "users"
	tableTokens   = "tokens"
	tableSessions = "sessions"
	tableAudit    = "audit"
	tableOwn      = "people" // audit_end
	keyEnd        = "audit_end"
)

const (
	appendLimit = 2 * time.Minute
	sweepPause  = 10 * time.Second

	idleLimit     = 8 * time.Hour        // a session that is not used for so long is over
	absoluteLimit = 7 * 24 * time.Hour   // a session is over then in any case
	seenPause     = 5 * time.Minute      // how often a session's last use is written
	keepAudit     = 400 * 24 * time.Hour // how long entries of the audit log are kept
)

// Config is what the node gives to its people.
type Config struct {
	Store  *actor.PID
	People *Holder // where to publish
	// Code is told the first admin's one-time code, or "" where there is an admin: once at the start, and when the first admin is made. It must
	// not block. nil: nobody is told.
	Code func(code string)
	Now  func() time.Time
	Log  *slog.Logger
}

// Props makes the recipe of the actor. It answers SetUser, RemoveUser, CreateToken, RevokeToken, SignIn, SignOut, ClaimFirst by
// Done or *messages.Refused, ReadAudit by AuditRead and VerifyAudit by Verified. A *messages.AuditEntry is not answered.
func Props(cfg Config) *actor.Props {
	cfg.Log = cfg.Log.With(slog.String("actor", Name))
	return actor.PropsFromProducer(func() actor.Actor {
		return &people{
			Config: cfg, users: map[string]*messages.User{}, tokens: map[string]*messages.AccessToken{},
			sessions: map[string]*messages.Session{}, identities: map[string]*known{}, end: &messages.AuditEnd{First: 1}, told: "nothing yet",
		}
	})
}

// people lives in one mailbox. Its records are replaced, never changed.
type people struct {
	Config
	waitFor    int        // answers of the store before it can begin
	early      []envelope // what came before
	users      map[string]*messages.User
	tokens     map[string]*messages.AccessToken // by id
	sessions   map[string]*messages.Session     // by id
	identities map[string]*known                // by session or token id
	end        *messages.AuditEnd
	code       string // of the first admin; empty when there is one
	told       string // what Config.Code was told last
	pruning    bool
	stopSweep  func()
}

// envelope is a message that waits for the records.
type envelope struct {
	message any
	sender  *actor.PID
}

type sweep struct{}

// Receive is the switchboard. Until the records are read everything waits.
func (p *people) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		tables := []string{tableUsers, tableTokens, tableSessions, tableOwn}
		p.waitFor = len(tables)
		for _, t := range tables {
			c.Request(p.Store, &messages.LoadControl{Table: t})
		}
	case *messages.ControlLoaded:
		p.load(c, m)
	case *actor.Stopping:
		p.stop()
	case actor.SystemMessage, actor.AutoReceiveMessage:
	default:
		if p.waitFor > 0 {
			p.early = append(p.early, envelope{m, c.Sender()})
			return
		}
		p.handle(c, m, c.Sender())
	}
}

func (p *people) handle(c actor.Context, message any, sender *actor.PID) {
	switch m := message.(type) {
	case SetUser:
		p.onSetUser(c, m, sender)
	case RemoveUser:
		p.onRemoveUser(c, m, sender)
	case CreateToken:
		p.onCreateToken(c, m, sender)
	case RevokeToken:
		p.onRevokeToken(c, m, sender)
	case SignIn:
		p.onSignIn(c, m, sender)
	case SignOut:
		p.onSignOut(c, m, sender)
	case ClaimFirst:
		p.onClaimFirst(c, m, sender)
	case *messages.AuditEntry:
		p.persist(c, p.record(nil, m), nil)
	case ReadAudit:
		p.onReadAudit(c, m, sender)
	case VerifyAudit:
		p.onVerify(c, sender)
	case audited:
		c.Send(m.to, m.answer)
	case verified:
		p.onVerified(c, m)
	case pruned:
		p.onPruned(c, m)
	case sweep:
		p.onSweep(c)
	case actors.Panicked:
		panic(m)
	}
}

// load takes the records of one table; after the last one it begins.
func (p *people) load(c actor.Context, loaded *messages.ControlLoaded) {
	for _, r := range loaded.GetRecords() {
		if err := p.loadRecord(r); err != nil {
			panic(fmt.Sprintf("control record %s/%s: %v", r.GetTable(), r.GetKey(), err))
		}
	}
	if p.waitFor--; p.waitFor > 0 {
		return
	}
	p.stopSweep = actors.Every(c, sweepPause, sweep{})
	p.publish()
	for _, e := range p.early {
		p.handle(c, e.message, e.sender)
	}
	p.early = nil
}

func (p *people) loadRecord(r *messages.Put) error {
	switch r.GetTable() {
	case tableUsers:
		return keep(p.users, r)
	case tableTokens:
		return keep(p.tokens, r)
	case tableSessions:
		return keep(p.sessions, r)
	case tableOwn:
		return proto.Unmarshal(r.GetValue(), p.end)
	}
	return nil
}

// keep decodes a record into its table.
func keep[T any, M interface {
	*T
	proto.Message
}](table map[string]M, r *messages.Put,
) error {
	record := M(new(T))
	if err := proto.Unmarshal(r.GetValue(), record); err != nil {
		return err
	}
	table[r.GetKey()] = record
	return nil
}

// put is a record as the store takes it; a nil record removes the key.
func put(table, key string, record proto.Message) *messages.Put {
	if record == nil {
		return &messages.Put{Table: table, Key: key}
	}
	b, err := proto.Marshal(record)
	if err != nil {
		panic(fmt.Sprintf("encode a record of %s: %v", table, err))
	}
	return &messages.Put{Table: table, Key: key, Value: b}
}

// persist appends a change; then runs in the mailbox once it is on disk, and all see it. The store keeps the order of
// appends. A change that cannot be made durable ends the process.
func (p *people) persist(c actor.Context, puts []*messages.Put, then func()) {
	f := c.RequestFuture(p.Store, &messages.Append{Puts: puts, At: p.now()}, appendLimit)
	c.ReenterAfter(f, func(answer any, err error) {
		if _, ok := answer.(*messages.Appended); err != nil || !ok {
			panic(fmt.Sprintf("the store did not take a change: %v %T", err, answer))
		}
		if then != nil {
			then()
		}
	})
}

func (p *people) stop() {
	if p.stopSweep != nil {
		p.stopSweep()
	}
	for _, k := range p.identities {
		k.end()
	}
}

func (p *people) now() int64 { return p.Now().UnixMilli() }

func refuse(c actor.Context, to *actor.PID, code, format string, args ...any) {
	if to != nil {
		c.Send(to, &messages.Refused{Code: code, Message: fmt.Sprintf(format, args...)})
	}
}
