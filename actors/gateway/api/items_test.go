package api_test

import (
	"fmt"
	"net/url"
	"slices"
	"testing"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
	"troupe/messages"
)

func TestItemsOfEveryCollectionAreListed(t *testing.T) {
	n := apitest.Start(t)
	items := []*messages.Item{apitest.Work("w1", "Spring"), apitest.Comment("c1", "w1", "hi"), apitest.Discussion("d1", "c1", "w1", "me too"), apitest.Notice("n1", "somebody likes it")}
	n.Observe("shop", append(items, apitest.Chat("me:cleo", "m1", "hello")...)...)
	for collection, id := range map[string]string{
		messages.Contents: "w1", messages.Comments: "c1", messages.Discussions: "d1",
		messages.Conversations: "me:cleo", messages.Messages: "m1", messages.Notifications: "n1",
	} {
		list := read[api.Items](t, call(t, n, "GET", "/api/v1/items?collection="+collection, nil), 200)
		if len(list.Items) != 1 || list.Items[0].ID != id || list.Items[0].Collection != collection || list.Items[0].Rev == "" {
			t.Errorf("%s: %+v", collection, list.Items)
		}
	}
	unread := read[api.Items](t, call(t, n, "GET", "/api/v1/items?unread=true&collection=comments,discussions,messages", nil), 200)
	if len(unread.Items) != 3 {
		t.Errorf("unread: %+v", unread.Items)
	}
	work := read[api.Items](t, call(t, n, "GET", "/api/v1/items?collection=contents", nil), 200).Items[0]
	if work.Likes == nil || *work.Likes != 7 || work.Statistics["view_count"] != float64(1<<40) || work.Statistics["like_rate"] != 0.25 || work.Shares != nil {
		t.Errorf("%+v", work)
	}
	refused(t, call(t, n, "GET", "/api/v1/items?collection=comment", nil), 400, "invalid")
	refused(t, call(t, n, "GET", "/api/v1/items?limit=0", nil), 400, "invalid")
	refused(t, call(t, n, "GET", "/api/v1/items?unread=maybe", nil), 400, "invalid")
}

func TestPagesShowEveryItemOnceNewestFirst(t *testing.T) {
	n := apitest.Start(t)
	for i := range 95 {
		comment := apitest.Comment(fmt.Sprintf("c%02d", i), "w1", "text")
		comment.GetComment().CreateTime -= int64(i/3) * 1000 // three at a time
		n.Observe([]string{"shop", "cafe"}[i%2], comment)
	}
	seen, page := []string{}, ""
	var cursor string
	for {
		list := read[api.Items](t, call(t, n, "GET", "/api/v1/items?collection=comments&limit=10&page="+page, nil), 200)
		cursor = list.Cursor
		for i, item := range list.Items {
			if i > 0 && item.At > list.Items[i-1].At {
				t.Errorf("%s is newer than what stands before it", item.ID)
			}
			seen = append(seen, item.ID)
		}
		if page = list.Next; page == "" {
			break
		}
		n.Observe("shop", apitest.Comment(fmt.Sprintf("x%d", len(seen)), "w2", "comes in between")) // must not shift the pages
	}
	slices.Sort(seen)
	if len(seen) != 95 || len(slices.Compact(seen)) != 95 {
		t.Errorf("%d items on all pages", len(seen))
	}
	n.Observe("cafe", apitest.Comment("last", "w1", "after the cursor"))
	since := read[api.Items](t, call(t, n, "GET", "/api/v1/items?since="+cursor, nil), 200)
	if len(since.Items) != 1 || since.Items[0].ID != "last" {
		t.Errorf("since: %+v", since.Items)
	}
	refused(t, call(t, n, "GET", "/api/v1/items?page=nonsense", nil), 400, "invalid")
}

func TestTopicsAndTheirMessages(t *testing.T) {
	n := apitest.Start(t)
	n.Observe("shop", apitest.Work("w/1?", "Spring"), apitest.Comment("c1", "w/1?", "first"), apitest.Discussion("d1", "c1", "w/1?", "second"))
	n.Observe("shop", apitest.Chat("me:cleo", "m1", "hello")...)
	list := read[struct{ Topics []api.Topic }](t, call(t, n, "GET", "/api/v1/topics?account=shop", nil), 200)
	if len(list.Topics) != 2 || list.Topics[0].Kind != "work" || list.Topics[0].Unread != 2 || list.Topics[1].Person.Name != "Cleo" {
		t.Fatalf("%+v", list.Topics)
	}
	path := "/api/v1/topics/" + url.PathEscape(list.Topics[0].ID)
	shown := read[struct{ Messages []api.Item }](t, call(t, n, "GET", path+"/messages", nil), 200)
	if len(shown.Messages) != 2 || shown.Messages[1].CommentID != "c1" {
		t.Errorf("%+v", shown.Messages)
	}
	marked := read[api.Marked](t, call(t, n, "POST", path+"/read", nil), 200)
	again := read[api.Marked](t, call(t, n, "POST", path+"/read", nil), 200)
	if marked.Count != 2 || again.Count != 0 {
		t.Errorf("marked %d, then %d", marked.Count, again.Count)
	}
	read[api.Marked](t, call(t, n, "POST", "/api/v1/topics/"+list.Topics[1].ID+"/read", nil), 200)
	unread := read[struct{ Topics []api.Topic }](t, call(t, n, "GET", "/api/v1/topics?unread=true", nil), 200)
	if len(unread.Topics) != 0 {
		t.Errorf("%+v", unread.Topics)
	}
	one := read[struct{ Topics []api.Topic }](t, call(t, n, "GET", "/api/v1/topics?kind=conversation", nil), 200)
	if len(one.Topics) != 1 {
		t.Errorf("%+v", one.Topics)
	}
}
