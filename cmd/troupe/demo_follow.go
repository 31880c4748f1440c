package main

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"troupe/actors/gateway/api"
)

// follow prints what the node tells: states, logins, items, replies, alarms.
func (d *demo) follow(ctx context.Context) {
	states := map[string]string{}
	err := d.client.follow(ctx, url.Values{}, func(e event) error {
		switch e.kind {
		case api.AccountType:
			var a api.Account
			if json.Unmarshal(e.data, &a) == nil && a.State != "" && states[a.ID] != a.State {
				states[a.ID] = a.State
				d.say("%-6s %s %s", a.ID, a.State, clean(a.Reason))
			}
		case api.LoginType:
			var l api.Login
			if json.Unmarshal(e.data, &l) == nil {
				d.say("%-6s %s %s %s", l.Account, d.t("login"), l.Status, l.Step)
			}
		case api.ItemType:
			d.item(e.data)
		case api.ReplyType:
			var r api.Reply
			if json.Unmarshal(e.data, &r) == nil {
				d.say("%-6s %s %s: %s", r.Account, d.t("reply"), r.State, short(r.Content, 50))
			}
		case api.AlarmType:
			var a api.Alarm
			if json.Unmarshal(e.data, &a) == nil {
				d.say("%-6s %s %s: %s", a.Account, d.t("alarm"), a.Name, clean(a.Reason))
			}
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		d.say("%s %v", d.t("error:"), err)
	}
}

func (d *demo) item(data []byte) {
	var e api.ItemEvent
	if json.Unmarshal(data, &e) != nil || e.Change != "new" || !listed(received, e.Item.Collection) {
		return
	}
	if justSaid := e.Item.IsOwn && time.Since(time.UnixMilli(e.Item.At)) < time.Minute; !e.Item.IsNew && !justSaid {
		return // it was there before
	}
	d.say("%-6s %s %s: %s", e.Item.Account, d.t(e.Item.Collection), clean(sender(e.Item)), short(e.Item.Text, 60))
}
