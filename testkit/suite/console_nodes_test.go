package suite

import (
	"testing"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
	webapp "troupe/actors/gateway/console"
	"troupe/actors/master/board"
	"troupe/messages"
)

// TestConsoleForgetsANodeOnceItsNameIsTyped offers it for nodes that are away only.
func TestConsoleForgetsANodeOnceItsNameIsTyped(t *testing.T) {
	t.Parallel()
	n := apitest.Start(t, func(cfg *api.Config) { cfg.Console = webapp.Handler() })
	n.Update(func(m *apitest.Master) {
		m.Nodes = append(m.Nodes, &board.Node{Status: &messages.NodeStatus{Worker: "worker-7", MaxAccounts: 5}})
	})
	c := openAt(t, n.Server.URL, "#/nodes")
	c.until("one of two nodes can be forgotten", func() bool { return c.count(".nodes li") == 2 && c.count(".nodes li button") == 1 })
	c.click(".nodes li button")
	c.shows("dialog", "输入节点名称 worker-7")
	c.accessible("the dialog to forget a node")
	if c.count("dialog button.danger[disabled]") != 1 {
		t.Error("it is confirmed before the name is typed")
	}
	c.write("dialog input[name=confirm]", "worker-7")
	c.click("dialog button.danger")
	c.until("it is gone", func() bool { return c.count(".nodes li") == 1 && c.count("dialog") == 0 })
	if forget := lastCommand[*messages.ForgetNode](t, n); forget.GetWorker() != "worker-7" {
		t.Errorf("the master was told %v", forget)
	}
}
