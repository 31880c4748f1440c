package people

import (
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"troupe/messages"
)

// DoorConfig says who is let in beside users and tokens. The zero values let in nobody else.
type DoorConfig struct {
	People *Holder
	// Hosts are names that clients may call this node by, beside those of loopback.
	Hosts []string
	// Named says whether the node's own certificate is for a name; nil without TLS.
	Named func(host string) bool
	// Origins are pages of other addresses that may use the node, such as https://desk.example.
	Origins []string
	// Proxies are the reverse proxies that are believed when they say who calls.
	Proxies []netip.Prefix
	// IMRole is what sockets without a token may do; empty or Off refuses them.
	IMRole Role
	// IMNetworks are where such sockets may come from, beside this machine.
	IMNetworks []netip.Prefix
	// DevelopmentRole is what requests from this machine may do without a sign-in; empty or Off refuses them.
	DevelopmentRole Role
	// Audit takes entries for the log; nil drops them. It does not block.
	Audit func(*messages.AuditEntry)
	Now   func() time.Time // nil = time.Now
	Log   *slog.Logger     // nil = silence
}

// Door finds out who a request or a socket comes from. It is safe for concurrent use and never waits.
type Door struct {
	cfg         DoorConfig
	im          *Identity
	local       *Identity
	development *Identity
	limits      *limits
}

// NewDoor makes a door.
func NewDoor(cfg DoorConfig) *Door {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Audit == nil {
		cfg.Audit = func(*messages.AuditEntry) {}
	}
	return &Door{
		cfg: cfg, limits: newLimits(cfg.Now),
		im:          newIdentity(imName, KindIM, cfg.IMRole, nil),
		local:       newIdentity(localName, KindLocal, Admin, nil),
		development: newIdentity(developmentName, KindDevelopment, cfg.DevelopmentRole, nil),
	}
}

// Picture is who may come in now.
func (d *Door) Picture() *Picture { return d.cfg.People.Load() }

// ErrCredential is a token or cookie that does not let in (any more).
var ErrCredential = errors.New("the token or sign-in is not valid, or not any more")

// Who finds who asks, in this order: the owner of the Unix socket, a token, a session's cookie, a program of this machine
// where development lets it in. nil = nobody; an error is a credential that is not valid.
func (d *Door) Who(r *http.Request) (*Identity, error) {
	now := d.cfg.Now()
	if token, given := bearer(r.Header); given {
		i := d.Picture().BySecret(token, now)
		if i == nil || i.Kind != KindToken {
			return nil, ErrCredential
		}
		return i, nil
	}
	if r.RemoteAddr == localName {
		return d.local, nil
	}
	if cookie, err := r.Cookie(cookieName(Secure(r))); err == nil {
		if i := d.Picture().BySecret(cookie.Value, now); i != nil && i.Kind == KindUser {
			return i, nil
		}
	}
	if d.cfg.DevelopmentRole.Valid() && loopbackAddr(r.RemoteAddr) {
		return d.development, nil
	}
	return nil, nil
}

// bearer is the token of an Authorization header.
func bearer(h http.Header) (token string, given bool) {
	scheme, token, _ := strings.Cut(h.Get("Authorization"), " ")
	return strings.TrimSpace(token), strings.EqualFold(scheme, "Bearer")
}

// Note writes into the audit log what somebody did, or wanted to do; nil is nobody that we know.
func (d *Door) Note(i *Identity, from, what, outcome string, targets ...string) {
	who := "-"
	if i != nil {
		who = i.Name
	}
	d.cfg.Audit(&messages.AuditEntry{At: d.cfg.Now().UnixMilli(), Who: who, From: HostOnly(from), What: what, Outcome: outcome, Targets: targets})
}

// NoteRefused is Note for what was not let in; a flood of it is cut, so that nobody can fill the log.
func (d *Door) NoteRefused(i *Identity, from, what, outcome string, targets ...string) {
	if d.limits.refusal() {
		d.Note(i, from, what, outcome, targets...)
	}
}

// MayTry says whether another attempt to sign in as that user, or from that address, may be made now.
func (d *Door) MayTry(user, from string) bool { return d.limits.try(user, HostOnly(from)) }

// People is where the door looks who may come in.
func (d *Door) People() *Holder { return d.cfg.People }

// Record hands an entry to the audit log.
func (d *Door) Record(e *messages.AuditEntry) { d.cfg.Audit(e) }
