package examples_test

import (
	"testing"

	"troupe/messages"
	"troupe/platforms/examples"
	"troupe/testkit/conformance"
	"troupe/testkit/site/feed"
	"troupe/testkit/site/guestbook"
	"troupe/testkit/site/talk"
)

func TestAServerRenderedSiteConforms(t *testing.T) { conforms(t, "guestbook", "ex_1", guestbook.Start) }

func TestASiteOfJSONAndASocketConforms(t *testing.T) { conforms(t, "feed", "ex_2", feed.Start) }

func conforms(t *testing.T, name string, account messages.AccountID, start func(talk.Options) (*talk.Talk, error)) {
	t.Helper()
	t.Parallel()
	web, err := start(talk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := web.Close(); err != nil {
			t.Error(err)
		}
	})
	web.Fill(8, 23, 14)
	folder, err := examples.FS(name)
	if err != nil {
		t.Fatal(err)
	}
	conformance.Run(t, conformance.Platform{FS: folder, Account: account, Site: conformance.Talk{Talk: web}, Short: true})
}
