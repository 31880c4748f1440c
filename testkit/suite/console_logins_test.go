package suite

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
	webapp "troupe/actors/gateway/console"
	"troupe/messages"
	"troupe/testkit/site"
)

// TestConsoleImportsAListAfterADryRunAndSaysWhatBecameOfEachRow brings a list in: nothing is added before the person saw what would
// become of each row, and said yes.
func TestConsoleImportsAListAfterADryRunAndSaysWhatBecameOfEachRow(t *testing.T) {
	t.Parallel()
	n := apitest.Start(t, func(cfg *api.Config) { cfg.Console = webapp.Handler() })
	c := openConsole(t, n.Server.URL)
	c.find("tr[data-account]")
	c.click("text=导入")
	c.picks("input[name=csv]", "wrong.csv", "platfrom,name\nsandbox,x\n")
	c.shows("dialog .problem", "platfrom")

	list := "平台,名称,标签\nsandbox,花店,\"a,b\"\nnowhere,书店,\nsandbox,小店,\nsandbox,<img src=x onerror=alert(1)>,\n"
	c.picks("input[name=csv]", "accounts.csv", list)
	c.until("each row has its result", func() bool { return slices.Equal(c.outcomes(), []string{"ready", "refused", "exists", "ready"}) })
	c.shows("dialog", "nowhere")
	c.accessible("the dialog to import")
	if got := len(n.Board.Load().Accounts); got != 2 {
		t.Fatalf("a dry run leaves %d accounts", got)
	}
	c.click("dialog button.primary")
	c.until("each row has its result", func() bool { return slices.Equal(c.outcomes(), []string{"added", "refused", "exists", "added"}) })
	if made := lastCommand[*messages.CreateAccount](t, n); !strings.HasPrefix(made.GetName(), "<img") {
		t.Errorf("added %q", made.GetName())
	}
	c.click("dialog .buttons button")
	c.shows("table", "花店")
	c.unharmed()
}

// outcomes are the results of an import's rows.
func (c *console) outcomes() (list []string) {
	c.t.Helper()
	c.eval(&list, `() => [...document.querySelectorAll("dialog tr[data-outcome]")].map((row) => row.dataset.outcome)`, nil)
	return list
}

// picks chooses a file as a person does.
func (c *console) picks(selector, name, content string) {
	c.t.Helper()
	c.find(selector)
	c.eval(nil, `([s, name, content]) => {
		const el = document.querySelector(s), files = new DataTransfer();
		files.items.add(new File([content], name, { type: "text/csv" }));
		el.files = files.files;
		el.dispatchEvent(new Event("change", { bubbles: true }));
	}`, []string{selector, name, content})
}

// TestConsoleShowsTheQueuesCodesOneAfterTheOtherAndSendsOneToAPhone logs two accounts in from the queue: the first at the desk, the second
// by a link, on the phone of whoever opened it first.
func TestConsoleShowsTheQueuesCodesOneAfterTheOtherAndSendsOneToAPhone(t *testing.T) {
	s := newStage(t)
	owners := map[string]site.Owner{}
	for _, name := range []string{"甲", "乙"} {
		owner, err := s.site.CreateOwner(site.NewOwner{Nickname: name})
		if err != nil {
			t.Fatal(err)
		}
		account := s.addAccount(name)
		owners[account], s.owners[account] = owner, owner.UID
	}
	for account := range owners {
		s.awaitState(account, "logged_out", 30*time.Second)
	}
	c := openAt(t, s.node.URL, "#/queue")
	c.shows("main h1", "登录队列")
	c.accessible("the queue, empty")
	c.click("main header button.primary")
	first := c.showsOneCode("")
	c.accessible("the queue with a code")
	s.scansAs(owners[first])
	s.awaitState(first, "watching", 40*time.Second)

	second := c.showsOneCode(first)
	c.click("li[data-account] .buttons button")
	c.find("input[name=link]")
	var link string
	c.eval(&link, `() => document.querySelector("input[name=link]").value`, nil)
	_, hash, found := strings.Cut(link, "#")
	if !found {
		t.Fatalf("the link is %q", link)
	}
	phone := openAt(t, s.node.URL, "#"+hash)
	phone.find("main img")
	phone.accessible("the phone's page")
	if phone.count("nav") != 0 || strings.Contains(phone.text("body"), owners[first].Nickname) {
		t.Error("the phone sees more than its account")
	}
	c.open("#" + hash) // another browser
	c.shows("main .problem", "链接已失效")
	if c.count("main img") != 0 {
		t.Error("the code is shown to whoever came second")
	}
	s.scansAs(owners[second])
	phone.find("main [data-phase=success]")
	s.awaitState(second, "watching", 40*time.Second)
	phone.unharmed()

	c.open("#/queue")
	c.shows("main", "没有账号在排队")
	s.linkIsSpent(hash)
}

// showsOneCode waits until the queue shows the picture of exactly one account, which is not the one before it, and says of which.
func (c *console) showsOneCode(before string) (account string) {
	c.t.Helper()
	c.until("another code is shown", func() bool {
		c.eval(&account, `() => document.querySelector("li[data-account]:has(img)")?.dataset.account ?? ""`, nil)
		return account != "" && account != before && c.count("li[data-account]") == 1
	})
	return account
}

// scansAs presses the phone's buttons, which is over when the site knows it.
func (s *stage) scansAs(owner site.Owner) {
	s.t.Helper()
	if err := s.site.Scan(""); err != nil {
		s.t.Fatal(err)
	}
	if err := s.site.Confirm("", owner.UID); err != nil {
		s.t.Fatal(err)
	}
}

// linkIsSpent sees that a link opens nothing any more, for nobody.
func (s *stage) linkIsSpent(hash string) {
	s.t.Helper()
	open := api.OpenLink{Token: strings.TrimPrefix(hash, "/link/"), Holder: strings.Repeat("A", 22)}
	err := s.call("POST", "/login-link", open, nil)
	if err == nil || !strings.Contains(err.Error(), "ask for a new one") {
		s.t.Errorf("a used link is answered with %v", err)
	}
}

// TestPhonesPageTakesACodeAndSaysWhenItsLinkIsOver holds the page of a link against what a platform and time may ask of it.
func TestPhonesPageTakesACodeAndSaysWhenItsLinkIsOver(t *testing.T) {
	t.Parallel()
	n := apitest.Start(t, func(cfg *api.Config) { cfg.Console = webapp.Handler() })
	n.Update(func(m *apitest.Master) {
		m.Logins = append(m.Logins, &messages.LoginSession{Session: "s1", Account: "shop", Status: "pending"})
	})
	phone := openAt(t, n.Server.URL, "#/link/"+base64.RawURLEncoding.EncodeToString(apitest.LinkToken))
	phone.shows("main h1", "小店")
	phone.shows("main", "打开登录页")
	n.Update(func(m *apitest.Master) {
		m.Step(&messages.LoginStep{Session: "s1", Account: "shop", Status: "sms_input_required", Step: "verification_code"})
	})
	phone.write("main form input", "246802")
	phone.accessible("the phone's page with a question")
	phone.click("main form button")
	phone.until("the code reaches the login", func() bool {
		return slices.ContainsFunc(n.Commands(), func(m proto.Message) bool {
			in, ok := m.(*messages.LoginInput)
			return ok && string(in.GetValue()) == "246802"
		})
	})
	n.Update(func(m *apitest.Master) {
		m.Refuse = &messages.Refused{Code: "not_found", Message: "this link is not valid, or not any more: ask for a new one"}
	})
	phone.shows("main .problem", "链接已失效")
	if phone.count("main img, main form") != 0 {
		t.Error("a link that is over still shows its login")
	}
	phone.unharmed()
}
