package browser

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"troupe/platforms/page"
)

func numbered(n int) page.Record { return page.Record{Kind: page.Response, URL: fmt.Sprint(n)} }

func TestNothingSlipsBetweenSeqAndWait(t *testing.T) {
	r := newTraffic(t.Context())
	since := r.Seq()
	done := make(chan page.Record)
	go func() {
		rec, _ := r.Wait(t.Context(), since, func(rec page.Record) bool { return rec.URL == "500" })
		done <- rec
	}()
	for n := range 1000 {
		r.add(numbered(n))
	}
	if rec := <-done; rec.URL != "500" || rec.Seq != 501 {
		t.Errorf("waited for %+v", rec)
	}
	select {
	case <-r.Arrived():
	default:
		t.Error("no token")
	}
	if records, dropped := r.Since(998); len(records) != 2 || dropped || records[0].Seq != 999 {
		t.Errorf("%d records, dropped %v", len(records), dropped)
	}
	if records, dropped := r.Since(1000); len(records) != 0 || dropped {
		t.Errorf("%d records, dropped %v", len(records), dropped)
	}
}

func TestRingIsBounded(t *testing.T) {
	r := newTraffic(t.Context())
	for n := range maxRecords + 5 {
		r.add(numbered(n))
	}
	records, dropped := r.Since(0)
	if len(records) != maxRecords || !dropped || records[0].Seq != 6 {
		t.Errorf("%d records from %d, dropped %v", len(records), records[0].Seq, dropped)
	}
	if _, dropped := r.Since(5); dropped {
		t.Error("dropped before what is there")
	}
	big := numbered(0)
	big.Body = make([]byte, maxHeld/4)
	for range 6 {
		r.add(big)
	}
	if records, _ := r.Since(0); len(records) != 4 {
		t.Errorf("%d big records", len(records))
	}
}

func TestWaitEndsWithTheBrowserAndWithItsContext(t *testing.T) {
	life, end := context.WithCancelCause(t.Context())
	r := newTraffic(life)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	never := func(page.Record) bool { return false }
	if _, err := r.Wait(ctx, 0, never); err == nil {
		t.Error("waited without end")
	}
	end(page.ErrGone)
	if _, err := r.Wait(t.Context(), 0, never); !isGone(err) {
		t.Errorf("browser gone: %v", err)
	}
}

func TestCapture(t *testing.T) {
	frames := make(chan any, 8)
	t.Cleanup(func() { close(frames) })
	mux := http.NewServeMux()
	mux.HandleFunc("/api/list", func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"by":%q,"text":"评论"}`, req.URL.Query().Get("by"))
	})
	mux.HandleFunc("/api/huge", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, strings.Repeat("x", maxBody+1))
	})
	mux.HandleFunc("/other", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "no one asked") })
	mux.HandleFunc("/ws", webSocket(frames))
	mux.HandleFunc("/blank", html("blank"))
	mux.HandleFunc("/inner", html(`<script>fetch("/api/list?by=frame")</script>`))
	mux.HandleFunc("/worker.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		io.WriteString(w, `fetch("/api/list?by=worker")`)
	})
	mux.HandleFunc("/page", html(`<script>
		fetch("/api/list?by=page", {method: "POST"}); fetch("/other"); fetch("/api/huge"); new Worker("/worker.js");
		const s = new WebSocket("wss://push.test/ws"); s.binaryType = "arraybuffer"; s.onmessage = e => document.title = "got it";
	</script><iframe src="https://inner.test/inner"></iframe>`))
	mux.HandleFunc("/leaving", html(`<script>
		fetch("/api/list?by=leaving").then(r => r.text()).then(() => { location = "https://elsewhere.test/blank"; });
	</script>`))
	r := newRig(t, mux)
	i := start(t, r.config(t))
	traffic := i.Traffic()
	traffic.Watch(func(kind page.RecordKind, _, url string) bool {
		return kind == page.Frame || strings.Contains(url, "/api/")
	})
	wait := func(t *testing.T, seq uint64, match func(page.Record) bool) page.Record {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		rec, err := traffic.Wait(ctx, seq, match)
		if err != nil {
			t.Fatal(err)
		}
		return rec
	}
	by := func(who string) func(page.Record) bool {
		return func(rec page.Record) bool { return strings.Contains(rec.URL, "by="+who) }
	}
	since := traffic.Seq()
	tab := open(t, i, "main", "https://site.test/page")

	t.Run("ResponsesOfPageFrameAndWorkerAreKept", func(t *testing.T) {
		for who, name := range map[string]string{"page": "main", "frame": "main", "worker": ""} {
			rec := wait(t, since, by(who))
			if string(rec.Body) != fmt.Sprintf(`{"by":%q,"text":"评论"}`, who) || rec.Status != 200 || rec.Tab != name || rec.Err != "" {
				t.Errorf("%s: %+v with %q", who, rec, rec.Body)
			}
			if want := map[bool]string{true: "POST", false: "GET"}[who == "page"]; rec.Method != want {
				t.Errorf("%s: method %s", who, rec.Method)
			}
		}
		if rec := wait(t, since, func(rec page.Record) bool { return strings.Contains(rec.URL, "huge") }); rec.Err == "" || rec.Body != nil {
			t.Errorf("huge body: %d bytes, %q", len(rec.Body), rec.Err)
		}
		records, _ := traffic.Since(since)
		for _, rec := range records {
			if strings.Contains(rec.URL, "/other") {
				t.Error("kept what nobody asked for")
			}
		}
	})
	t.Run("FramesArriveWithinMilliseconds", func(t *testing.T) {
		mark := traffic.Seq()
		for n, frame := range []any{"文字", []byte{0, 1, 0xff}, "last"} {
			sent := time.Now()
			frames <- frame
			rec := wait(t, mark, func(rec page.Record) bool { return rec.Kind == page.Frame })
			t.Logf("frame %d took %v", n, time.Since(sent))
			mark = rec.Seq
			text, isText := frame.(string)
			if isText != rec.Text || isText && string(rec.Body) != text || !isText && string(rec.Body) != string(frame.([]byte)) {
				t.Errorf("frame %v came as %q, text %v", frame, rec.Body, rec.Text)
			}
			if rec.URL != "wss://push.test/ws" || rec.Tab != "main" {
				t.Errorf("frame of %q in %q", rec.URL, rec.Tab)
			}
		}
	})
	t.Run("BodiesOutliveANavigation", func(t *testing.T) {
		for range 3 {
			mark := traffic.Seq()
			if err := tab.Navigate(t.Context(), "https://site.test/leaving"); err != nil {
				t.Fatal(err)
			}
			if rec := wait(t, mark, by("leaving")); rec.Err != "" || !strings.Contains(string(rec.Body), "leaving") {
				t.Errorf("body %q, %s", rec.Body, rec.Err)
			}
			until(t, "the page to leave", func() bool {
				u, err := tab.URL(t.Context())
				return err == nil && u == "https://elsewhere.test/blank"
			})
		}
	})
	t.Run("RequestWithoutAnswerIsRecorded", func(t *testing.T) {
		if err := tab.Navigate(t.Context(), "https://site.test/blank"); err != nil {
			t.Fatal(err)
		}
		mark := traffic.Seq()
		r.cut()
		defer r.reopen()
		eval(t, tab, `() => { fetch("/api/list?by=nobody").catch(() => {}) }`)
		if rec := wait(t, mark, by("nobody")); rec.Kind != page.Failed || rec.Err == "" || rec.Body != nil {
			t.Errorf("%+v", rec)
		}
	})
}
