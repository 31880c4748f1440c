package api_test

import (
	"testing"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
	"troupe/messages"
)

func TestRecordedRoundIsAnArchiveThatSaysHowItEnded(t *testing.T) {
	n := apitest.Start(t)
	read[api.Account](t, call(t, n, "POST", "/api/v1/accounts", api.NewAccount{Platform: "sandbox", Name: "小店", ID: "sb_1"}), 201)
	got := call(t, n, "POST", "/api/v1/accounts/sb_1/record", api.NewRecording{Texts: true})
	if got.status != 200 || got.header.Get("Content-Type") != "application/zip" || string(got.body) != "PK" {
		t.Errorf("%d %v %q", got.status, got.header, got.body)
	}
	if got.header.Get(api.RecordedOutcome) != "page_changed" || got.header.Get(api.RecordedStep) != "probe/await me" {
		t.Errorf("%v", got.header)
	}
	all := n.Commands()
	if m, ok := all[len(all)-1].(*messages.RecordRound); !ok || m.GetAccount() != "sb_1" || !m.GetKeepTexts() {
		t.Errorf("%v", all[len(all)-1])
	}
	refused(t, call(t, n, "POST", "/api/v1/accounts/none/record", nil), 404, "not_found")
}
