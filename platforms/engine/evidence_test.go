package engine

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"

	"google.golang.org/protobuf/encoding/protojson"

	"troupe/messages"
	"troupe/platforms/page"
)

func TestEvidenceNamesTheStepAndHoldsNoSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWide()
		w.dom = `<a href="/x?xsec_token=AB12">13812345678</a>` + strings.Repeat("x", 10)
		w.visit = func(tab *fakeTab) error {
			tab.url += "?session_id=9f9f"
			for range 30 {
				w.add(page.Record{Kind: page.Response, Tab: tab.name, URL: "https://wide.test/p?token=AB12", Status: 200, Body: []byte(`{"csrf_token":"AB12","text":"好"}`)})
			}
			w.add(page.Record{Kind: page.Frame, Tab: tab.name, URL: "wss://wide.test/bell", Body: bytes.Repeat([]byte{0}, 9)})
			return nil
		}
		delete(w.functions, "page:me")
		var got []Evidence
		c := w.client(t, func(cfg *Config) { cfg.Evidence = func(e Evidence) { got = append(got, e) } })
		if _, err := c.Probe(t.Context()); err == nil || len(got) != 1 {
			t.Fatal(err, len(got))
		}
		e := got[0]
		if e.Step != "probe/read me" && !strings.HasPrefix(e.Step, "probe/read me ") || e.Version != 1 || e.Digest == "" || len(e.Steps) == 0 || e.Screenshot == nil {
			t.Errorf("%+v", e)
		}
		if len(e.Responses) != responsesMost || e.Responses[responsesMost-1].Body != "<9 bytes>" {
			t.Errorf("%d responses, last %+v", len(e.Responses), e.Responses[len(e.Responses)-1])
		}
		for _, text := range []string{e.URL, e.DOM, e.Responses[0].URL, e.Responses[0].Body} {
			for _, secret := range []string{"AB12", "9f9f", "13812345678"} {
				if strings.Contains(text, secret) {
					t.Errorf("%q holds %q", text, secret)
				}
			}
		}
	})
}

func TestAWeakSourceAddsAndNeverOverwrites(t *testing.T) {
	count := func(n int64) *int64 { return &n }
	strong := &messages.Item{Source: messages.Source_SOURCE_LIST, Entity: &messages.Item_Content{Content: &messages.Content{
		Id: "1", Title: "题", LikeCount: count(12), Statistics: &messages.Statistics{ViewCount: count(5)},
	}}}
	weak := &messages.Item{Source: messages.Source_SOURCE_DOM, Entity: &messages.Item_Content{Content: &messages.Content{
		Id: "1", Title: "other", LikeCount: count(0), CoverUrl: "u", Statistics: &messages.Statistics{ViewCount: count(0), CoverShow: nil, FavoriteCount: count(3)},
	}}}
	for name, got := range map[string]*messages.Item{"weak last": merged(strong, weak), "weak first": merged(weak, strong)} {
		c := got.GetContent()
		if c.GetTitle() != "题" || c.GetLikeCount() != 12 || c.GetCoverUrl() != "u" || c.GetStatistics().GetViewCount() != 5 ||
			c.GetStatistics().GetFavoriteCount() != 3 || got.GetSource() != messages.Source_SOURCE_LIST {
			t.Errorf("%s: %s", name, protojson.Format(got))
		}
	}
	if strong.GetContent().GetCoverUrl() != "" || strong.GetContent().GetStatistics().FavoriteCount != nil {
		t.Error("the item itself was changed")
	}
}
