package api_test

import (
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
)

func TestOnlyLoopbackNamesAndTheOwnOriginAreServed(t *testing.T) {
	n := apitest.Start(t)
	for _, tc := range []struct {
		method, host, origin, site string
		status                     int
	}{
		{"GET", "localhost:3000", "", "", 200},
		{"GET", "127.0.0.1:3000", "", "", 200},
		{"GET", "127.9.9.9", "", "", 200},
		{"GET", "[::1]:3000", "", "", 200},
		{"GET", "[::1]", "", "", 200},
		{"GET", "LOCALHOST", "", "", 200},
		{"GET", "evil.example", "", "", 403},
		{"GET", "localhost.evil.example", "", "", 403},
		{"GET", "127.0.0.1.evil.example:3000", "", "", 403},
		{"GET", "10.0.0.1:3000", "", "", 403},
		{"GET", "0.0.0.0:3000", "", "", 403},
		{"GET", "localhost:3000", "http://localhost:3000", "same-origin", 200},
		{"GET", "localhost:3000", "https://evil.example", "cross-site", 403},
		{"GET", "localhost:3000", "null", "", 403},
		{"GET", "localhost:3000", "file://", "", 403},
		{"POST", "localhost:3000", "", "", 200},
		{"POST", "localhost:3000", "http://localhost:3000", "same-origin", 200},
		{"POST", "localhost:3000", "http://localhost:3000", "", 200},
		{"POST", "localhost:3000", "http://localhost:8080", "", 403},
		{"POST", "localhost:3000", "http://localhost:8080", "same-site", 403},
		{"POST", "localhost:3000", "https://evil.example", "cross-site", 403},
		{"POST", "localhost:3000", "null", "cross-site", 403},
	} {
		header := []string{"Host", tc.host}
		if tc.origin != "" {
			header = append(header, "Origin", tc.origin)
		}
		if tc.site != "" {
			header = append(header, "Sec-Fetch-Site", tc.site)
		}
		path := "/api/v1/status"
		if tc.method == "POST" {
			path = "/api/v1/accounts/shop/resume"
		}
		a := call(t, n, tc.method, path, nil, header...)
		if a.status != tc.status {
			t.Errorf("%+v: got %d", tc, a.status)
		}
		for name := range a.header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%+v: sent %s", tc, name)
			}
		}
	}
}

func TestPanicCostsOneRequestOnly(t *testing.T) {
	var log strings.Builder
	n := apitest.Start(t, func(cfg *api.Config) {
		cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
		cfg.Console = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("broken") })
	})
	refused(t, call(t, n, "GET", "/x", nil), http.StatusInternalServerError, "internal")
	if !strings.Contains(log.String(), "request panicked") {
		t.Error("the log does not say so")
	}
	read[api.Status](t, call(t, n, "GET", "/api/v1/status", nil), 200)
}

func TestNothingButLoopbackIsListenedOn(t *testing.T) {
	for addr, ok := range map[string]bool{
		"127.0.0.1:0": true, "localhost:0": true, "[::ffff:127.0.0.1]:0": true, "127.0.0.9:0": true,
		":0": false, "0.0.0.0:0": false, "[::]:0": false, "10.1.2.3:0": false, "example.org:0": false, "127.0.0.1": false,
	} {
		l, err := api.Listen(addr, false)
		if (err == nil) != ok {
			t.Errorf("%s: %v", addr, err)
		}
		if err == nil {
			if !l.Addr().(*net.TCPAddr).IP.IsLoopback() {
				t.Errorf("%s listens on %s", addr, l.Addr())
			}
			l.Close()
		}
	}
}

func TestSocketIsForItsUserAloneAndReplacesADeadOne(t *testing.T) {
	dir := t.TempDir()
	first, err := api.ListenSocket(dir)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, api.SocketName)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if _, err := api.ListenSocket(dir); err == nil || !strings.Contains(err.Error(), "another node") {
		t.Errorf("a second node got the socket: %v", err)
	}
	first.(*net.UnixListener).SetUnlinkOnClose(false) // as after kill -9
	first.Close()
	second, err := api.ListenSocket(dir)
	if err != nil {
		t.Fatalf("the file of a dead node is in the way: %v", err)
	}
	second.Close()
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the file is left behind: %v", err)
	}
	if _, err := api.ListenSocket(filepath.Join(dir, strings.Repeat("x", 120))); err == nil || !strings.Contains(err.Error(), "shorter") {
		t.Errorf("a path that is too long: %v", err)
	}
}
