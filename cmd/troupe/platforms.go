package main

import (
	"encoding/json"
	"net"
	"strings"
	"time"

	"troupe/actors/account"
	"troupe/actors/gateway"
	"troupe/actors/gateway/api"
	"troupe/actors/master"
	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/douyin"
	"troupe/platforms/engine"
	"troupe/platforms/sandbox"
	"troupe/platforms/xiaohongshu"
)

// builtIn loads the definitions that are part of the program.
func builtIn() (*definition.Registry, error) {
	return definition.NewRegistry(douyin.FS, sandbox.FS, xiaohongshu.FS)
}

// newClient makes the engine that runs a definition in one browser.
func newClient(cfg account.ClientConfig) platforms.Client {
	return engine.New(engine.Config{
		Definition: cfg.Definition, Browser: cfg.Browser, Account: cfg.Account, Owner: cfg.Owner, Whole: cfg.Whole, Known: cfg.Known,
		Holds: cfg.Holds, Memory: memoryOf(cfg.Memory), ReadOnly: cfg.ReadOnly,
		Evidence: func(e engine.Evidence) {
			cfg.Evidence(account.Evidence{Kind: e.Kind, Steps: e.Steps, Files: evidenceFiles(e)})
		}, Log: cfg.Log,
	})
}

// newMemory makes what the clients of one account share.
func newMemory(exported []byte) (platforms.Memory, error) {
	if len(exported) == 0 {
		return engine.NewMemory(), nil
	}
	return engine.ImportMemory(exported)
}

func memoryOf(m platforms.Memory) *engine.Memory {
	memory, _ := m.(*engine.Memory) // nil: the client begins anew
	return memory
}

func masterPlatforms(r *definition.Registry) []master.Platform {
	var list []master.Platform
	for _, d := range r.All() {
		p := master.Platform{Name: d.Platform, Prefix: d.Prefix, CanReply: map[messages.ReplyKind]bool{}, Site: siteOf(d)}
		for kind := range messages.ReplyKind_name {
			k := messages.ReplyKind(kind)
			p.CanReply[k] = len(d.ReplyFlow(k)) > 0
		}
		list = append(list, p)
	}
	return list
}

// siteOf is the host:port of a definition's first site that is named whole.
func siteOf(d *definition.Definition) string {
	for _, host := range d.Hosts.Sites {
		if !strings.Contains(host, "*") {
			return net.JoinHostPort(host, "443")
		}
	}
	return ""
}

func gatewayPlatforms(r *definition.Registry) []gateway.Platform {
	var list []gateway.Platform
	for _, d := range r.All() {
		list = append(list, gateway.Platform{Value: string(d.Platform), Label: d.Title.ZH})
	}
	return list
}

func apiPlatforms(r *definition.Registry) []api.Platform {
	var list []api.Platform
	for _, d := range r.All() {
		list = append(list, api.Platform{Name: string(d.Platform), Title: map[string]string{"zh": d.Title.ZH, "en": d.Title.EN}})
	}
	return list
}

// evidenceFiles are the parts of evidence by their files' extensions: the page's picture and document, those that the
// flow's own steps took, and the course of the flow with the last answers. All of it was redacted by the engine.
func evidenceFiles(e engine.Evidence) map[string][]byte {
	files := map[string][]byte{}
	if len(e.Screenshot) > 0 {
		files["png"] = e.Screenshot
	}
	for name, picture := range e.Pictures {
		files[name+".png"] = picture
	}
	if e.DOM != "" {
		files["html"] = []byte(e.DOM)
	}
	course := struct {
		Flow, Step, Kind, Reason, URL, Title, Digest string
		Version                                      int
		At                                           time.Time
		Steps                                        []platforms.StepLog
		Answers                                      []engine.Seen
	}{e.Flow, e.Step, e.Kind.String(), e.Reason, e.URL, e.Title, e.Digest, e.Version, e.At, e.Steps, e.Responses}
	if content, err := json.MarshalIndent(course, "", "  "); err == nil {
		files["json"] = content
	}
	return files
}
