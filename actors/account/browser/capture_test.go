package browser

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"troupe/platforms/page"
	"troupe/testkit"
)

// rounds is how often, or how much, a promise is tried: more in a full test.
func rounds(normal, full int) int {
	if testkit.Full {
		return full
	}
	return normal
}

// watching keeps everything below /api/ and all frames received and sent.
func watching(kind page.RecordKind, _, url string) bool {
	return kind == page.Frame || kind == page.Sent || strings.Contains(url, "/api/")
}

// await waits for a record, at most a minute.
func await(t *testing.T, e page.Expectation) page.Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	rec, err := e.Wait(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func expect(i *Instance, part string) page.Expectation {
	return i.Traffic().Expect(func(rec page.Record) bool { return strings.Contains(rec.URL, part) })
}

func expectFrame(i *Instance, kind page.RecordKind, part string) page.Expectation {
	return i.Traffic().Expect(func(rec page.Record) bool { return rec.Kind == kind && strings.Contains(rec.URL, part) })
}

func TestNoBodyIsLostOverANavigation(t *testing.T) {
	const bodies = 60
	mux := http.NewServeMux()
	mux.HandleFunc("/api/item", func(w http.ResponseWriter, req *http.Request) {
		size, _ := strconv.Atoi(req.URL.Query().Get("size"))
		write(w, size, 'x')
	})
	mux.HandleFunc("/leave", html(fmt.Sprintf(`<script>
		const size = new URLSearchParams(location.search).get("size");
		Promise.all(Array.from({length: %d}, (_, n) => fetch("/api/item?n=" + n + "&size=" + size).then((r) => r.text())))
			.then(() => { location = "https://elsewhere.test/there"; });
	</script>`, bodies)))
	mux.HandleFunc("/there", html("there"))
	r := newRig(t, mux)
	cfg := r.config(t)
	cfg.Sites = []string{"*.test", "site.test", "elsewhere.test"}
	i := start(t, cfg)
	i.Traffic().Watch(watching)
	tab := open(t, i, "main", "")
	for n := range rounds(1, 20) {
		for _, size := range []int{100, rounds(100_000, 300_000)} {
			mark := i.Traffic().Seq()
			if err := tab.Navigate(t.Context(), fmt.Sprintf("https://site.test/leave?round=%d&size=%d", n, size)); err != nil {
				t.Fatal(err)
			}
			whole := map[string]bool{}
			until(t, "all bodies", func() bool {
				records, dropped := i.Traffic().Since(mark)
				if dropped {
					t.Fatal("the ring dropped some")
				}
				clear(whole)
				for _, rec := range records {
					if rec.Err != "" || len(rec.Body) < size || rec.Origin != "https://site.test" {
						t.Fatalf("%s of %s: %d bytes, %s", rec.URL, rec.Origin, len(rec.Body), rec.Err)
					}
					whole[rec.URL] = true
				}
				return len(whole) == bodies
			})
			until(t, "the page to leave", func() bool {
				u, err := tab.URL(t.Context())
				return err == nil && u == "https://elsewhere.test/there"
			})
		}
	}
}

func TestEveryContextIsCaptured(t *testing.T) {
	socket := newSocketServer()
	// each context asks, and opens a socket on which it greets and is greeted
	script := func(who string) string {
		return fmt.Sprintf(`fetch("https://site.test/api/ask?by=%[1]s"); {
			const s = new WebSocket("wss://push.test/ws?by=%[1]s"); s.onopen = () => s.send("hello from %[1]s");
		}`, who)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/ask", func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		io.WriteString(w, "for "+req.URL.Query().Get("by"))
	})
	mux.HandleFunc("/ws", socket.serve)
	for name, body := range map[string]string{
		"worker": script("worker") + `; new Worker("/nested.js")`, "nested": script("nested"), "service": script("service"),
		"shared": script("shared"), "brief": `fetch("/api/ask?by=brief").then((r) => r.text()).then(() => close())`,
	} {
		mux.HandleFunc("/"+name+".js", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/javascript")
			io.WriteString(w, body)
		})
	}
	mux.HandleFunc("/frame", html("<script>"+script("frame")+"</script>"))
	mux.HandleFunc("/near", html("<script>"+script("near")+"</script>"))
	mux.HandleFunc("/leaving", html(`<script>fetch("/api/ask?by=leaving").then((r) => r.text()).then(() => top.postMessage("gone", "*"))</script>`))
	mux.HandleFunc("/page", html(`<iframe src="https://inner.test/frame"></iframe><iframe src="/near"></iframe>
		<iframe id=leaving src="https://leaving.test/leaving"></iframe>
		<script>`+script("page")+`
		onmessage = (e) => { if (e.data === "gone") document.querySelector("#leaving").remove(); };
		new Worker("/worker.js"); new Worker("/brief.js"); new SharedWorker("/shared.js"); navigator.serviceWorker.register("/service.js");
		new Worker(URL.createObjectURL(new Blob(['`+strings.ReplaceAll(script("blob"), "\n", "")+`'])));
		</script>`))
	r := newRig(t, mux)
	i := start(t, r.config(t))
	i.Traffic().Watch(watching)
	contexts := map[string]struct{ tab, origin string }{
		"page": {"main", "https://site.test"}, "near": {"main", "https://site.test"}, "frame": {"main", "https://inner.test"},
		"worker": {"", "https://site.test"}, "nested": {"", "https://site.test"}, "blob": {"", "https://site.test"},
		"shared": {"", "https://site.test"}, "service": {"", "https://site.test"},
	}
	asked, sent, got := map[string]page.Expectation{}, map[string]page.Expectation{}, map[string]page.Expectation{}
	for who := range contexts {
		asked[who] = expect(i, "/api/ask?by="+who)
		sent[who], got[who] = expectFrame(i, page.Sent, "/ws?by="+who), expectFrame(i, page.Frame, "/ws?by="+who)
	}
	brief, leaving := expect(i, "by=brief"), expect(i, "by=leaving")
	open(t, i, "main", "https://site.test/page")
	for who, want := range contexts {
		if rec := await(t, asked[who]); string(rec.Body) != "for "+who || rec.Tab != want.tab || rec.Origin != want.origin {
			t.Errorf("%s asked: %+v %q", who, rec, rec.Body)
		}
		for rec := range map[*page.Record]bool{ptr(await(t, sent[who])): true, ptr(await(t, got[who])): true} {
			if string(rec.Body) != "hello from "+who || !rec.Text || rec.Tab != want.tab || rec.Origin != want.origin {
				t.Errorf("%s's socket: %+v %q", who, rec, rec.Body)
			}
		}
	}
	if rec := await(t, brief); string(rec.Body) != "for brief" {
		t.Errorf("a worker that ended at once: %+v", rec)
	}
	if rec := await(t, leaving); string(rec.Body) != "for leaving" {
		t.Errorf("a frame that was removed at once: %+v", rec)
	}
}

func ptr[T any](v T) *T { return &v }

// TestAnswersOfEveryKind tries what answers there are, one after another in one page.
func TestAnswersOfEveryKind(t *testing.T) {
	chinese := strings.Repeat("评论", 40_000)
	mux := http.NewServeMux()
	text := func(path, body string, status int) {
		mux.HandleFunc("/api/"+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			w.WriteHeader(status)
			io.WriteString(w, body)
		})
	}
	text("mixed", "评"+strings.Repeat("x", maxBody-3), 200)
	text("more", strings.Repeat("x", maxBody+1), 200)
	text("chinese", chinese, 200)
	text("error", `{"code":500}`, 500)
	text("nothing", "", 204)
	mux.HandleFunc("/api/binary", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-protobuf")
		w.Write([]byte{0, 0xff, 0xfe, 1})
	})
	zipped := func(path string, size int) {
		var packed bytes.Buffer
		z, _ := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
		write(z, size, 'z')
		z.Close()
		mux.HandleFunc("/api/"+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(packed.Bytes())
		})
	}
	zipped("zipped", 1000)
	zipped("bomb", rounds(40, 100)<<20)
	mux.HandleFunc("/api/broken", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		io.WriteString(w, "half")
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/go/first", func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, "/api/second", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/api/second", func(w http.ResponseWriter, req *http.Request) { io.Copy(w, req.Body) })
	mux.HandleFunc("/api/stream", func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, "data: one\n\n")
		http.NewResponseController(w).Flush()
		<-req.Context().Done()
	})
	mux.HandleFunc("/page", html("page"))
	r := newRig(t, mux)
	i := start(t, r.config(t))
	i.Traffic().Watch(watching)
	tab := open(t, i, "main", "https://site.test/page")
	fetched := func(path, options string) page.Record {
		t.Helper()
		e := expect(i, "/api/"+path)
		from := "/api/" + path
		if path == "second" {
			from = "/go/first"
		}
		eval(t, tab, `() => { fetch("`+from+`", `+options+`).then((r) => r.arrayBuffer()).catch(() => {}) }`)
		return await(t, e)
	}

	eval(t, tab, `() => { new EventSource("/api/stream"); fetch("/api/stream") }`) // they never end, and hold up nothing
	for path, want := range map[string]string{
		"mixed": "评" + strings.Repeat("x", maxBody-3), "chinese": chinese,
		"binary": "\x00\xff\xfe\x01", "zipped": strings.Repeat("z", 1000), "nothing": "", "error": `{"code":500}`,
	} {
		rec := fetched(path, "{}")
		if rec.Kind != page.Response || rec.Err != "" || string(rec.Body) != want {
			t.Errorf("%s: %d bytes of %d, kind %d, %s", path, len(rec.Body), len(want), rec.Kind, rec.Err)
		}
		if path == "error" && rec.Status != 500 || path == "nothing" && rec.Status != 204 {
			t.Errorf("%s: status %d", path, rec.Status)
		}
	}
	for _, path := range []string{"more", "bomb"} {
		if rec := fetched(path, "{}"); rec.Kind != page.Response || rec.Err == "" || rec.Body != nil || rec.Status != 200 {
			t.Errorf("%s: %d bytes, kind %d, %s", path, len(rec.Body), rec.Kind, rec.Err)
		}
	}
	if rec := fetched("broken", "{}"); rec.Kind != page.Failed || rec.Err == "" || rec.Body != nil || rec.Status != 200 {
		t.Errorf("broken off: %+v", rec)
	}
	if rec := fetched("second", `{method: "POST", body: "列表=7"}`); rec.URL != "https://site.test/api/second" || rec.Method != "POST" || string(rec.Body) != "列表=7" || string(rec.Post) != "列表=7" {
		t.Errorf("redirected: %+v", rec)
	}
	for body, want := range map[string][]byte{
		`new Uint8Array([0, 255, 128, 10])`: {0, 255, 128, 10}, `new URLSearchParams({a: "1 2"})`: []byte("a=1+2"),
		`"y".repeat(65536)`: bytes.Repeat([]byte("y"), 65536), `"y".repeat(65537)`: nil,
	} {
		if rec := fetched("error", `{method: "POST", body: `+body+`}`); !bytes.Equal(rec.Post, want) {
			t.Errorf("posted %s: %q", body, rec.Post)
		}
	}
}

func TestWatchIsReplacedWhilePagesRun(t *testing.T) {
	socket := newSocketServer()
	mux := http.NewServeMux()
	mux.HandleFunc("/api/one", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "one") })
	mux.HandleFunc("/api/two", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "two") })
	mux.HandleFunc("/ws", socket.serve)
	mux.HandleFunc("/page", html(`<script>const s = new WebSocket("wss://push.test/ws"); s.binaryType = "arraybuffer"; s.onopen = () => { document.title = "open" };
		addEventListener("say", (e) => s.send(e.detail)); addEventListener("shout", () => s.send(new Uint8Array(25 << 20)));</script>`))
	r := newRig(t, mux)
	i := start(t, r.config(t))
	tab := open(t, i, "main", "https://site.test/page")
	until(t, "the socket", func() bool { title, err := tab.Title(t.Context()); return err == nil && title == "open" })
	say := func(what string) {
		eval(t, tab, fmt.Sprintf(`() => { dispatchEvent(new CustomEvent("say", {detail: %q})) }`, what))
	}
	// The socket was opened when nobody watched.
	i.Traffic().Watch(func(kind page.RecordKind, _, url string) bool {
		return kind == page.Frame || strings.HasSuffix(url, "/api/one")
	})
	frame := expectFrame(i, page.Frame, "/ws")
	say("first")
	if rec := await(t, frame); string(rec.Body) != "first" {
		t.Errorf("frame %q", rec.Body)
	}
	i.Traffic().Watch(func(kind page.RecordKind, _, url string) bool {
		return kind == page.Sent || strings.HasSuffix(url, "/api/two")
	})
	mark, sent, two := i.Traffic().Seq(), expectFrame(i, page.Sent, "/ws"), expect(i, "/api/two")
	say("second")
	if rec := await(t, sent); string(rec.Body) != "second" {
		t.Errorf("sent %q", rec.Body)
	}
	eval(t, tab, `async () => { await fetch("/api/one"); await fetch("/api/two") }`)
	if rec := await(t, two); string(rec.Body) != "two" {
		t.Errorf("answer %q", rec.Body)
	}
	records, _ := i.Traffic().Since(mark)
	for _, rec := range records {
		if rec.Kind == page.Frame || strings.HasSuffix(rec.URL, "/api/one") {
			t.Errorf("kept %s of kind %d, which nobody wants any more", rec.URL, rec.Kind)
		}
	}
	// A frame that is too large is named and not taken in; the socket goes on.
	i.Traffic().Watch(watching)
	large, echo := expectFrame(i, page.Sent, "/ws"), expectFrame(i, page.Frame, "/ws")
	eval(t, tab, `() => { dispatchEvent(new Event("shout")) }`)
	for _, rec := range []page.Record{await(t, large), await(t, echo)} {
		if rec.Err != tooLarge || rec.Body != nil || rec.Text {
			t.Errorf("a frame of 25 MiB: %q, %d bytes", rec.Err, len(rec.Body))
		}
	}
	frame = expectFrame(i, page.Frame, "/ws")
	say("third")
	if rec := await(t, frame); string(rec.Body) != "third" {
		t.Errorf("after it: %q", rec.Body)
	}
}

// TestAHundredMegabytesAreNotHeld reads all along what this process holds.
func TestAHundredMegabytesAreNotHeld(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/huge", func(w http.ResponseWriter, _ *http.Request) { write(w, 100<<20, 'h') })
	mux.HandleFunc("/api/small", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "small") })
	mux.HandleFunc("/page", html("page"))
	r := newRig(t, mux)
	i := start(t, r.config(t))
	i.Traffic().Watch(watching)
	tab, other := open(t, i, "main", "https://site.test/page"), open(t, i, "other", "https://site.test/page")
	var before, now, most runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	huge := expect(i, "/api/huge")
	eval(t, tab, `() => { fetch("/api/huge").then((r) => r.text()); fetch("/api/huge?2").then((r) => r.text()) }`)
	small := expect(i, "/api/small")
	eval(t, other, `() => { fetch("/api/small") }`)
	if rec := await(t, small); string(rec.Body) != "small" {
		t.Errorf("another tab: %+v", rec)
	}
	done := make(chan page.Record, 1)
	go func() {
		rec, _ := huge.Wait(t.Context())
		done <- rec
	}()
	for {
		runtime.ReadMemStats(&now)
		if now.HeapAlloc > most.HeapAlloc {
			most = now
		}
		select {
		case rec := <-done:
			if rec.Err != tooLarge || rec.Body != nil {
				t.Errorf("%d bytes, %q", len(rec.Body), rec.Err)
			}
			grown := (int64(most.HeapAlloc) - int64(before.HeapAlloc)) >> 20
			if t.Logf("the heap grew by %d MiB", grown); grown > 64 {
				t.Error("too much")
			}
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// write writes one byte size times.
func write(w io.Writer, size int, b byte) {
	chunk := bytes.Repeat([]byte{b}, 1<<20)
	for ; size > 0; size -= len(chunk) {
		if _, err := w.Write(chunk[:min(size, len(chunk))]); err != nil {
			return
		}
	}
}

// socketServer accepts WebSockets and sends back each frame that it receives.
type socketServer struct{}

func newSocketServer() socketServer { return socketServer{} }

func (socketServer) serve(w http.ResponseWriter, req *http.Request) {
	conn, buf, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	sum := sha1.Sum([]byte(req.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	fmt.Fprintf(buf, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
	for buf.Flush() == nil {
		if err := echoMessage(buf); err != nil {
			return
		}
	}
}

// echoMessage reads one message, in as many frames as it comes, and writes it back in one.
func echoMessage(buf *bufio.ReadWriter) error {
	var message []byte
	var opcode byte
	for last := false; !last; {
		var head [2]byte
		if _, err := io.ReadFull(buf, head[:]); err != nil {
			return err
		}
		last = head[0]&0x80 != 0
		if op := head[0] & 15; op != 0 {
			opcode = op
		}
		size := uint64(head[1] & 127)
		if size >= 126 {
			wide := make([]byte, map[uint64]int{126: 2, 127: 8}[size])
			if _, err := io.ReadFull(buf, wide); err != nil {
				return err
			}
			size = binary.BigEndian.Uint64(append(make([]byte, 8-len(wide)), wide...))
		}
		part := make([]byte, 4+size) // the mask comes first
		if _, err := io.ReadFull(buf, part); err != nil {
			return err
		}
		for n := range part[4:] {
			part[4+n] ^= part[n%4]
		}
		message = append(message, part[4:]...)
	}
	if opcode > binaryFrame {
		return io.EOF // it wants to close
	}
	head := []byte{0x80 | opcode, byte(len(message))}
	if len(message) > 125 {
		head = binary.BigEndian.AppendUint64([]byte{0x80 | opcode, 127}, uint64(len(message)))
	}
	buf.Write(head)
	_, err := buf.Write(message)
	return err
}
