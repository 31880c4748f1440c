package browser

import (
	"context"
	"encoding/json"
	"sync/atomic"

	"github.com/go-rod/rod/lib/proto"
)

// Refusals counts what pages wanted and were not given, since the start.
type Refusals struct {
	Outside   int64 // top-level navigations to hosts that are not among Config.Sites
	Dialogs   int64 // alert, confirm, prompt, beforeunload
	Popups    int64 // windows closed because there were too many, or they stood too long
	Downloads int64
	Files     int64 // file choosers
	Hung      int64 // pages and frames that were ended, and workers that were cut, because they did not answer
}

// refusals are the running counts.
type refusals struct {
	outside, dialogs, popups, downloads, files, hung atomic.Int64
}

// Refusals returns the counts so far.
func (i *Instance) Refusals() Refusals {
	r := &i.refused
	return Refusals{
		Outside: r.outside.Load(), Dialogs: r.dialogs.Load(), Popups: r.popups.Load(),
		Downloads: r.downloads.Load(), Files: r.files.Load(), Hung: r.hung.Load(),
	}
}

// dismiss answers a dialog, which stops its page until then: yes to leaving the page, no to all else.
func (i *Instance) dismiss(t *target, params json.RawMessage) {
	var dialog struct {
		Type proto.PageDialogType `json:"type"`
	}
	json.Unmarshal(params, &dialog) // without a type: no
	ctx, cancel := context.WithTimeout(t.ctx, setupLimit)
	defer cancel()
	leave := dialog.Type == proto.PageDialogTypeBeforeunload
	err := proto.PageHandleJavaScriptDialog{Accept: leave}.Call(t.in(ctx))
	if n := i.refused.dialogs.Add(1); n&(n-1) == 0 { // a page may loop: the first, second, fourth, eighth ...
		i.cfg.Log.Debug("dialog dismissed", "kind", string(dialog.Type), "tab", t.tabName(), "count", n, "err", err)
	}
}
