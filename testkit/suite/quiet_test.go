package suite

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/procfs"

	"troupe/actors/gateway/api"
	"troupe/messages"
	"troupe/testkit/imclient"
	"troupe/testkit/site"
)

// TestLogTellsNoSecretsAndNothingListensBeyondThisMachine sends canaries through everything, at debug level.
func TestLogTellsNoSecretsAndNothingListensBeyondThisMachine(t *testing.T) {
	s := newStage(t)
	s.site.RequireCode("739215")
	owner, err := s.site.CreateOwner(site.NewOwner{Nickname: "甲"})
	if err != nil {
		t.Fatal(err)
	}
	account := s.addAccount("甲")
	s.owners[account] = owner.UID
	s.awaitState(account, "logged_out", 30*time.Second)
	var login api.Login
	s.must("POST", "/accounts/"+account+"/login", nil, &login)
	s.scan(login.Session)
	picture := s.qr(login.Session)
	if err := s.site.Confirm("", owner.UID); err != nil {
		t.Fatal(err)
	}
	s.eventually("a code is asked for", 20*time.Second, func() bool {
		return s.call("GET", "/logins/"+login.Session, nil, &login) == nil && login.Ask == "verification_code"
	})
	s.must("POST", "/logins/"+login.Session+"/input", map[string]string{"kind": "verification_code", "value": "739215"}, nil)
	s.loginEnds(login.Session, "success")
	s.awaitState(account, "watching", 20*time.Second)
	s.round(account)

	client := imclient.Start(t, s.node.URL)
	client.Expect("monitor:channels", nil)
	c := s.comment(account, "金丝雀评论")
	s.eventually("the comment is stored", 10*time.Second, func() bool { return s.has(account, messages.Comments, c.ID) })
	r := s.reply(api.NewReply{Account: account, Target: &api.Target{Kind: "comment", CommentID: c.ID}, Content: "金丝雀回复"})
	s.replyEnds(r.ID, 40*time.Second)
	s.listensOnlyHere()
	s.node.Stop()

	canaries := []string{"金丝雀评论", "金丝雀回复", "739215", picture[len(picture)/2 : len(picture)/2+40]}
	canaries = append(canaries, s.site.SessionCookies()...)
	for _, word := range canaries {
		if strings.Contains(s.node.Log(), word) {
			t.Errorf("the log holds the canary %q", word)
		}
	}
	for _, cookie := range s.site.SessionCookies() {
		s.notOnDisk(cookie)
	}
}

// qr is the picture of a login, as a data URL.
func (s *stage) qr(session string) string {
	var l api.Login
	s.must("GET", "/logins/"+session, nil, &l)
	return l.QR
}

// listensOnlyHere looks at every listening socket of the node and its browsers.
func (s *stage) listensOnlyHere() {
	s.t.Helper()
	owners := map[uint64]string{}
	for _, pid := range s.node.Processes() {
		p, err := procfs.NewProc(pid)
		if err != nil {
			continue
		}
		name, _ := p.Comm() // a process that just ended has no sockets
		links, _ := p.FileDescriptorTargets()
		for _, link := range links {
			var inode uint64
			if _, err := fmt.Sscanf(link, "socket:[%d]", &inode); err == nil {
				owners[inode] = name
			}
		}
	}
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		s.t.Fatal(err)
	}
	//lint:ignore SA1019 the netlink way needs another module, for this one test
	tcp, err := fs.NetTCP()
	if err != nil {
		s.t.Fatal(err)
	}
	//lint:ignore SA1019 as above
	tcp6, _ := fs.NetTCP6() // absent where IPv6 is off
	const listening = 10
	found := 0
	for _, l := range append(slices.Clone(tcp), tcp6...) {
		name, ours := owners[l.Inode]
		if l.St != listening || !ours {
			continue
		}
		found++
		if !l.LocalAddr.IsLoopback() {
			s.t.Errorf("%s listens on %s:%d", name, l.LocalAddr, l.LocalPort)
		}
		if strings.HasPrefix(name, "chrom") {
			s.t.Errorf("Chromium listens on %s:%d", l.LocalAddr, l.LocalPort)
		}
	}
	if found < 2 {
		s.t.Errorf("found %d listening sockets of the node, want its gateway and a gate", found)
	}
}

// notOnDisk looks for a word in everything that the node wrote, beside Chromium's own profiles.
func (s *stage) notOnDisk(word string) {
	s.t.Helper()
	err := filepath.WalkDir(s.node.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if d != nil && d.Name() == "profile" {
				return filepath.SkipDir
			}
			return err
		}
		if !d.Type().IsRegular() {
			return nil
		}
		b, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(b), word) {
			s.t.Errorf("a cookie stands in clear in %s", path)
		}
		return err
	})
	if err != nil {
		s.t.Error(err)
	}
}
