package api

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"strconv"

	"troupe/actors"
	"troupe/actors/master/board"
	"troupe/messages"
)

// ContractProxy is a proxy in the contract's shape, without its password. Times are seconds.
type ContractProxy struct {
	ID            string  `json:"id"`
	Name          string  `json:"name"`
	Server        string  `json:"server"`   // host:port
	Protocol      string  `json:"protocol"` // http https socks5
	Username      *string `json:"username"`
	HasPassword   bool    `json:"has_password"`
	Status        string  `json:"status"` // active failed untested
	ResponseTime  *int64  `json:"response_time"`
	LastCheckTime *int64  `json:"last_check_time"`
	CreatedAt     int64   `json:"created_at"`
	UpdatedAt     int64   `json:"updated_at"`
}

// ContractProxyChange is the body of POST and PATCH; in a PATCH what is absent stays.
type ContractProxyChange struct {
	Name     string `json:"name,omitempty"`
	Server   string `json:"server,omitempty"` // host:port
	Protocol string `json:"protocol,omitempty"`
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"` // never shown again
}

// ProxyTest is the outcome of a check.
type ProxyTest struct {
	ProxyID      string  `json:"proxy_id"`
	TestSuccess  bool    `json:"test_success"`
	ResponseTime int64   `json:"response_time"` // ms
	ErrorMessage *string `json:"error_message"`
	Status       string  `json:"status"`
}

// contractStates are the contract's words for the state of a proxy.
var contractStates = map[string]string{proxyUnknown: "untested", proxyOK: "active", proxyFailed: "failed"}

func contractProxy(p *board.Proxy) ContractProxy {
	one := proxyOf(p)
	out := ContractProxy{
		ID: one.ID, Name: one.Name, Server: net.JoinHostPort(one.Host, strconv.FormatInt(one.Port, 10)), Protocol: one.Scheme,
		HasPassword: one.HasPassword, Status: contractStates[one.State], LastCheckTime: secondsOr(one.CheckedAt),
		CreatedAt: seconds(one.CreatedAt), UpdatedAt: seconds(one.UpdatedAt),
	}
	if one.Username != "" {
		out.Username = &one.Username
	}
	if one.State == proxyOK {
		out.ResponseTime = &one.LatencyMS
	}
	return out
}

func (a *API) contractProxies(w http.ResponseWriter, _ *http.Request) error {
	list := []ContractProxy{}
	for _, p := range a.Board.Load().Proxies {
		list = append(list, contractProxy(p))
	}
	return enveloped(w, http.StatusOK, list)
}

func (a *API) contractAddProxy(w http.ResponseWriter, r *http.Request) error {
	var body ContractProxyChange
	if err := decodeLoosely(r, &body); err != nil {
		return err
	}
	body.Name = cmp.Or(body.Name, body.Server)
	return a.contractSave(w, r, http.StatusCreated, body, &messages.AddProxy{Scheme: "http"})
}

func (a *API) contractChangeProxy(w http.ResponseWriter, r *http.Request) error {
	p, err := a.proxyAt(r)
	if err != nil {
		return err
	}
	var body ContractProxyChange
	if err := decodeLoosely(r, &body); err != nil {
		return err
	}
	rec := p.Record
	return a.contractSave(w, r, http.StatusOK, body, &messages.AddProxy{
		Id: rec.GetId(), Name: rec.GetName(), Scheme: rec.GetScheme(), Host: rec.GetHost(), Port: rec.GetPort(), Username: rec.GetUsername(),
	})
}

// contractSave lays the body over what is known and has the master keep it.
func (a *API) contractSave(w http.ResponseWriter, r *http.Request, status int, body ContractProxyChange, command *messages.AddProxy) error {
	if body.Server != "" {
		host, port, err := net.SplitHostPort(body.Server)
		n, numberErr := strconv.ParseInt(port, 10, 64)
		if err != nil || numberErr != nil {
			return invalid("field \"server\" must be host:port")
		}
		command.Host, command.Port = host, n
	}
	command.Name, command.Scheme = cmp.Or(body.Name, command.GetName()), cmp.Or(body.Protocol, command.GetScheme())
	command.Username, command.Password = cmp.Or(body.Username, command.GetUsername()), []byte(body.Password)
	ctx, cancel := context.WithTimeout(r.Context(), commandTime)
	defer cancel()
	done, err := actors.Ask[*messages.ProxyDone](ctx, a.Root, a.Master, command)
	if err != nil {
		return err
	}
	p := a.Board.Load().Proxy(done.GetProxy().GetId())
	if p == nil {
		return notFound("the proxy was removed meanwhile")
	}
	return enveloped(w, status, contractProxy(p))
}

func (a *API) contractRemoveProxy(w http.ResponseWriter, r *http.Request) error {
	p, err := a.proxyAt(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), commandTime)
	defer cancel()
	if _, err := actors.Ask[*messages.ProxyDone](ctx, a.Root, a.Master, &messages.RemoveProxy{Proxy: p.Record.GetId()}); err != nil {
		return err
	}
	return answer(w, http.StatusOK, Done{true, "Proxy deleted successfully"})
}

func (a *API) contractTestProxy(w http.ResponseWriter, r *http.Request) error {
	p, err := a.proxyAt(r)
	if err != nil {
		return err
	}
	if err := drainBody(r); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), commandTime)
	defer cancel()
	done, err := actors.Ask[*messages.ProxyChecked](ctx, a.Root, a.Master, &messages.TestProxy{Proxy: p.Record.GetId()})
	if err != nil {
		return err
	}
	out := ProxyTest{ProxyID: p.Record.GetId(), TestSuccess: done.GetClass() == proxyOK, ResponseTime: done.GetLatencyMs(), Status: "active"}
	if !out.TestSuccess {
		reason := done.GetReason()
		out.ErrorMessage, out.Status = &reason, "failed"
	}
	return enveloped(w, http.StatusOK, out)
}

// ContractPlatform is a platform as the client's form offers it.
type ContractPlatform struct {
	Value        string `json:"value"`
	Label        string `json:"label"`
	Enabled      bool   `json:"enabled"`
	AccountCount int    `json:"accountCount"`
}

func (a *API) contractPlatforms(w http.ResponseWriter, _ *http.Request) error {
	b, list := a.Board.Load(), []ContractPlatform{}
	for _, p := range b.Platforms {
		one := platformOf(b, p)
		list = append(list, ContractPlatform{one.Name, cmp.Or(one.Title["zh"], one.Name), one.Digest != "" || one.BuiltIn, one.Accounts})
	}
	total := len(list)
	return answer(w, http.StatusOK, Enveloped[[]ContractPlatform]{Success: true, Data: list, Total: &total})
}
