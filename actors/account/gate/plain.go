package gate

import (
	"bufio"
	"net/http"
	"time"
)

// hopByHop are the headers that end at a proxy.
var hopByHop = []string{"Connection", "Proxy-Connection", "Proxy-Authorization", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Expect"}

// forward answers one plain http request in absolute form over a fresh connection to the site. All that goes wrong is a
// reset (the caller drops the link): a status would pass for the site's own answer.
func (g *Gate) forward(l *link, req *http.Request) {
	if req.URL.Scheme != "http" || req.URL.Host == "" {
		g.refuse(Refusal{Class: BadRequest})
		return
	}
	host, addr, class := g.lists.Load().judge(req.URL.Host, "80")
	if class != "" {
		g.refuse(Refusal{Host: host, Class: class})
		return
	}
	site, class := g.reach(l, host, addr)
	if class != "" {
		return
	}
	if err := g.exchange(l, site, req); err != nil {
		g.siteBroke(l)
		g.log.Debug("plain request ended early", "host", host, "err", err)
	}
}

// exchange carries the request up and the answer down.
func (g *Gate) exchange(l *link, site *far, req *http.Request) error {
	down, err := g.down(l)
	if err != nil {
		return err
	}
	for _, name := range hopByHop {
		req.Header.Del(name)
	}
	if req.Header["User-Agent"] == nil {
		req.Header.Set("User-Agent", "") // or the library would add its own
	}
	req.Close = true
	out := bufio.NewWriterSize(site, chunk)
	if err := req.Write(out); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	g.wg.Go(func() { g.dropWhenLeft(l) })
	answer, err := readAnswer(bufio.NewReader(site), req)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	answer.Close = true
	if err := answer.Write(down); err != nil {
		return err
	}
	return l.finish()
}

// dropWhenLeft ends the link when the browser hangs up before the answer is complete, or says more than one request.
func (g *Gate) dropWhenLeft(l *link) {
	_, _ = l.in.Peek(1)
	l.left.Store(true)
	g.drop(l)
}

// readAnswer reads past interim answers (1xx).
func readAnswer(in *bufio.Reader, req *http.Request) (*http.Response, error) {
	for {
		answer, err := http.ReadResponse(in, req)
		if err != nil || answer.StatusCode >= http.StatusOK {
			return answer, err
		}
		if err := answer.Body.Close(); err != nil {
			return nil, err
		}
	}
}

// finish lets the browser read the whole answer: the link is reset once it hung up, or soon.
func (l *link) finish() error {
	if err := l.client.CloseWrite(); err != nil {
		return err
	}
	if err := l.client.SetReadDeadline(time.Now().Add(shutTime)); err != nil {
		return err
	}
	<-l.ctx.Done()
	return nil
}
