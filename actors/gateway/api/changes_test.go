package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
	"troupe/actors/gateway/people"
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
	"troupe/testkit"
)

// TestTenMinutesOfflineAreMadeGoodByOneRequest lets 200 comments arrive in ten minutes, 3 s apart, while a client is away. One request brings
// exactly these, in their order, each as it was when it came; the badge counts them all.
func TestTenMinutesOfflineAreMadeGoodByOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data, views := dataset.New(0, 0), &dataset.Views{}
		door := people.NewDoor(people.DoorConfig{People: &people.Holder{}, DevelopmentRole: people.Viewer})
		node := door.Edge(api.New(api.Config{Board: &board.Holder{}, Views: views, Door: door, Log: testkit.Quiet()}))
		see := func(item *messages.Item) {
			d := data.Merge(&messages.Observed{Account: "shop", Epoch: 1, Items: []*messages.Item{item}}, time.Now())
			views.Publish(dataset.Publication{Rev: d.Rev, Changes: d.Changes, Views: []*dataset.View{data.View("shop")}})
		}
		see(apitest.Work("w1", "Spring"))
		cursor := views.Rev()
		for i := range 200 {
			time.Sleep(3 * time.Second)
			see(apitest.Comment(fmt.Sprintf("c%d", i), "w1", "text"))
		}

		r := httptest.NewRequest(http.MethodGet, fmt.Sprintf("http://localhost/api/v1/changes?since=%d", cursor), nil)
		r.RemoteAddr = "127.0.0.1:9"
		w := httptest.NewRecorder()
		node.ServeHTTP(w, r)
		var missed api.Changes
		if err := json.Unmarshal(w.Body.Bytes(), &missed); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%d %v: %s", w.Code, err, w.Body)
		}
		if len(missed.Events) != 200 || missed.More || missed.Reset || missed.Cursor != fmt.Sprint(views.Rev()) {
			t.Fatalf("%d events, more %v, reset %v, cursor %s of %d", len(missed.Events), missed.More, missed.Reset, missed.Cursor, views.Rev())
		}
		first := missed.Events[0].Item.DetectedAt
		for i, e := range missed.Events {
			if e.Change != "new" || e.Item.ID != fmt.Sprintf("c%d", i) || e.Item.DetectedAt != first+int64(i)*3000 {
				t.Fatalf("event %d is %s %s, seen %d ms after the first", i, e.Change, e.Item.ID, e.Item.DetectedAt-first)
			}
		}
		if got := missed.Events[199].Unread.Total; got != 200 {
			t.Errorf("the badge says %d", got)
		}
	})
}

func TestTwoHundredMissedEventsComeByOneRequest(t *testing.T) {
	n := apitest.Start(t)
	n.Observe("shop", apitest.Work("w1", "Spring"))
	since := fmt.Sprint(n.Views.Rev())
	for i := range 200 {
		n.Observe([]string{"shop", "cafe"}[i%2], apitest.Comment(fmt.Sprintf("c%d", i), "w1", "text"))
	}
	missed := read[api.Changes](t, call(t, n, "GET", "/api/v1/changes?since="+since, nil), 200)
	if missed.Version != api.EventsVersion || missed.Reset || missed.More || len(missed.Events) != 200 || missed.Cursor != fmt.Sprint(n.Views.Rev()) {
		t.Fatalf("%d events, more %v, reset %v, cursor %s", len(missed.Events), missed.More, missed.Reset, missed.Cursor)
	}
	for i, e := range missed.Events {
		if want := fmt.Sprintf("c%d", i); e.Item.ID != want || e.Change != "new" {
			t.Fatalf("event %d is %s %s, want new %s", i, e.Change, e.Item.ID, want)
		}
	}
	again := read[api.Changes](t, call(t, n, "GET", "/api/v1/changes?since="+missed.Cursor, nil), 200)
	if len(again.Events) != 0 || again.Cursor != missed.Cursor {
		t.Errorf("%+v", again)
	}
	half := read[api.Changes](t, call(t, n, "GET", "/api/v1/changes?account=cafe&limit=50&since="+since, nil), 200)
	if !half.More || len(half.Events) != 25 {
		t.Errorf("%d events of one account among 50 changes, more %v", len(half.Events), half.More)
	}
	refused(t, call(t, n, "GET", "/api/v1/changes", nil), 400, "invalid")
}

// shortLog has a log of changes that reaches back to a rev and no further.
type shortLog struct {
	*dataset.Views
	from messages.Rev
}

func (s shortLog) From() messages.Rev { return s.from }

func TestCursorOlderThanTheLogAsksForAFullRead(t *testing.T) {
	var log *shortLog
	n := apitest.Start(t, func(cfg *api.Config) {
		log = &shortLog{cfg.Views.(*dataset.Views), 3}
		cfg.Views = log
	})
	for i := range 6 {
		n.Observe("shop", apitest.Comment(fmt.Sprintf("c%d", i), "w1", "text"))
	}
	log.from = n.Views.Rev() - 2
	old, young := fmt.Sprint(log.from-1), fmt.Sprint(log.from)
	if got := read[api.Changes](t, call(t, n, "GET", "/api/v1/changes?since="+old, nil), 200); !got.Reset || len(got.Events) != 0 || got.LogFrom != young {
		t.Errorf("%+v", got)
	}
	if got := read[api.Changes](t, call(t, n, "GET", "/api/v1/changes?since="+young, nil), 200); got.Reset || len(got.Events) != 2 {
		t.Errorf("%+v", got)
	}
	if ready := decodeAs[api.Ready](t, listen(t, n, "", old).next(api.ResetType).data); ready.Cursor != fmt.Sprint(n.Views.Rev()) || ready.LogFrom != young || ready.Version != api.EventsVersion {
		t.Errorf("%+v", ready)
	}
	if e, _ := listen(t, n, "?types=item", young).item(); e.Item.ID != "c4" {
		t.Errorf("%+v", e)
	}
}
