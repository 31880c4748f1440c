package master

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

// The tables of control records in the store.
const (
	tableAccounts = "accounts"
	tableReplies  = "replies"
	tableLogins   = "logins"
	tableQueue    = "queue" // of logins
	tableAlarms   = "alarms"
	tableVault    = "vault"
	tableProxies  = "proxies"
	tableNodes    = "nodes"
	tableMeta     = "meta" // generation, restored, lease_horizon (ns), number:<prefix>, logins_at_once
)

// appendLimit is how long the store may take for one durable change before the master stops trusting it.
const appendLimit = 2 * time.Minute

// change collects the records of one durable change.
type change struct{ puts []*messages.Put }

func (ch *change) put(table, key string, record proto.Message) {
	b, err := proto.Marshal(record)
	if err != nil {
		panic(fmt.Sprintf("encode a record of %s: %v", table, err))
	}
	ch.puts = append(ch.puts, &messages.Put{Table: table, Key: key, Value: b})
}

func (ch *change) number(key string, n uint64) {
	ch.puts = append(ch.puts, &messages.Put{Table: tableMeta, Key: key, Value: []byte(strconv.FormatUint(n, 10))})
}

func (ch *change) remove(table, key string) {
	ch.puts = append(ch.puts, &messages.Put{Table: table, Key: key})
}

// persist appends a change to the store; then runs in the mailbox once it is on disk. The store keeps the
// order of appends. A change that cannot be made durable ends the process.
func (m *master) persist(c actor.Context, ch change, then func()) {
	f := c.RequestFuture(m.Store, &messages.Append{Puts: ch.puts, At: m.now()}, appendLimit)
	c.ReenterAfter(f, func(answer any, err error) {
		if _, ok := answer.(*messages.Appended); err != nil || !ok {
			panic(fmt.Sprintf("the store did not take a change: %v %T", err, answer))
		}
		if then != nil {
			then()
		}
		m.publish(c)
	})
}

// load builds the tables from the store's records, ends what a crash interrupted, and starts.
func (m *master) load(c actor.Context, loaded *messages.ControlLoaded) {
	for _, r := range loaded.GetRecords() {
		if err := m.loadRecord(r); err != nil {
			panic(fmt.Sprintf("control record %s/%s: %v", r.GetTable(), r.GetKey(), err))
		}
	}
	var ch change
	m.beginRestored(&ch)
	m.recoverEpochs()
	m.resumeDrains()
	m.recoverDefinitions()
	m.endForeignEpochs(&ch)
	m.endInterruptedLogins(&ch)
	m.settleInterruptedReplies(&ch)
	if h := m.Leases.Horizon(); h != m.horizon {
		m.horizon = h
		ch.number("lease_horizon", uint64(h))
	}
	m.news.everything = true
	if len(ch.puts) > 0 {
		m.persist(c, ch, nil)
	}
	m.start(c)
	m.finishRemovals(c)
}

func (m *master) loadRecord(r *messages.Put) error {
	switch r.GetTable() {
	case tableAccounts:
		record := &messages.Account{}
		if err := proto.Unmarshal(r.GetValue(), record); err != nil {
			return err
		}
		a := m.account(messages.AccountID(r.GetKey()))
		a.record = record
		a.status = restingStatus(record)
	case tableVault:
		sealed := &messages.SealedState{}
		if err := proto.Unmarshal(r.GetValue(), sealed); err != nil {
			return err
		}
		m.account(messages.AccountID(r.GetKey())).vault = sealed
	case tableReplies:
		reply := &messages.Reply{}
		if err := proto.Unmarshal(r.GetValue(), reply); err != nil {
			return err
		}
		m.replies[messages.ReplyID(r.GetKey())] = reply
	case tableLogins:
		session := &messages.LoginSession{}
		if err := proto.Unmarshal(r.GetValue(), session); err != nil {
			return err
		}
		m.logins[messages.LoginID(r.GetKey())] = session
	case tableProxies:
		p := &messages.Proxy{}
		if err := proto.Unmarshal(r.GetValue(), p); err != nil {
			return err
		}
		m.proxies[r.GetKey()] = p
	case tableNodes:
		return m.loadNode(r)
	case tableQueue:
		return m.queue.load(r)
	case tableDefinitions:
		return m.loadDefinition(r)
	case tableChoices:
		return m.loadChoice(r)
	case tableAlarms:
		return m.loadAlarm(r)
	case tableMeta:
		return m.loadNumber(r)
	}
	return nil
}

func (m *master) loadNumber(r *messages.Put) error {
	n, err := strconv.ParseUint(string(r.GetValue()), 10, 64)
	if err != nil {
		return err
	}
	prefix, isNumber := strings.CutPrefix(r.GetKey(), "number:")
	switch {
	case isNumber:
		m.nextNumber[prefix] = n
	case r.GetKey() == keyRestored:
		m.restored = true
	case r.GetKey() == keyGeneration:
		m.generation = uint32(n)
	case r.GetKey() == keyAtOnce:
		m.queue.atOnce = int64(n)
	case r.GetKey() == "lease_horizon":
		m.horizon = time.Duration(n)
	}
	return nil
}

// account returns the row of an id, making an empty one while records are loaded.
func (m *master) account(id messages.AccountID) *account {
	a := m.accounts[id]
	if a == nil {
		a = &account{record: &messages.Account{Id: string(id)}, status: &messages.AccountStatus{Account: string(id)}}
		m.accounts[id], m.sorted = a, nil
	}
	return a
}

// edit replaces an account's record by a changed copy and notes it as news.
func (m *master) edit(ch *change, a *account, how func(*messages.Account)) {
	record := proto.CloneOf(a.record)
	how(record)
	record.UpdatedAt = m.now()
	a.record = record
	ch.put(tableAccounts, record.GetId(), record)
	m.news.account(a.id())
}
