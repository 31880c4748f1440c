package main

import "testing"

func TestNamesLeadWhereTheyWereSaidTo(t *testing.T) {
	for _, c := range []struct{ list, host, to string }{
		{"127.0.0.1:1", "www.douyin.com", "127.0.0.1:1"},
		{"douyin.com=127.0.0.1:1,book.test=127.0.0.1:2", "www.douyin.com", "127.0.0.1:1"},
		{"douyin.com=127.0.0.1:1,book.test=127.0.0.1:2", "book.test", "127.0.0.1:2"},
		{"douyin.com=127.0.0.1:1,book.test=127.0.0.1:2", "notbook.test", ""},
		{"douyin.com=127.0.0.1:1,127.0.0.1:2", "www.feed.test", "127.0.0.1:2"},
	} {
		p, err := parsePlaces(c.list)
		if err != nil {
			t.Fatal(err)
		}
		if to := p.of(c.host); to != c.to {
			t.Errorf("%s: %s leads to %q, not %q", c.list, c.host, to, c.to)
		}
	}
	for _, wrong := range []string{"here", "douyin.com=", "127.0.0.1:1,", "a=b=c"} {
		if p, err := parsePlaces(wrong); err == nil {
			t.Errorf("%q is %v", wrong, p)
		}
	}
	p, err := parsePlaces("book.test=127.0.0.1:2")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.from(nil)(t.Context(), "tcp", "www.douyin.com:443"); err == nil {
		t.Error("a name that leads nowhere was dialled")
	}
}

// TestEveryLookAlikeStarts starts each, and wants every of its names to lead to it.
func TestEveryLookAlikeStarts(t *testing.T) {
	for _, l := range lookAlikes {
		web, err := l.start("", "")
		if err != nil {
			t.Fatalf("%s: %v", l.name, err)
		}
		if web.Addr() == "" || web.SPKI() == "" || web.PhoneURL() == "" || len(l.domains) == 0 {
			t.Errorf("%s: %s %s %s %v", l.name, web.Addr(), web.SPKI(), web.PhoneURL(), l.domains)
		}
		if err := web.Close(); err != nil {
			t.Errorf("%s: %v", l.name, err)
		}
	}
}
