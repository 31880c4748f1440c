package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"troupe/messages"
)

// everyCall makes each of the calls that need a certificate, in their usual order, and returns their errors.
func (o *office) everyCall(id *Identity) map[string]error {
	errs, ctx, config := map[string]error{}, o.t.Context(), id.ClientTLS(Master)
	_, errs["Register"] = callOnce[messages.Registered](ctx, o.at(), config, "Register", o.life(id, "a"))
	_, errs["Beat"] = callOnce[messages.BeatAnswer](ctx, o.at(), config, "Beat", &messages.Beat{Worker: string(id.Node), Incarnation: "a"})
	_, errs["Renew"] = callOnce[messages.Renewed](ctx, o.at(), config, "Renew", o.renewal(id))
	return errs
}

func (o *office) renewal(id *Identity) *messages.RenewRequest {
	_, request, err := newRequest(id.Node)
	if err != nil {
		o.t.Fatal(err)
	}
	return &messages.RenewRequest{Request: request}
}

func TestForgottenNodeIsRefusedEverywhereUntilItJoinsAnew(t *testing.T) {
	o := newOffice(t)
	id, other := o.join("worker-2"), o.join("worker-3")
	stolen := *id.cert.Load()
	for method, err := range o.everyCall(id) {
		if err != nil {
			t.Fatalf("%s before: %v", method, err)
		}
	}
	if err := o.registrar.Forget("worker-2"); err != nil {
		t.Fatal(err)
	}
	refusedNow := func(when string) {
		t.Helper()
		for method, err := range o.everyCall(id) {
			var refused *RefusedError
			if !errors.As(err, &refused) || !refused.Forgotten || !strings.Contains(refused.Reason, "troupe keys token") {
				t.Errorf("%s %s: %v", method, when, err)
			}
		}
		if _, err := o.forgotten.NodeBehind(stateOf(id)); err == nil {
			t.Errorf("what its actors say is heard %s", when)
		}
	}
	refusedNow("after it was forgotten")
	o.says("node refused", "worker-2", "forgotten by the cluster")
	if _, err := o.forgotten.NodeBehind(stateOf(other)); err != nil {
		t.Errorf("another node: %v", err)
	}
	o.close()
	o.open("life-2")
	refusedNow("after the master's restart")

	foreign := newOffice(t)
	if err := id.JoinAgain(t.Context(), o.at(), foreign.token(time.Minute, 1), o.ring.Take); err == nil {
		t.Error("it joined again by a token of another cluster")
	}
	if err := id.JoinAgain(t.Context(), o.at(), o.token(time.Minute, 1), o.ring.Take); err != nil {
		t.Fatal(err)
	}
	opened, err := OpenIdentity(id.dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := callOnce[messages.Registered](t.Context(), o.at(), opened.ClientTLS(Master), "Register", o.life(opened, "b")); err != nil {
		t.Errorf("after it joined anew, by what it has on disk: %v", err)
	}
	id.cert.Store(&stolen)
	refusedNow("while another machine has its name")
}

// stateOf is what a server sees of a node's connection.
func stateOf(id *Identity) (s tls.ConnectionState) {
	s.PeerCertificates = []*x509.Certificate{id.cert.Load().Leaf}
	return s
}

// TestCertificateMadeAfterTheForgettingHoldsWhateverTheClockSays sets the master's clock back between the two.
func TestCertificateMadeAfterTheForgettingHoldsWhateverTheClockSays(t *testing.T) {
	dir, now := filepath.Join(t.TempDir(), "cluster"), time.Now()
	_, authority, err := Found(dir, "first", now)
	if err != nil {
		t.Fatal(err)
	}
	f, err := OpenForgotten(dir)
	if err != nil {
		t.Fatal(err)
	}
	made := func(node messages.NodeID, at time.Time) *x509.Certificate {
		key, _, err := newRequest(node)
		if err != nil {
			t.Fatal(err)
		}
		der, err := authority.issue(node, Worker, key.Public(), at)
		if err != nil {
			t.Fatal(err)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return cert
	}
	before := made("w", now)
	if err := f.add("w", now); err != nil {
		t.Fatal(err)
	}
	if !f.refuses(before) {
		t.Error("a certificate of the same second is taken")
	}
	for _, later := range []time.Duration{0, time.Millisecond, time.Hour, -24 * time.Hour} {
		if f.refuses(made("w", f.Fresh("w", now.Add(later)))) {
			t.Errorf("one that was made %s later is refused", later)
		}
	}
	if f.refuses(made("v", now)) {
		t.Error("another node's is refused")
	}
	if err := f.add("v", now.Add(nodeLife+time.Hour)); err != nil {
		t.Fatal(err)
	}
	if len(f.cuts) != 1 {
		t.Errorf("an entry outlives every certificate that it refuses: %v", f.cuts)
	}
}

func TestNodeThatFindsNoMasterTriesAgainUntilItIsAnsweredOrTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, tries, pauses := time.Now(), 0, ""
		err := UntilAnswered(t.Context(), func() error {
			if tries++; tries < 6 {
				return fmt.Errorf("join: %w", &UnansweredError{"connection refused"})
			}
			return &RefusedError{Reason: "the join token has expired"}
		}, func(_ error, pause time.Duration) { pauses += pause.String() + " " })
		refusedWith(t, err, "expired")
		if pauses != "1s 2s 4s 5s 5s " || time.Since(began) != 17*time.Second {
			t.Errorf("it waited %s, %s in all", pauses, time.Since(began))
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		told := errors.New("told to stop")
		err = UntilAnswered(ctx, func() error { return &UnansweredError{"no route"} }, func(error, time.Duration) { cancel(told) })
		if !errors.Is(err, told) {
			t.Errorf("told to stop while it waits: %v", err)
		}
	})
}

func TestMasterThatIsNotFoundIsNamedWithTheReasonOnce(t *testing.T) {
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	address := strings.TrimPrefix(gateway.URL, "http://")
	look := func() string {
		_, err := Find(t.Context(), address)
		var unanswered *UnansweredError
		if !errors.As(err, &unanswered) {
			t.Fatal(err)
		}
		return err.Error()
	}
	if text := look(); !strings.Contains(text, address) || !strings.Contains(text, "502") {
		t.Error(text)
	}
	gateway.Close()
	if text := look(); strings.Count(text, "connection refused") != 1 || !strings.Contains(text, address) || strings.Contains(text, "\n") {
		t.Error(text)
	}
}
