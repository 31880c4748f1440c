package definition

import (
	"fmt"
	"slices"
)

// asked are the words for what a person can be asked for.
var asked = []string{"username", "password", "phone_number", "verification_code"}

func (c *checker) login() {
	l := &c.d.Login
	sections := map[string]bool{"qr": l.QR != nil, "password": l.Password != nil, "sms": l.SMS != nil, "cookies": true}
	if len(l.Ways) == 0 {
		c.wrong("login.ways", "say at least one way to log in: qr, password, sms or cookies")
	}
	for i, way := range l.Ways {
		switch has, known := sections[way]; {
		case !known:
			c.wrong(fmt.Sprintf("login.ways[%d]", i), "%q is no way to log in: qr, password, sms or cookies", way)
		case !has:
			c.wrong(fmt.Sprintf("login.ways[%d]", i), "the way %s needs a section login.%s", way, way)
		}
	}
	c.proof("login.proof", &l.Proof)
	if len(l.Lapsed) == 0 {
		c.wrong("login.lapsed", "say how one sees that the platform wants a login")
	}
	c.signs("login.lapsed", l.Lapsed)
	if l.QR != nil {
		c.qr("login.qr", l.QR)
	}
	c.form("login.password", l.Password)
	c.form("login.sms", l.SMS)
	if len(l.Then) > 0 {
		c.flow("login.then", l.Then, looking)
	}
	if l.Also == nil {
		return
	}
	c.proof("login.also.proof", &l.Also.Proof)
	if l.Also.QR == nil {
		c.wrong("login.also", "a further login needs a section qr")
	} else {
		c.qr("login.also.qr", l.Also.QR)
	}
}

func (c *checker) proof(path string, p *Proof) {
	if len(p.URL) == 0 || p.Cookie == "" {
		c.wrong(path, "a login is proved by a page and a cookie: both are needed")
	}
	c.signs(path+".present", p.Present)
	c.signs(path+".absent", p.Absent)
}

func (c *checker) qr(path string, qr *QRLogin) {
	if c.d.Pages[qr.Open] == "" {
		c.wrong(path+".open", "pages has no %q", qr.Open)
	}
	if len(qr.Prepare) > 0 {
		c.flow(path+".prepare", qr.Prepare, looking)
	}
	c.known(path+".image", qr.Image, true)
	c.known(path+".renew", qr.Renew, false)
	if qr.Valid.Min <= 0 {
		c.wrong(path+".valid", "say how long a code works, such as 60s")
	}
	if qr.Expires != nil {
		c.listens(path+".expires.listen", qr.Expires.Listen)
		if qr.Expires.At.IsZero() {
			c.wrong(path+".expires.at", "say where in the answer the time stands")
		}
		c.query(path+".expires.at", &qr.Expires.At)
	}
	c.signs(path+".states.scanned", qr.State.Scanned)
	c.signs(path+".states.expired", qr.State.Expired)
	c.signs(path+".states.refused", qr.State.Refused)
	c.code(path+".code", qr.Code)
}

func (c *checker) code(path string, code *Code) {
	if code == nil {
		return
	}
	if !slices.Contains([]string{"", "verification_code", "phone_number"}, code.Ask) {
		c.wrong(path+".ask", "only verification_code and phone_number can be asked for")
	}
	c.known(path+".input", code.Input, true)
	c.known(path+".send", code.Send, false)
	c.known(path+".submit", code.Submit, true)
	c.signs(path+".wrong", code.Wrong)
}

func (c *checker) form(path string, f *FormLogin) {
	if f == nil {
		return
	}
	c.flow(path+".steps", f.Steps, entering)
	if !slices.ContainsFunc(f.Steps, func(s Step) bool { return s.Ask != nil }) {
		c.wrong(path+".steps", "a form asks a person for something: ask")
	}
	if len(f.Steps) > 0 && f.Steps[0].Open == nil {
		c.wrong(path+".steps", "the steps are made again after a wrong value: they begin with open")
	}
	c.signs(path+".wrong", f.Wrong)
	c.signs(path+".refused", f.Refused)
	c.code(path+".code", f.Code)
}
