package main

import (
	"encoding/json"
	"time"

	"troupe/actors/account"
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
