package stage

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"
)

// Visit is one request as the site sees it.
type Visit struct {
	Session *Session // nil without a cookie that was ever valid
	Entry   Entry    // what the audit log will say of it
	Reset   bool     // end it by a TCP reset instead of an answer

	stage *Stage
	conn  *countedConn
}

type visitKey struct{}

// VisitOf finds the visit of a request that a Play's Browser got.
func VisitOf(r *http.Request) *Visit { return r.Context().Value(visitKey{}).(*Visit) }

// browserHandler serves all hosts: counted, audited, and behind the faults.
func (s *Stage) browserHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := s.begin(r)
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		body := &countedBody{ReadCloser: r.Body}
		r.Body = body
		r = r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
		defer func() {
			e := v.Entry
			e.TookMS, e.Body, e.Status = time.Since(e.At).Milliseconds(), body.n, rec.status
			s.audit.add(e)
			if v.Reset {
				v.conn.reset()
				panic(http.ErrAbortHandler)
			}
		}()
		if !s.hold(r) {
			return
		}
		s.tampered(s.play.Browser).ServeHTTP(rec, r)
	})
}

// begin finds out who asks.
func (s *Stage) begin(r *http.Request) *Visit {
	v := &Visit{stage: s, conn: connOf(r), Entry: Entry{
		At: time.Now(), Kind: KindRequest, Host: HostName(r), Method: r.Method, Path: r.URL.Path, Source: hostOf(r.RemoteAddr),
		UserAgent: r.UserAgent(),
	}}
	if one := s.play.Session(r); one != nil {
		v.Belongs(one)
	}
	return v
}

// HostName is the name that a request asks for, without port.
func HostName(r *http.Request) string {
	host, _, _ := strings.Cut(r.Host, ":")
	return host
}

// recorder remembers the status; http.ResponseController reaches through it.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

type countedBody struct {
	io.ReadCloser
	n int64
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n += int64(n)
	return n, err
}
