package people

import (
	"encoding/json"
	"errors"
	"net/http"
)

// Why a socket is not let in, as its client is told.
var (
	errSocketToken  = errors.New("a token is needed: auth {token}")
	errSocketOrigin = errors.New("a page without an origin may not use a token")
	errWorker       = errors.New("a worker on another machine needs a token of the role worker: troupe token create NAME --role worker")
	errWorkerPage   = errors.New("no page is a worker: connect without an Origin")
	errWorkerToken  = errors.New("a token of the role worker is for /worker alone")
	errSocketPlace  = errors.New("sockets without a token are not accepted from there")
)

// AllowSocket says whether a request of a socket's transport may be served at all: it calls this node by a name of its own,
// and comes from a page that may use it. Desktop clients load their page from a file and say so (null, file://): that is
// let through where sockets without a token are.
func (d *Door) AllowSocket(r *http.Request) bool {
	return d.HostAllowed(r.Host) && (d.OriginAllowed(r) || fromFile(r.Header) && d.withoutToken(r.RemoteAddr))
}

// AdmitSocket finds who a socket belongs to: by the token of its CONNECT or header, or without one as pc-im. from and header are those of
// the request that opened its transport. A cookie is no way in: pages of other ports of the same machine would bring it along.
func (d *Door) AdmitSocket(from string, header http.Header, auth json.RawMessage) (*Identity, error) {
	switch i, given, err := d.socketToken(header, auth); {
	case err != nil:
		return nil, err
	case given && i.Role == Worker:
		return nil, errWorkerToken
	case given:
		return i, nil
	}
	if from == localName {
		return d.local, nil
	}
	if !d.cfg.IMRole.Valid() {
		return nil, errSocketToken
	}
	if !d.withoutToken(from) {
		return nil, errSocketPlace
	}
	return d.im, nil
}

// AdmitWorker finds who runs a worker of another make: by a token of the role worker, or without one a program of this machine. A request
// that a browser made for a page is no worker's, whatever token it brings.
func (d *Door) AdmitWorker(from string, header http.Header, auth json.RawMessage) (*Identity, error) {
	if header.Get("Origin") != "" {
		return nil, errWorkerPage
	}
	switch i, given, err := d.socketToken(header, auth); {
	case err != nil:
		return nil, err
	case given && i.Role == Worker:
		return i, nil
	case !given && (from == localName || loopbackAddr(from)):
		return d.local, nil
	}
	return nil, errWorker
}

// socketToken finds who has the token of a CONNECT or of a header, if there is one.
func (d *Door) socketToken(header http.Header, auth json.RawMessage) (who *Identity, given bool, err error) {
	token, given := bearer(header)
	var said struct {
		Token string `json:"token"`
	}
	if len(auth) > 0 && json.Unmarshal(auth, &said) == nil && said.Token != "" {
		token, given = said.Token, true
	}
	switch {
	case !given:
		return nil, false, nil
	case fromFile(header):
		return nil, true, errSocketOrigin
	}
	who = d.Picture().BySecret(token, d.cfg.Now())
	if who == nil || who.Kind != KindToken {
		return nil, true, ErrCredential
	}
	return who, true, nil
}

// withoutToken says whether sockets without a token are let in from there.
func (d *Door) withoutToken(from string) bool {
	return d.cfg.IMRole.Valid() && (from == localName || loopbackAddr(from) || inside(addrOf(from), d.cfg.IMNetworks))
}

func fromFile(h http.Header) bool {
	origin := h.Get("Origin")
	return origin == "null" || origin == "file://"
}
