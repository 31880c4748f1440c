package apitest

import (
	"slices"

	"google.golang.org/protobuf/proto"

	"troupe/actors/master/board"
	"troupe/messages"
)

// Proxy makes a proxy with a password.
func (m *Master) Proxy(name string) {
	m.Proxies = append(m.Proxies, &board.Proxy{HasPassword: true, Record: &messages.Proxy{
		Id: "id-" + name, Name: name, Scheme: "socks5", Host: "proxy.example", Port: 1080, Username: "anna", CreatedAt: now(), UpdatedAt: now(),
	}})
}

// Checked makes a check the newest one of a proxy.
func (m *Master) Checked(name string, checked *messages.ProxyChecked) {
	for i, p := range m.Proxies {
		if p.Record.GetName() == name {
			record := proto.CloneOf(p.Record)
			record.Checked = checked
			m.Proxies[i] = &board.Proxy{Record: record, HasPassword: p.HasPassword, Accounts: p.Accounts}
		}
	}
}

func (m *Master) proxies(command any) proto.Message {
	switch x := command.(type) {
	case *messages.AddProxy:
		return m.addProxy(x)
	case *messages.RemoveProxy:
		p := m.proxy(x.GetProxy())
		m.Proxies = slices.DeleteFunc(m.Proxies, func(one *board.Proxy) bool { return one == p })
		return &messages.ProxyDone{Proxy: p.Record}
	case *messages.AssignProxy:
		for _, id := range x.GetAccounts() {
			m.assign(id, m.proxy(x.GetProxy()))
		}
		return m.done(x.GetAccounts()[0])
	case *messages.TestProxy:
		p := m.proxy(x.GetProxy())
		checked := p.Record.GetChecked()
		if checked == nil {
			checked = &messages.ProxyChecked{Proxy: p.Record.GetId(), Worker: "node-1", Class: "ok", ExitAddress: "203.0.113.9", LatencyMs: 48, At: now()}
		}
		m.Checked(p.Record.GetName(), checked)
		return checked
	}
	return nil
}

func (m *Master) proxy(idOrName string) *board.Proxy {
	return (&board.Board{Proxies: m.Proxies}).Proxy(idOrName)
}

func (m *Master) addProxy(x *messages.AddProxy) proto.Message {
	p := &board.Proxy{HasPassword: len(x.GetPassword()) > 0, Record: &messages.Proxy{
		Id: x.GetId(), Name: x.GetName(), Scheme: x.GetScheme(), Host: x.GetHost(), Port: x.GetPort(), Username: x.GetUsername(),
		CreatedAt: now(), UpdatedAt: now(),
	}}
	if p.Record.GetId() == "" {
		p.Record.Id = "id-" + x.GetName()
	}
	for i, old := range m.Proxies {
		if old.Record.GetId() == x.GetId() {
			p.HasPassword = x.GetUsername() != "" && (p.HasPassword || old.HasPassword)
			p.Accounts, m.Proxies[i] = old.Accounts, p
			return &messages.ProxyDone{Proxy: p.Record}
		}
	}
	m.Proxies = append(m.Proxies, p)
	return &messages.ProxyDone{Proxy: p.Record}
}

// assign lets an account use a proxy, nil for none.
func (m *Master) assign(account string, p *board.Proxy) {
	a := *m.Accounts[account]
	a.Record = proto.CloneOf(a.Record)
	a.Record.Proxy = ""
	m.Accounts[account] = &a
	for i, one := range m.Proxies {
		next := *one
		next.Accounts = slices.DeleteFunc(slices.Clone(one.Accounts), func(id messages.AccountID) bool { return id == a.ID() })
		if one == p {
			a.Record.Proxy = p.Record.GetId()
			next.Accounts = append(next.Accounts, a.ID())
		}
		m.Proxies[i] = &next
	}
}
