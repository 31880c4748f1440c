package vault

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
)

// The storage state of Playwright, as of its version 1.50: cookies and origins. It lacks what Chromium knows beside that of a
// cookie: priority, scheme and port of its source, and whether SameSite was set at all.

// playwrightState is the file as it is written.
type playwrightState struct {
	Cookies []playwrightCookie `json:"cookies"`
	Origins []playwrightOrigin `json:"origins"`
}

type playwrightCookie struct {
	Name     string  `json:"name"`
	Value    string  `json:"value"`
	Domain   string  `json:"domain"`
	Path     string  `json:"path"`
	Expires  float64 `json:"expires"` // seconds; -1 ends with the session
	HTTPOnly bool    `json:"httpOnly"`
	Secure   bool    `json:"secure"`
	SameSite string  `json:"sameSite"` // Strict Lax None

	PartitionKey string `json:"partitionKey,omitempty"` // the top-level site
	CrossSite    *bool  `json:"_crHasCrossSiteAncestor,omitempty"`
}

type playwrightOrigin struct {
	Origin       string           `json:"origin"`
	LocalStorage []playwrightItem `json:"localStorage"`
}

type playwrightItem struct {
	Name  Text `json:"name"`
	Value Text `json:"value"`
}

// chromiumCookie is the part of Chromium's own form that Playwright knows.
type chromiumCookie struct {
	Name         string        `json:"name"`
	Value        string        `json:"value"`
	Domain       string        `json:"domain"`
	Path         string        `json:"path"`
	Expires      float64       `json:"expires"`
	HTTPOnly     bool          `json:"httpOnly"`
	Secure       bool          `json:"secure"`
	Session      bool          `json:"session"`
	SameSite     string        `json:"sameSite,omitempty"`
	PartitionKey *partitionKey `json:"partitionKey,omitempty"`
}

type partitionKey struct {
	TopLevelSite         string `json:"topLevelSite"`
	HasCrossSiteAncestor bool   `json:"hasCrossSiteAncestor"`
}

// sessionCookie is the expiry of a cookie that ends with its session.
const sessionCookie = -1

// ExportPlaywright writes the state as a storage state file of Playwright. The persona and what Playwright does not know of a
// cookie are left out. What it returns is a login in the plain.
func (s *State) ExportPlaywright() ([]byte, error) {
	file := playwrightState{Cookies: []playwrightCookie{}, Origins: []playwrightOrigin{}}
	for i, raw := range s.Cookies {
		var c chromiumCookie
		if json.Unmarshal(raw, &c) != nil { // its error could quote a value
			return nil, fmt.Errorf("export state: cookie %d is not as Chromium gives them", i)
		}
		file.Cookies = append(file.Cookies, c.forPlaywright())
	}
	for _, o := range s.Origins {
		out := playwrightOrigin{Origin: o.Origin, LocalStorage: []playwrightItem{}}
		for _, item := range o.LocalStorage {
			out.LocalStorage = append(out.LocalStorage, playwrightItem{item[0], item[1]})
		}
		file.Origins = append(file.Origins, out)
	}
	text, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return nil, errors.New("export state: not to be had as JSON")
	}
	return append(text, '\n'), nil
}

func (c chromiumCookie) forPlaywright() playwrightCookie {
	out := playwrightCookie{
		Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path, Expires: c.Expires,
		HTTPOnly: c.HTTPOnly, Secure: c.Secure, SameSite: c.SameSite,
	}
	if c.Session || c.Expires < 0 {
		out.Expires = sessionCookie
	}
	if out.SameSite == "" {
		out.SameSite = "Lax" // as Chromium treats it; Playwright has no word for unset
	}
	if c.PartitionKey != nil {
		out.PartitionKey, out.CrossSite = c.PartitionKey.TopLevelSite, &c.PartitionKey.HasCrossSiteAncestor
	}
	return out
}

// ImportPlaywright reads a storage state file of Playwright, as the specification's Node worker leaves it for each account
// ({"cookies", "origins"}), a bare list of cookies (context.cookies()), or either inside "storageState". Nothing is made up: what
// is missing or cannot be is an error that names its place, such as cookies[3].expires, and never a value. What has no place in
// a State is named in Ignored.
func ImportPlaywright(file []byte) (*State, error) {
	s, err := readPlaywright(file)
	if err != nil {
		return nil, fmt.Errorf("read Playwright storage state: %w", err)
	}
	return s, nil
}

func readPlaywright(file []byte) (*State, error) {
	if err := checkSyntax(file); err != nil {
		return nil, err
	}
	root := at{"", file}
	s := &State{Version: StateVersion}
	if root.isList() {
		return s, s.takeCookies(root)
	}
	fields, err := root.object()
	if err != nil {
		return nil, err
	}
	for _, wrapper := range []string{"storageState", "storage_state"} {
		if inner, ok := fields[wrapper]; ok {
			root = inner
			if fields, err = root.object(); err != nil {
				return nil, err
			}
			break
		}
	}
	cookies, hasCookies := fields["cookies"]
	origins, hasOrigins := fields["origins"]
	if !hasCookies && !hasOrigins {
		return nil, fmt.Errorf("%s: neither \"cookies\" nor \"origins\"", root.place())
	}
	if hasCookies {
		if err := s.takeCookies(cookies); err != nil {
			return nil, err
		}
	}
	if hasOrigins {
		return s, s.takeOrigins(origins)
	}
	return s, nil
}

func (s *State) takeCookies(list at) error {
	cookies, err := list.list()
	if err != nil {
		return err
	}
	for _, one := range cookies {
		c, err := readCookie(one)
		if err != nil {
			return err
		}
		raw, err := json.Marshal(c)
		if err != nil {
			return fmt.Errorf("%s: cannot be kept", one.place())
		}
		s.Cookies = append(s.Cookies, raw)
	}
	return nil
}

func readCookie(from at) (c chromiumCookie, err error) {
	fields, err := from.object()
	if err != nil {
		return c, err
	}
	var problems []error
	read := func(name string, into any, needed bool) {
		f, ok := fields[name]
		switch {
		case ok && !f.isNull():
			problems = append(problems, f.decode(into))
		case needed:
			problems = append(problems, fmt.Errorf("%s.%s: missing", from.place(), name))
		}
	}
	c.Path, c.Expires = "/", sessionCookie
	read("name", &c.Name, true)
	read("value", &c.Value, true)
	read("domain", &c.Domain, true)
	read("path", &c.Path, false)
	read("expires", &c.Expires, false)
	read("httpOnly", &c.HTTPOnly, false)
	read("secure", &c.Secure, false)
	read("sameSite", &c.SameSite, false)
	if err := errors.Join(problems...); err != nil {
		return c, err
	}
	if c.Domain == "" || strings.ContainsAny(c.Domain, "/ \t\r\n") {
		return c, fmt.Errorf("%s.domain: not a host name", from.place())
	}
	if !strings.HasPrefix(c.Path, "/") {
		return c, fmt.Errorf("%s.path: does not begin with /", from.place())
	}
	if c.Expires < 0 || math.IsInf(c.Expires, 0) {
		c.Expires, c.Session = sessionCookie, true
	}
	if c.SameSite, err = sameSite(c.SameSite); err != nil {
		return c, fmt.Errorf("%s.sameSite: %w", from.place(), err)
	}
	c.PartitionKey, err = readPartition(fields, c.Domain)
	return c, err
}

func sameSite(word string) (string, error) {
	for _, known := range []string{"", "Strict", "Lax", "None"} {
		if strings.EqualFold(word, known) {
			return known, nil
		}
	}
	return "", errors.New("must be Strict, Lax or None")
}

// readPartition reads the partition key: the top-level site as Playwright writes it, or Chromium's own object. Where the file
// does not say whether the cookie was set below another site, its domain does.
func readPartition(cookie map[string]at, domain string) (*partitionKey, error) {
	site, ok := cookie["partitionKey"]
	if !ok || site.isNull() {
		return nil, nil
	}
	cross, told := cookie["_crHasCrossSiteAncestor"]
	if !site.isString() {
		parts, err := site.object()
		if err != nil {
			return nil, fmt.Errorf("%s: must be a string or an object", site.place())
		}
		if site, ok = parts["topLevelSite"]; !ok {
			return nil, fmt.Errorf("%s.topLevelSite: missing", cookie["partitionKey"].place())
		}
		cross, told = parts["hasCrossSiteAncestor"]
	}
	key := &partitionKey{}
	if err := site.decode(&key.TopLevelSite); err != nil {
		return nil, err
	}
	if key.TopLevelSite == "" {
		return nil, nil
	}
	_, host, found := strings.Cut(key.TopLevelSite, "://")
	if !found || host == "" {
		return nil, fmt.Errorf("%s: not a site of the form https://host", site.place())
	}
	host, _, _ = strings.Cut(host, ":")
	own := strings.TrimPrefix(domain, ".")
	key.HasCrossSiteAncestor = own != host && !strings.HasSuffix(own, "."+host)
	if told && !cross.isNull() {
		return key, cross.decode(&key.HasCrossSiteAncestor)
	}
	return key, nil
}

func (s *State) takeOrigins(list at) error {
	origins, err := list.list()
	if err != nil {
		return err
	}
	for _, one := range origins {
		fields, err := one.object()
		if err != nil {
			return err
		}
		o, err := readOrigin(one, fields)
		if err != nil {
			return err
		}
		if len(o.LocalStorage) > 0 {
			s.Origins = append(s.Origins, o)
		}
		if db, ok := fields["indexedDB"]; ok && !db.isEmpty() {
			s.Ignored = append(s.Ignored, db.place())
		}
	}
	return nil
}

func readOrigin(from at, fields map[string]at) (o Origin, err error) {
	address, ok := fields["origin"]
	if !ok {
		return o, fmt.Errorf("%s.origin: missing", from.place())
	}
	if err := address.decode(&o.Origin); err != nil {
		return o, err
	}
	o.Origin = strings.TrimSuffix(o.Origin, "/")
	if !isOrigin(o.Origin) {
		return o, fmt.Errorf("%s: not an origin of the form https://host", address.place())
	}
	stored, ok := fields["localStorage"]
	if !ok || stored.isNull() {
		return o, nil
	}
	items, err := stored.list()
	if err != nil {
		return o, err
	}
	for _, one := range items {
		item, err := one.object()
		if err != nil {
			return o, err
		}
		var pair [2]Text
		for i, name := range []string{"name", "value"} {
			text, ok := item[name]
			if !ok {
				return o, fmt.Errorf("%s.%s: missing", one.place(), name)
			}
			if err := text.decode(&pair[i]); err != nil {
				return o, err
			}
		}
		o.LocalStorage = append(o.LocalStorage, pair)
	}
	return o, nil
}
