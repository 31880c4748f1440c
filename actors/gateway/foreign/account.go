package foreign

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

// account is one that the worker was given, in one epoch.
type account struct {
	record   *messages.Account
	epoch    uint64
	upstream *messages.Upstream
	login    *messages.SealedState   // imported, and not given to the worker yet; nil = none
	status   *messages.AccountStatus // as it was said last
	profile  *messages.Profile

	began    time.Time           // of the epoch
	firstAt  time.Time           // of its first data sync; zero = none yet
	syncedAt time.Time           // of the last sync that the store acknowledged
	known    map[string]sighting // what the store has
}

func (a *account) id() messages.AccountID { return messages.AccountID(a.record.GetId()) }

// find is the account that a worker means: by our id, or by the operator's own name for it.
func (w *worker) find(id string) *account {
	if a := w.accounts[messages.AccountID(id)]; a != nil {
		return a
	}
	var found *account
	for _, a := range w.accounts {
		if id != "" && a.record.GetAccountId() == id {
			if found != nil {
				return nil // two of that name, on different platforms
			}
			found = a
		}
	}
	return found
}

// onAssign takes an account while the worker is registered, and tells it.
func (w *worker) onAssign(c actor.Context, m *messages.AssignAccount) {
	if a := w.take(c, m); a != nil {
		w.wire.command(w.peer, "master:task:assign", assigned{[]row{w.row(a)}}, w.Now())
		w.giveLogin(a)
	}
}

// take makes an account the worker's, or refuses it; nil then.
func (w *worker) take(c actor.Context, m *messages.AssignAccount) *account {
	a := &account{
		record: m.GetAccount(), epoch: m.GetEpoch(), upstream: m.GetUpstream(), login: m.GetSealed(), profile: m.GetAccount().GetProfile(),
		began: w.Now(), known: map[string]sighting{},
	}
	if _, err := w.proxy(a.upstream); err != nil {
		w.Log.Error("account not given to its foreign worker", a.id().Attr(), w.id.Attr(), "err", err)
		c.Request(w.Master, &messages.AccountAssigned{Account: m.GetAccount().GetId(), Epoch: a.epoch, Refused: err.Error()})
		return nil
	}
	a.status = &messages.AccountStatus{
		Account: string(a.id()), Epoch: a.epoch, State: string(messages.Starting), Since: w.Now().UnixMilli(),
		Reason: "the Node worker has said nothing of it yet",
	}
	w.accounts[a.id()] = a
	c.Request(w.Master, &messages.AccountAssigned{Account: string(a.id()), Epoch: a.epoch})
	if m.GetAccount().GetLoggedIn() {
		w.enter(c, a, messages.Watching, "")
	} else {
		w.say(c, a)
	}
	return a
}

// giveLogin hands a worker the login that a person brought for its account. It restarts its browser with it.
func (w *worker) giveLogin(a *account) {
	if a.login == nil {
		return
	}
	sealed := a.login
	a.login = nil
	if w.OpenLogin == nil {
		w.Log.Error("imported login not given to its foreign worker: logins stay here", a.id().Attr(), w.id.Attr())
		return
	}
	state, err := w.OpenLogin(sealed)
	if err != nil {
		w.Log.Error("imported login not given to its foreign worker", a.id().Attr(), w.id.Attr(), "err", err)
		return
	}
	w.note(storageEvent, noted, string(w.id), string(a.id()))
	w.peer.Emit(storageEvent, storage{AccountID: string(a.id()), Platform: a.record.GetPlatform(), StorageState: state, Timestamp: w.Now().UnixMilli()})
}

// onRevoke takes an account away. The worker is told; nothing proves that it obeys.
func (w *worker) onRevoke(c actor.Context, m *messages.RevokeAccount) {
	id := messages.AccountID(m.GetAccount())
	if a := w.accounts[id]; a != nil && a.epoch == m.GetEpoch() {
		delete(w.accounts, id)
		ids := []string{string(id)}
		w.wire.command(w.peer, "master:task:revoke", revoked{ids, ids, m.GetReason()}, w.Now())
		w.returnUnsent(c, id)
	}
	c.Request(w.Master, &messages.AccountRevoked{Account: m.GetAccount(), Epoch: m.GetEpoch()})
}

// onUpstream tells the worker an account's other way out.
func (w *worker) onUpstream(m *messages.SetUpstream) {
	a := w.accounts[messages.AccountID(m.GetAccount())]
	if a == nil || a.epoch != m.GetEpoch() {
		return
	}
	p, err := w.proxy(m.GetUpstream())
	if err != nil {
		w.Log.Error("foreign worker not told of its account's proxy", a.id().Attr(), "err", err)
		return
	}
	a.upstream = m.GetUpstream()
	w.wire.command(w.peer, "master:account:config_update", updated{
		AccountID: string(a.id()), Reason: "proxy changed", Fields: []string{"proxy"}, Proxy: p,
	}, w.Now())
}

func (w *worker) rows() []row {
	rows := make([]row, 0, len(w.accounts))
	for _, a := range w.accounts {
		rows = append(rows, w.row(a))
	}
	slices.SortFunc(rows, func(x, y row) int { return cmp.Compare(x.ID, y.ID) })
	return rows
}

func (w *worker) row(a *account) row {
	p, err := w.proxy(a.upstream)
	if err != nil { // it opened when the account was taken
		w.Log.Error("proxy's password does not open any more", a.id().Attr(), "err", err)
	}
	return rowOf(a.record, w.id, p)
}

// errSealed means that a proxy's password cannot be read. The account is not given away then: it must never go out without its proxy.
var errSealed = errors.New("the password of the account's proxy cannot be opened here")

// proxy is a way out in the worker's words; nil means directly.
func (w *worker) proxy(up *messages.Upstream) (*proxy, error) {
	if up == nil {
		return nil, nil
	}
	p := &proxy{
		Server: net.JoinHostPort(up.GetHost(), strconv.FormatInt(up.GetPort(), 10)), Protocol: up.GetScheme(), Username: up.GetUsername(),
	}
	if up.GetPassword() == nil {
		return p, nil
	}
	if w.OpenSecret == nil {
		return nil, errSealed
	}
	secret, err := w.OpenSecret(messages.ProxySecretOwner(up.GetProxy()), up.GetPassword())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSealed, err)
	}
	p.Password = string(secret)
	return p, nil
}

// enter changes what an account does, and says so if it is news.
func (w *worker) enter(c actor.Context, a *account, state messages.AccountState, reason string) {
	before := a.status
	next := proto.CloneOf(before)
	next.State, next.Reason = string(state), reason
	if next.GetState() != before.GetState() {
		next.Since = w.Now().UnixMilli()
	}
	a.status = next
	if next.GetState() != before.GetState() || reason != before.GetReason() {
		w.say(c, a)
	}
}

// say tells the master what an account does.
func (w *worker) say(c actor.Context, a *account) {
	c.Request(w.Master, proto.CloneOf(a.status))
}

// learn takes in what the worker says of an account's profile.
func (w *worker) learn(c actor.Context, a *account, p *messages.Profile) {
	if p == nil {
		return
	}
	merged := proto.CloneOf(p)
	if merged.PlatformUserId == "" {
		merged.PlatformUserId = a.profile.GetPlatformUserId()
	}
	if merged.Nickname == "" {
		merged.Nickname = a.profile.GetNickname()
	}
	a.profile = merged
	a.status = proto.CloneOf(a.status)
	a.status.Profile = merged
	w.say(c, a)
}

// onStates takes in what a worker says of its accounts: whether they are logged in, and their numbers.
func (w *worker) onStates(c actor.Context, m accountStates) {
	for _, one := range m.list {
		a := w.find(one.text("account_id", "accountId"))
		says := one.object("status")
		if a == nil || says == nil {
			continue
		}
		if followers := says.number("total_followers"); followers != nil && *followers > 0 && a.profile != nil {
			p := proto.CloneOf(a.profile)
			p.Followers, p.Following = followers, says.number("total_following")
			if !proto.Equal(p, a.profile) {
				w.learn(c, a, p)
			}
		}
		w.followStatus(c, a, says)
	}
}

func (w *worker) followStatus(c actor.Context, a *account, says record) {
	reason := ""
	if says.text("worker_status") == "error" {
		reason = "the Node worker reports: " + says.brief("last_error_message")
	}
	switch says.text("login_status") {
	case "logged_in":
		w.enter(c, a, messages.Watching, reason)
	case "not_logged_in", "logged_out", "login_failed", "expired":
		if !w.loggingIn(a.id()) {
			w.enter(c, a, messages.LoggedOut, "the Node worker says that it is not logged in")
		}
	default:
		if reason != "" {
			w.enter(c, a, messages.AccountState(a.status.GetState()), reason)
		}
	}
}

// onProfile is news of an account's profile: it is logged in.
func (w *worker) onProfile(c actor.Context, h heard, m loginProfile) {
	a := w.find(m.account)
	if a == nil {
		w.refuse(h, m.account, notPinned)
		return
	}
	w.learn(c, a, profileOf(m.record))
	w.enter(c, a, messages.Watching, "")
	h.ack(done{true, w.Now().UnixMilli()})
}

func (w *worker) onRestarted(c actor.Context, h heard, m restarted) {
	a := w.find(m.account)
	if a == nil {
		w.refuse(h, m.account, notPinned)
		return
	}
	if !m.ok {
		w.enter(c, a, messages.AccountState(a.status.GetState()), "the Node worker could not restart its browser")
	}
	h.ack(done{true, w.Now().UnixMilli()})
}

// notPinned answers what is said of an account that the worker was not given.
const notPinned = "the account is not assigned to this worker: an operator pins it with troupe account pin"
