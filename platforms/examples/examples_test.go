package examples_test

import (
	"testing"

	"troupe/platforms/examples"
	"troupe/testkit/conformance"
	"troupe/testkit/site/feed"
	"troupe/testkit/site/guestbook"
	"troupe/testkit/site/talk"
)

func TestAServerRenderedSiteConforms(t *testing.T) { conforms(t, "guestbook", guestbook.Start) }

func TestASiteOfJSONAndASocketConforms(t *testing.T) { conforms(t, "feed", feed.Start) }

func conforms(t *testing.T, name string, start func(talk.Options) (*talk.Talk, error)) {
	t.Helper()
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
	conformance.Run(t, conformance.Platform{FS: folder, Account: "ex_1", Site: conformance.Talk{Talk: web}})
}
