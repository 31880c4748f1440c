package gate

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// webSite is an http site behind a gate, and a browser that uses the gate as its proxy.
func webSite(t *testing.T, handler http.HandlerFunc) (*Gate, *http.Client) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	s := &site{ln: server.Listener}
	g := open(t, s, nil)
	transport := &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: g.Addr()})}
	t.Cleanup(transport.CloseIdleConnections)
	return g, &http.Client{Transport: transport, Timeout: patience}
}

func TestPlainHTTPIsForwardedAndAnswered(t *testing.T) {
	g, browser := webSite(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s %q %q %s", r.Method, r.Host, r.RequestURI, r.Header.Get("Proxy-Connection"), r.UserAgent(), body)
	})
	lend(g)
	for range 3 {
		req, _ := http.NewRequest(http.MethodPost, "http://www.sandbox.test/a?b=1", strings.NewReader("body"))
		req.Header.Set("User-Agent", "")
		req.Header.Set("Proxy-Connection", "keep-alive")
		answer, err := browser.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if want := `POST www.sandbox.test /a?b=1 "" "" body`; err != nil || string(got) != want {
			t.Fatalf("got %q, %v; want %q", got, err, want)
		}
	}
}

func TestPlainHTTPWhileShutIsAnErrorNotAStatus(t *testing.T) {
	g, browser := webSite(t, func(http.ResponseWriter, *http.Request) { t.Error("the site was reached") })
	if answer, err := browser.Get("http://www.sandbox.test/"); err == nil {
		t.Fatalf("status %d", answer.StatusCode)
	}
	lastRefusal(t, g, "www.sandbox.test", NoLease)
	lend(g)
	if answer, err := browser.Get("http://accounts.google.com/ListAccounts"); err == nil {
		t.Fatalf("status %d", answer.StatusCode)
	}
	lastRefusal(t, g, "accounts.google.com", BrowserService)
}

func TestPlainHTTPToADeadSiteIsAnError(t *testing.T) {
	s := newSite(t, false)
	_ = s.ln.Close()
	g := open(t, s, nil)
	lend(g)
	conn, _ := connect(t, g, "www.sandbox.test:443")
	_ = conn.Close()
	browser := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: g.Addr()}), DisableKeepAlives: true}}
	if answer, err := browser.Get("http://www.sandbox.test/"); err == nil {
		t.Fatalf("status %d", answer.StatusCode)
	}
	lastRefusal(t, g, "www.sandbox.test", Unreachable)
}

func TestPlainEventStreamFlowsAndIsCut(t *testing.T) {
	g, browser := webSite(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "event 1\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	lend(g)
	answer, err := browser.Get("http://www.sandbox.test/events")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	events := bufio.NewReader(answer.Body)
	if line, err := events.ReadString('\n'); line != "event 1\n" {
		t.Fatalf("%q, %v", line, err)
	}
	g.Shut("test")
	if _, err := events.ReadString('\n'); err == nil || err == io.EOF {
		t.Fatalf("a cut must look like an error, got %v", err)
	}
}

func TestBrowserThatHangsUpEndsThePlainRequest(t *testing.T) {
	ended := make(chan struct{})
	g, browser := webSite(t, func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		close(ended)
	})
	lend(g)
	answer, err := browser.Get("http://www.sandbox.test/events")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	select {
	case <-ended:
	case <-time.After(patience):
		t.Fatal("the site was not told")
	}
}
