package api_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
	"troupe/messages"
)

func TestImportSaysOfEachRowWhatBecomesOfItAndDryChangesNothing(t *testing.T) {
	n := filled(t)
	body := api.NewImport{
		CSV:  "平台,名称,代理,标签,账号\nsandbox,One,office,老号;华东,one\nSandbox,小店,,,\nnowhere,Two,,,\nsandbox,Three,none,,\nsandbox,One,,,\nsandbox,Four,http://u:secret@127.0.0.1:3128,,\n",
		Tags: []string{"batch"}, DryRun: true,
	}
	outcomes := func(in api.Import) (list []string) {
		for _, row := range in.Rows {
			list = append(list, row.Outcome)
		}
		return list
	}
	dry := read[api.Import](t, call(t, n, "POST", "/api/v1/accounts/import", body), 200)
	if got := outcomes(dry); !slices.Equal(got, []string{"ready", "exists", "refused", "refused", "refused", "ready"}) {
		t.Fatalf("%v: %+v", got, dry)
	}
	if len(n.Commands()) != 0 {
		t.Errorf("a dry run commanded %v", n.Commands())
	}
	body.DryRun = false
	a := call(t, n, "POST", "/api/v1/accounts/import", body)
	done := read[api.Import](t, a, 200)
	if got := outcomes(done); !slices.Equal(got, []string{"added", "exists", "refused", "refused", "refused", "added"}) || done.Added != 2 || done.Refused != 3 {
		t.Fatalf("%v: %+v", got, done)
	}
	if strings.Contains(string(a.body), "secret") {
		t.Error("the answer shows a proxy's password")
	}
	one := read[api.Account](t, call(t, n, "GET", "/api/v1/accounts/one", nil), 200)
	if !slices.Contains(one.Tags, "老号") || !slices.Contains(one.Tags, "batch") {
		t.Errorf("%+v", one.Tags)
	}
	again := read[api.Import](t, call(t, n, "POST", "/api/v1/accounts/import", body), 200)
	if again.Added != 0 || again.Rows[0].Outcome != "exists" {
		t.Errorf("sent again, it added %d: %+v", again.Added, again.Rows)
	}
}

func TestImportedLoginIsWrittenBeforeTheAccountRuns(t *testing.T) {
	n := filled(t)
	body := api.NewImport{Platform: "sandbox", Files: map[string]string{
		"storage-states/acc-1_storage.json": `{"cookies":[],"origins":[]}`,
		"acc-2_state.json":                  `{"broken":1}`,
	}}
	done := read[api.Import](t, call(t, n, "POST", "/api/v1/accounts/import", body), 200)
	if done.Rows[0].Outcome != "added" || !done.Rows[0].Login.Written || done.Rows[1].Outcome != "refused" {
		t.Fatalf("%+v", done)
	}
	var did []string
	for _, c := range n.Commands() {
		did = append(did, string(c.ProtoReflect().Descriptor().Name()))
	}
	if !slices.Equal(did, []string{"CreateAccount", "WriteVault", "ResumeAccount"}) {
		t.Errorf("%v", did)
	}
	if first, ok := n.Commands()[0].(*messages.CreateAccount); !ok || !first.GetPaused() || first.GetId() != "acc-1" {
		t.Errorf("%+v", n.Commands()[0])
	}
}

func TestLinkShowsItsHolderOneLoginAndNothingElse(t *testing.T) {
	n := filled(t)
	link := read[api.LoginLink](t, call(t, n, "POST", "/api/v1/accounts/shop/login-link", map[string]any{}), 201)
	_, token, found := strings.Cut(link.URL, "/#/link/")
	if raw, err := base64.RawURLEncoding.DecodeString(token); !found || err != nil || len(raw) != 32 {
		t.Fatalf("%+v", link)
	}
	open := api.OpenLink{Token: token, Holder: base64.RawURLEncoding.EncodeToString(make([]byte, 16))}
	seen := read[api.LinkedLogin](t, call(t, n, "POST", "/api/v1/login-link", open), 200)
	if seen.Name != "小店" || seen.Login.Session != "s1" {
		t.Errorf("%+v", seen)
	}
	open.Input = &api.Input{Kind: "refresh"}
	read[api.LinkedLogin](t, call(t, n, "POST", "/api/v1/login-link", open), 200)
	open.Input = nil
	open.Token = base64.RawURLEncoding.EncodeToString(make([]byte, 32))
	refused(t, call(t, n, "POST", "/api/v1/login-link", open), 404, "not_found")
	open.Token = "~"
	refused(t, call(t, n, "POST", "/api/v1/login-link", open), 400, "invalid")
	audit := call(t, n, "GET", "/api/v1/audit", nil)
	for _, want := range []string{
		`"what":"POST /api/v1/accounts/{account}/login-link"`, `"who":"link:shop"`, `"what":"login_link_opened","targets":["shop","s1"],"outcome":"ok"`,
		`"what":"login_link_input"`, `"what":"login_link_opened","outcome":"not_found"`,
	} {
		if !strings.Contains(string(audit.body), want) {
			t.Errorf("the audit log does not say %s: %s", want, audit.body)
		}
	}
	if strings.Contains(string(audit.body), token) {
		t.Error("the audit log holds the link's secret")
	}
}

func TestContractAnswersInItsOwnShape(t *testing.T) {
	n := filled(t)
	n.Observe("shop", apitest.Chat("v1", "m1", "hi")...)
	list := read[api.Enveloped[[]api.SafeAccount]](t, call(t, n, "GET", "/compat/v1/accounts?platform=sandbox&_t=1", nil), 200)
	if !list.Success || len(list.Data) != 2 || list.Data[0].CreatedAt > 1e11 || list.Data[0].Credentials != nil {
		t.Errorf("%+v", list)
	}
	all := read[api.Enveloped[[]api.AccountStatus]](t, call(t, n, "GET", "/api/v1/accounts/status/all?sort=account_name&order=desc", nil), 200)
	if *all.Count != 2 || all.Data[0].ID != "shop" {
		t.Errorf("%+v", all)
	}
	comments := read[api.Enveloped[[]api.CachedComment]](t, call(t, n, "GET", "/compat/v1/cache/comments?limit=1&is_read=0", nil), 200)
	if len(comments.Data) != 1 || comments.Pagination.Total != 1 || comments.Data[0].PostTitle != "Spring" || comments.Data[0].CreatedAt > 1e11 {
		t.Errorf("%+v", comments)
	}
	changed := read[api.Enveloped[api.SafeAccount]](t, call(t, n, "PATCH", "/compat/v1/accounts/cafe",
		`{"account_name":"New","monitor_interval":"60","status":"inactive","assigned_worker_id":null,"whatever":1}`), 200)
	if changed.Data.AccountName != "New" || changed.Data.MonitorInterval != 60 || changed.Data.Status != "paused" {
		t.Errorf("%+v", changed)
	}
	for _, tc := range []struct {
		method, path, body string
		status             int
	}{
		{"PATCH", "/compat/v1/accounts/cafe", `{"credentials":{"cookies":[]}}`, 400},
		{"PATCH", "/compat/v1/accounts/cafe", `{"assigned_worker_id":"other"}`, 409},
		{"POST", "/compat/v1/accounts", `{"platform":"sandbox","account_name":"x","assigned_worker_id":"gone"}`, 400},
		{"GET", "/compat/v1/none", "", 404},
		{"GET", "/compat/v1/workers/none", "", 404},
		{"POST", "/api/v1/worker-lifecycle/node-1/restart", "", 409},
	} {
		var body any
		if tc.body != "" {
			body = tc.body
		}
		p := read[api.ContractProblem](t, call(t, n, tc.method, tc.path, body), tc.status)
		if p.Success || p.Error == "" || tc.status == 409 && strings.Contains(tc.path, "restart") && !strings.Contains(p.Command, "systemctl") {
			t.Errorf("%s: %+v", tc.path, p)
		}
	}
	stopped := read[api.Enveloped[api.Stopped]](t, call(t, n, "POST", "/compat/v1/worker-lifecycle/node-1/stop", `{"graceful":true,"timeout":"5000"}`), 200)
	if stopped.Data.Status != "stopped" || stopped.Data.Accounts != 2 {
		t.Errorf("%+v", stopped)
	}
}
