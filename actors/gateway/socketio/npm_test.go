package socketio_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"troupe/actors/gateway/socketio"
	"troupe/testkit/imclient"
)

// TestNpmClientsWork runs eleven functional checks with the client that the PC client was built with, and with the newest one.
func TestNpmClientsWork(t *testing.T) {
	s := socketio.New(socketio.Config{})
	s.Of("/").Handle(
		socketio.Rule{Event: "echo", Handler: func(s *socketio.Socket, payload json.RawMessage, _ func(any)) {
			if payload == nil {
				payload = json.RawMessage(`"nothing"`)
			}
			s.Emit("echoed", payload)
		}},
		socketio.Rule{Event: "close", Handler: func(s *socketio.Socket, _ json.RawMessage, _ func(any)) { s.Close() }},
	)
	s.Of("/auth").Auth(func(h socketio.Handshake) error {
		var auth struct{ Token string }
		if json.Unmarshal(h.Auth, &auth) != nil || auth.Token != "right" {
			return errors.New("wrong token")
		}
		return nil
	})
	h := httptest.NewServer(s)
	defer h.Close()
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
	}()
	for _, client := range []string{imclient.Newest, imclient.Oldest} {
		t.Run(client, func(t *testing.T) {
			checks := imclient.Checks(t, client, h.URL)
			if len(checks) != 11 {
				t.Errorf("%d checks", len(checks))
			}
			for _, c := range checks {
				t.Run(c.Check, func(t *testing.T) {
					if c.Error != "" {
						t.Error(c.Error)
					}
				})
			}
		})
	}
}
