package api

import (
	"context"
	"net/http"

	"troupe/actors"
	"troupe/actors/master/board"
	"troupe/messages"
)

// Proxy is a way out in JSON. It never holds a secret.
type Proxy struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Scheme      string   `json:"scheme"` // http https socks5
	Host        string   `json:"host"`
	Port        int64    `json:"port"`
	Username    string   `json:"username,omitempty"`
	HasPassword bool     `json:"has_password"`
	Accounts    []string `json:"accounts"` // that go out through it

	State       string `json:"state"`                  // unknown ok failed: of the newest check
	Class       string `json:"class,omitempty"`        // of a failure: upstream_unreachable upstream_auth upstream_protocol upstream_timeout target_unreachable
	Reason      string `json:"reason,omitempty"`       // of a failure, for people
	ExitAddress string `json:"exit_address,omitempty"` // as an outside service saw it
	LatencyMS   int64  `json:"latency_ms,omitempty"`   // until a tunnel stood
	CheckedAt   int64  `json:"checked_at,omitempty"`
	CheckedBy   string `json:"checked_by,omitempty"` // the account through whose gate it was checked
	CheckedOn   string `json:"checked_on,omitempty"` // the node

	CreatedAt int64 `json:"created_at"`
	UpdatedAt int64 `json:"updated_at"`
}

// Proxies is the answer to GET /proxies.
type Proxies struct {
	Proxies []Proxy `json:"proxies"` // by name
}

// NewProxy is the body of POST /proxies.
type NewProxy struct {
	Name     string `json:"name"`
	Scheme   string `json:"scheme"`
	Host     string `json:"host"`
	Port     int64  `json:"port"`
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"` // never shown again, never logged
}

// ProxyChange is the body of PATCH /proxies/{proxy}: what is absent stays, and so does a password that is empty. A proxy without a user
// name has no password.
type ProxyChange struct {
	Name     *string `json:"name,omitempty"`
	Scheme   *string `json:"scheme,omitempty"`
	Host     *string `json:"host,omitempty"`
	Port     *int64  `json:"port,omitempty"`
	Username *string `json:"username,omitempty"`
	Password string  `json:"password,omitempty"`
}

// WayOut is the body of PUT /accounts/{account}/proxy.
type WayOut struct {
	Proxy *string `json:"proxy"` // name or id; "" = directly
}

// The states of a proxy, by its newest check.
const (
	proxyUnknown = "unknown"
	proxyOK      = "ok"
	proxyFailed  = "failed"
)

func proxyOf(p *board.Proxy) Proxy {
	rec, checked := p.Record, p.Record.GetChecked()
	out := Proxy{
		ID: rec.GetId(), Name: rec.GetName(), Scheme: rec.GetScheme(), Host: rec.GetHost(), Port: rec.GetPort(), Username: rec.GetUsername(),
		HasPassword: p.HasPassword, Accounts: make([]string, 0, len(p.Accounts)), State: proxyUnknown,
		ExitAddress: checked.GetExitAddress(), LatencyMS: checked.GetLatencyMs(), CheckedAt: checked.GetAt(),
		CheckedBy: checked.GetAccount(), CheckedOn: checked.GetWorker(), CreatedAt: rec.GetCreatedAt(), UpdatedAt: rec.GetUpdatedAt(),
	}
	for _, id := range p.Accounts {
		out.Accounts = append(out.Accounts, string(id))
	}
	switch class := checked.GetClass(); {
	case checked == nil:
	case class == proxyOK:
		out.State = proxyOK
	default:
		out.State, out.Class, out.Reason = proxyFailed, class, checked.GetReason()
	}
	return out
}

// proxyName is what people know a proxy by; an id that is not on the board stays as it is.
func proxyName(b *board.Board, id string) string {
	if id == "" {
		return ""
	}
	if p := b.Proxy(id); p != nil {
		return p.Record.GetName()
	}
	return id
}

// proxyAt finds the proxy that the path names.
func (a *API) proxyAt(r *http.Request) (*board.Proxy, error) {
	name := r.PathValue("proxy")
	p := a.Board.Load().Proxy(name)
	if p == nil {
		return nil, notFound("no proxy is named %q: see GET %s/proxies", name, Prefix)
	}
	return p, nil
}

func (a *API) listProxies(w http.ResponseWriter, _ *http.Request) error {
	list := []Proxy{}
	for _, p := range a.Board.Load().Proxies {
		list = append(list, proxyOf(p))
	}
	return answer(w, http.StatusOK, Proxies{list})
}

func (a *API) showProxy(w http.ResponseWriter, r *http.Request) error {
	p, err := a.proxyAt(r)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, proxyOf(p))
}

func (a *API) createProxy(w http.ResponseWriter, r *http.Request) error {
	var body NewProxy
	if err := decode(r, &body); err != nil {
		return err
	}
	return a.saveProxy(w, r, http.StatusCreated, &messages.AddProxy{
		Name: body.Name, Scheme: body.Scheme, Host: body.Host, Port: body.Port, Username: body.Username, Password: []byte(body.Password),
	})
}

func (a *API) changeProxy(w http.ResponseWriter, r *http.Request) error {
	p, err := a.proxyAt(r)
	if err != nil {
		return err
	}
	var body ProxyChange
	if err := decode(r, &body); err != nil {
		return err
	}
	rec := p.Record
	command := &messages.AddProxy{
		Id: rec.GetId(), Name: rec.GetName(), Scheme: rec.GetScheme(), Host: rec.GetHost(), Port: rec.GetPort(), Username: rec.GetUsername(),
		Password: []byte(body.Password),
	}
	replace(&command.Name, body.Name)
	replace(&command.Scheme, body.Scheme)
	replace(&command.Host, body.Host)
	replace(&command.Port, body.Port)
	replace(&command.Username, body.Username)
	return a.saveProxy(w, r, http.StatusOK, command)
}

func replace[T any](what *T, by *T) {
	if by != nil {
		*what = *by
	}
}

// saveProxy asks the master to keep a proxy and answers with it as it is then.
func (a *API) saveProxy(w http.ResponseWriter, r *http.Request, status int, command *messages.AddProxy) error {
	ctx, cancel := context.WithTimeout(r.Context(), commandTime)
	defer cancel()
	done, err := actors.Ask[*messages.ProxyDone](ctx, a.Root, a.Master, command)
	if err != nil {
		return err
	}
	return a.answerProxy(w, status, done.GetProxy().GetId())
}

// answerProxy answers with a proxy as the board has it.
func (a *API) answerProxy(w http.ResponseWriter, status int, id string) error {
	p := a.Board.Load().Proxy(id)
	if p == nil {
		return notFound("the proxy was removed meanwhile")
	}
	return answer(w, status, proxyOf(p))
}

func (a *API) removeProxy(w http.ResponseWriter, r *http.Request) error {
	p, err := a.proxyAt(r)
	if err != nil {
		return err
	}
	name := p.Record.GetName()
	if r.URL.Query().Get("confirm") != name {
		return &Problem{http.StatusBadRequest, "confirm", "this forgets the proxy and its password: repeat with ?confirm=" + name}
	}
	ctx, cancel := context.WithTimeout(r.Context(), commandTime)
	defer cancel()
	if _, err := actors.Ask[*messages.ProxyDone](ctx, a.Root, a.Master, &messages.RemoveProxy{Proxy: p.Record.GetId()}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// testProxy answers with the proxy and its new check, whatever that says; only a check that could not be made is a problem.
func (a *API) testProxy(w http.ResponseWriter, r *http.Request) error {
	p, err := a.proxyAt(r)
	if err != nil {
		return err
	}
	if err := decode(r, &struct{}{}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), commandTime)
	defer cancel()
	id := p.Record.GetId()
	if _, err := actors.Ask[*messages.ProxyChecked](ctx, a.Root, a.Master, &messages.TestProxy{Proxy: id}); err != nil {
		return err
	}
	return a.answerProxy(w, http.StatusOK, id)
}

func (a *API) assignProxy(w http.ResponseWriter, r *http.Request) error {
	_, acc, err := a.accountAt(r)
	if err != nil {
		return err
	}
	var body WayOut
	if err := decode(r, &body); err != nil {
		return err
	}
	if body.Proxy == nil {
		return invalid("field \"proxy\" is missing: the name of a proxy, or \"\" for none")
	}
	return a.change(w, r, http.StatusOK, &messages.AssignProxy{Accounts: []string{acc.Record.GetId()}, Proxy: *body.Proxy})
}
