package vault

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
)

// TestNoValueShowsInLogsOrErrors plants canaries in a state and formats all that this package hands out in every way.
func TestNoValueShowsInLogsOrErrors(t *testing.T) {
	ring, path := testRing(t)
	sealed := testSeal(t, ring)
	secret, err := SealSecret(ring, "proxy_1", []byte("canary-password"))
	if err != nil {
		t.Fatal(err)
	}
	opened, err := OpenSecret(ring, "proxy_1", secret)
	if err != nil {
		t.Fatal(err)
	}
	state := testState()
	state.Cookies = append(state.Cookies, []byte(`{"name":"broken","value":"canary`))
	_, encodeErr := state.Encode()
	_, exportErr := state.ExportPlaywright()
	_, openErr := Open(ring, "dy_2", sealed)
	_, replaceErr := ring.Replace(sealed, "dy_1", 1, 1, []byte(`{"v":1,"cookies":["canary"]}`))
	whole := testState()
	values := map[string]any{
		"state": whole, "state by value": *whole, "origin": whole.Origins[0], "origins": whole.Origins,
		"text": whole.Origins[0].LocalStorage[0][1], "entries": whole.Origins[0].LocalStorage, "contents": whole.Contents(),
		"ring": ring, "opened secret": opened, "encode error": encodeErr, "export error": exportErr, "open error": openErr, "replace error": replaceErr,
	}
	for name, v := range values {
		if err, isErr := v.(error); strings.HasSuffix(name, "error") && (!isErr || err == nil) {
			t.Errorf("%s: none", name)
		}
		var log bytes.Buffer
		for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
			if list, ok := v.([]Origin); ok { // a list has no LogValue: its elements have
				v = list[0]
			}
			if _, ok := v.([][2]Text); !ok { // nor has a list of pairs, which is never logged alone
				slog.New(h).Info("look", "value", v)
			}
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&log, verb+"\n", v)
		}
		for _, canary := range []string{"canary", fmt.Sprintf("%x", "canary"), string(ring.newest().Secret), fmt.Sprint(ring.newest().Secret)} {
			if strings.Contains(log.String(), canary) {
				t.Errorf("%s shows a secret: %s", name, log.String())
			}
		}
	}
	if file, err := os.ReadFile(path); err != nil || bytes.Contains(file, []byte("canary")) {
		t.Errorf("%v", err)
	}
	if !errors.Is(openErr, ErrSealBroken) {
		t.Error(openErr)
	}
}
