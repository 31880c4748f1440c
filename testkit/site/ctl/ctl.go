// Package ctl is the client of the sandbox site's control API, for tests whose site runs in another process.
//
// Its methods are those of *site.Site, each with a context; the site's refusals come back as errors with the site's
// own words. A Client has no state and may be used from any goroutine.
package ctl

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"troupe/testkit/site"
)

// Client speaks to one site.
type Client struct {
	// Base is the site's PhoneURL, without a slash at its end.
	Base string
	// HTTP makes the requests; nil = http.DefaultClient.
	HTTP *http.Client
}

// Info says where the site is and who is on it.
func (c *Client) Info(ctx context.Context) (info site.Info, err error) {
	err = c.get(ctx, "info", nil, &info)
	return info, err
}

// CreateOwner makes an owner.
func (c *Client) CreateOwner(ctx context.Context, n site.NewOwner) (o site.Owner, err error) {
	err = c.post(ctx, "owner", n, &o)
	return o, err
}

// AddWork publishes a work.
func (c *Client) AddWork(ctx context.Context, n site.NewWork) (w site.Work, err error) {
	err = c.post(ctx, "work", n, &w)
	return w, err
}

// AddComment writes a comment or reply as a visitor.
func (c *Client) AddComment(ctx context.Context, n site.NewComment) (made site.Comment, err error) {
	err = c.post(ctx, "comment", n, &made)
	return made, err
}

// AddMessage writes a private message.
func (c *Client) AddMessage(ctx context.Context, n site.NewMessage) (m site.Message, err error) {
	err = c.post(ctx, "message", n, &m)
	return m, err
}

// AddNotification gives an owner a notice.
func (c *Client) AddNotification(ctx context.Context, n site.NewNotification) (it site.Notification, err error) {
	err = c.post(ctx, "notification", n, &it)
	return it, err
}

// Fill gives an owner many made-up items.
func (c *Client) Fill(ctx context.Context, f site.Fill) error { return c.post(ctx, "fill", f, nil) }

// Delete removes an item by id.
func (c *Client) Delete(ctx context.Context, id string) error {
	return c.post(ctx, "delete", site.CtlID{ID: id}, nil)
}

// Rename gives a person another nickname.
func (c *Client) Rename(ctx context.Context, uid, nickname string) error {
	return c.post(ctx, "rename", site.CtlID{UID: uid, Nickname: nickname}, nil)
}

// Recall takes a private message back.
func (c *Client) Recall(ctx context.Context, messageID string) error {
	return c.post(ctx, "recall", site.CtlID{ID: messageID}, nil)
}

// QRs lists the codes that wait for the phone.
func (c *Client) QRs(ctx context.Context) (codes []site.QR, err error) {
	err = c.get(ctx, "qrs", nil, &codes)
	return codes, err
}

// Scan is the phone's camera on a code; token "" is the newest waiting one, here and below.
func (c *Client) Scan(ctx context.Context, token string) error {
	return c.press(ctx, token, "scan", "")
}

// Confirm presses "confirm" on the phone of an owner; "" is a new owner.
func (c *Client) Confirm(ctx context.Context, token, ownerID string) error {
	return c.press(ctx, token, "confirm", ownerID)
}

// Refuse presses "refuse" on the phone.
func (c *Client) Refuse(ctx context.Context, token string) error {
	return c.press(ctx, token, "refuse", "")
}

// Expire makes a code too old at once.
func (c *Client) Expire(ctx context.Context, token string) error {
	return c.press(ctx, token, "expire", "")
}

func (c *Client) press(ctx context.Context, token, button, owner string) error {
	return c.post(ctx, "qr", site.CtlPhone{Token: token, Do: button, Owner: owner}, nil)
}

// SetQROptions sets how long new codes live (0 = as it is) and the verification code that logins ask for ("" = none).
func (c *Client) SetQROptions(ctx context.Context, ttl time.Duration, code string) error {
	return c.post(ctx, "qr_options", site.CtlQROptions{TTLMS: ttl.Milliseconds(), Code: code}, nil)
}

// Logout ends all sessions of an owner.
func (c *Client) Logout(ctx context.Context, ownerID string, silently bool) error {
	return c.post(ctx, "logout", site.CtlSwitch{Owner: ownerID, Silently: silently}, nil)
}

// RateLimit makes an owner's posts, and lists too, answer status_code 4.
func (c *Client) RateLimit(ctx context.Context, ownerID string, on, lists bool) error {
	return c.post(ctx, "rate_limit", site.CtlSwitch{Owner: ownerID, On: on, All: lists}, nil)
}

// Captcha puts a challenge before an owner's sessions, or clears it.
func (c *Client) Captcha(ctx context.Context, ownerID string, on bool) error {
	return c.post(ctx, "captcha", site.CtlSwitch{Owner: ownerID, On: on}, nil)
}

// SetLayout changes the layout for an owner, or for all ("").
func (c *Client) SetLayout(ctx context.Context, ownerID string, changed bool) error {
	return c.post(ctx, "layout", site.CtlSwitch{Owner: ownerID, Changed: changed}, nil)
}

// CloseComments closes or opens a work for comments.
func (c *Client) CloseComments(ctx context.Context, workID string, closed bool) error {
	return c.post(ctx, "close_comments", site.CtlSwitch{Work: workID, Closed: closed}, nil)
}

// ResetAfterPost makes the next n accepted posts end in a TCP reset.
func (c *Client) ResetAfterPost(ctx context.Context, n int) error {
	return c.post(ctx, "reset_after_post", site.CtlRoute{N: n}, nil)
}

// Delay holds requests by path prefix for d; 0 takes it away.
func (c *Client) Delay(ctx context.Context, route string, d time.Duration) error {
	return c.post(ctx, "delay", site.CtlRoute{Route: route, MS: d.Milliseconds()}, nil)
}

// Hang holds requests by path prefix until it is called with on false.
func (c *Client) Hang(ctx context.Context, route string, on bool) error {
	return c.post(ctx, "hang", site.CtlRoute{Route: route, On: on}, nil)
}

// SetVisitors starts or stops the scripted visitors.
func (c *Client) SetVisitors(ctx context.Context, on bool, pause time.Duration) error {
	return c.post(ctx, "visitors", site.CtlSwitch{On: on, EveryMS: pause.Milliseconds()}, nil)
}

// Reset takes all faults away and empties the audit log.
func (c *Client) Reset(ctx context.Context) error { return c.post(ctx, "reset", struct{}{}, nil) }

// Works lists an owner's works, oldest first.
func (c *Client) Works(ctx context.Context, ownerID string) (works []site.Work, err error) {
	err = c.get(ctx, "works", url.Values{"owner": {ownerID}}, &works)
	return works, err
}

// Comments lists everything under a work, oldest first.
func (c *Client) Comments(ctx context.Context, workID string) (comments []site.Comment, err error) {
	err = c.get(ctx, "comments", url.Values{"work": {workID}}, &comments)
	return comments, err
}

// Messages lists an owner's private messages.
func (c *Client) Messages(ctx context.Context, ownerID string) (messages []site.Message, err error) {
	err = c.get(ctx, "messages", url.Values{"owner": {ownerID}}, &messages)
	return messages, err
}

// Notifications lists an owner's notices, oldest first.
func (c *Client) Notifications(ctx context.Context, ownerID string) (notices []site.Notification, err error) {
	err = c.get(ctx, "notifications", url.Values{"owner": {ownerID}}, &notices)
	return notices, err
}

// Audit returns the selected entries and the index to go on from.
func (c *Client) Audit(ctx context.Context, q site.AuditQuery) (entries []site.Entry, next int, err error) {
	var out site.CtlAudit
	err = c.get(ctx, "audit", url.Values{"since": {strconv.Itoa(q.Since)}, "kind": {q.Kind}, "owner": {q.Owner}}, &out)
	return out.Entries, out.Next, err
}

// BytesReceived sums up what arrived by owner, session and source address.
func (c *Client) BytesReceived(ctx context.Context) (sums []site.Bytes, err error) {
	err = c.get(ctx, "bytes", nil, &sums)
	return sums, err
}

// Arrivals lists what arrived after a time; owner "" = from everybody.
func (c *Client) Arrivals(ctx context.Context, ownerID string, after time.Time) (list []site.Arrival, err error) {
	err = c.get(ctx, "arrivals", url.Values{"owner": {ownerID}, "after": {after.Format(time.RFC3339Nano)}}, &list)
	return list, err
}

func (c *Client) get(ctx context.Context, op string, query url.Values, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Base+"/__ctl/"+op+"?"+query.Encode(), nil)
	if err != nil {
		return fmt.Errorf("control %s: %w", op, err)
	}
	return c.do(op, req, out)
}

func (c *Client) post(ctx context.Context, op string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("control %s: %w", op, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Base+"/__ctl/"+op, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("control %s: %w", op, err)
	}
	req.Header.Set("Content-Type", "application/json")
	return c.do(op, req, out)
}

func (c *Client) do(op string, req *http.Request, out any) error {
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("control %s: %w", op, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		var refusal struct{ Error string }
		if err := json.NewDecoder(resp.Body).Decode(&refusal); err != nil || refusal.Error == "" {
			return fmt.Errorf("control %s: %s", op, strings.ToLower(resp.Status))
		}
		return fmt.Errorf("control %s: %w", op, errors.New(refusal.Error))
	}
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return fmt.Errorf("control %s: %w", op, err)
	}
	return nil
}
