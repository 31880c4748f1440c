// Package roster reads lists of accounts that an operator brings in: a CSV file, or the data folder of an existing Node worker. It is
// pure: bytes in, rows out, in the order of the file. What is wrong with one row is said in that row (Problem), so that one result can
// be given for each; an error is for a file that cannot be read as a list at all. No text of it quotes a cookie or a password.
//
//	CSV     platform, name, proxy, tags and, if wanted, id: by the names of its header, in English or Chinese
//	folder  <id>_state.json, storage-states/<id>_storage.json   a storage state of Playwright
//	        fingerprints/<id>_fingerprint.json                  what the worker made up; not taken over
//	        accounts.json, proxies.json, accounts.csv           what the worker's master knew: platform, name, proxy
package roster

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Row is one account to bring in.
type Row struct {
	Place    string // where it stands: line 3, or the name of a file
	ID       string // empty = the node makes one
	Platform string // as it was written; empty = not said
	Name     string
	Proxy    string // name of a proxy; empty = none, or Upstream
	Upstream *Proxy // a proxy by its address
	Tags     []string
	State    []byte   // a storage state; nil = none, the account will be logged in by QR code
	Notes    []string // what is not taken over, and why
	Problem  string   // why it cannot be brought in; empty = it can, as far as the file tells
}

// Proxy is a way out by its address.
type Proxy struct {
	Scheme   string // http https socks5
	Host     string
	Port     int64
	Username string
	Password string // never shown
}

// Name is what the proxy is known by when nobody named it.
func (p *Proxy) Name() string { return p.Host + "-" + strconv.FormatInt(p.Port, 10) }

// ParseProxy reads an address such as socks5://user:password@10.0.0.7:1080. Its errors do not quote it.
func ParseProxy(text string) (*Proxy, error) {
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("the proxy's address is not of the form scheme://user:password@host:port")
	}
	port, err := strconv.ParseInt(u.Port(), 10, 64)
	if err != nil || port < 1 || port > 65535 || u.Hostname() == "" || !slices.Contains([]string{"http", "https", "socks5"}, u.Scheme) {
		return nil, fmt.Errorf("the proxy's address needs http, https or socks5, a host and a port")
	}
	password, _ := u.User.Password()
	return &Proxy{Scheme: u.Scheme, Host: u.Hostname(), Port: port, Username: u.User.Username(), Password: password}, nil
}

// setProxy takes a proxy by name or by address.
func (r *Row) setProxy(text string) {
	if !strings.ContainsAny(text, ":@/") {
		r.Proxy = text
		return
	}
	p, err := ParseProxy(text)
	if err != nil {
		r.Problem = err.Error()
		return
	}
	r.Upstream = p
}

// splitTags splits a cell: tags are separated by semicolons, bars or commas, Chinese ones too.
func splitTags(cell string) []string {
	var tags []string
	for _, t := range strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(";|,；，、", r) }) {
		if t = strings.TrimSpace(t); t != "" {
			tags = append(tags, t)
		}
	}
	return tags
}
