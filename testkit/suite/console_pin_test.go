package suite

import (
	"testing"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
	webapp "troupe/actors/gateway/console"
	"troupe/actors/master/board"
	"troupe/messages"
)

// TestConsoleGivesAnAccountToANodeWorkerAndSaysThatNothingFencesIt pins an account and takes it back. As long as a Node worker has it, or
// may have it, each place that shows the account says so.
func TestConsoleGivesAnAccountToANodeWorkerAndSaysThatNothingFencesIt(t *testing.T) {
	t.Parallel()
	n := apitest.Start(t, func(cfg *api.Config) { cfg.Console = webapp.Handler() })
	n.Update(func(m *apitest.Master) {
		m.Nodes = append(m.Nodes, &board.Node{Status: &messages.NodeStatus{Worker: "worker-7", Accounts: 1, MaxAccounts: 5, Foreign: true}})
	})
	c := openAt(t, n.Server.URL, "#/accounts/shop")
	c.click("text=交给 Node worker")
	c.until("the Node worker that is here is offered", func() bool { return c.count(`datalist option[value="worker-7"]`) == 1 })
	c.accessible("the dialog to give an account away")
	c.write("dialog input[name=worker]", "worker-7")
	c.click("dialog button.danger")
	c.shows("main h1", "未隔离")
	c.shows("main .side", "已交给 worker-7")
	if pin := lastCommand[*messages.PinAccount](t, n); pin.GetAccount() != "shop" || pin.GetWorker() != "worker-7" {
		t.Errorf("the node was told %v", pin)
	}
	n.Update(func(m *apitest.Master) {
		m.Alarms = append(m.Alarms, &messages.Alarm{Id: "a1", Name: "worker_gone", Account: "shop", Reason: "Node worker worker-7 is not connected", RaisedAt: 5})
	})
	c.shows("main .side .open", "Node worker 失联")
	c.accessible("an account that nothing fences")
	c.open("#/accounts")
	c.shows("tr[data-account=shop]", "未隔离")
	if n := c.count("tr[data-account=cafe] .badge"); n != 1 {
		t.Errorf("%d badges at an account that a lease fences", n)
	}
	c.open("#/nodes")
	c.shows("main", "Node worker，未隔离")
	c.accessible("nodes, one of them a Node worker")

	c.open("#/accounts/shop")
	c.click("text=收回")
	c.shows("dialog .warning", "worker-7")
	c.click("dialog button.danger")
	c.shows("main .side", "请确认那边已停止")
	c.shows("main h1", "未隔离") // nothing proves that it has stopped
	c.unharmed()
}
