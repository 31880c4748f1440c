package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rsc.io/qr"

	"troupe/actors/gateway/api/apitest"
	"troupe/messages"
)

// codePNG is a site's QR picture of text.
func codePNG(t *testing.T, text string) []byte {
	t.Helper()
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		t.Fatal(err)
	}
	return code.PNG()
}

// scan reads a QR code off the terminal, as a phone's camera does: light where the terminal paints.
func scan(t *testing.T, drawn string) string {
	t.Helper()
	lines := strings.Split(strings.TrimRight(drawn, "\n"), "\n")
	const scale, margin = 4, 16
	img := image.NewGray(image.Rect(0, 0, columns(lines[0])*scale+2*margin, 2*len(lines)*scale+2*margin))
	for i := range img.Pix {
		img.Pix[i] = 0xff
	}
	for y, line := range lines {
		x := 0
		for _, r := range line {
			paint(img, margin+x*scale, margin+2*y*scale, scale, r == '█' || r == '▀')
			paint(img, margin+x*scale, margin+(2*y+1)*scale, scale, r == '█' || r == '▄')
			x++
		}
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, img); err != nil {
		t.Fatal(err)
	}
	text, err := readQR(picture.Bytes())
	if err != nil {
		t.Fatalf("the drawn code cannot be scanned: %v\n%s", err, drawn)
	}
	return text
}

func paint(img *image.Gray, x, y, size int, light bool) {
	for dx := range size {
		for dy := range size {
			if !light {
				img.SetGray(x+dx, y+dy, color.Gray{})
			}
		}
	}
}

// codes are the parts of an output that are drawn codes.
func codes(out string) []string {
	var all []string
	var code strings.Builder
	for line := range strings.Lines(out) {
		if strings.ContainsAny(line, "█▀▄") {
			code.WriteString(line)
		} else if code.Len() > 0 {
			all = append(all, code.String())
			code.Reset()
		}
	}
	if code.Len() > 0 {
		all = append(all, code.String())
	}
	return all
}

func step(status string, picture []byte) func(*apitest.Master) {
	return func(m *apitest.Master) {
		m.Step(&messages.LoginStep{Session: "login-1", Account: "shop", Status: status, QrPng: picture})
	}
}

func TestLoginDrawsACodeThatAPhoneCanScan(t *testing.T) {
	n := apitest.Start(t)
	file := filepath.Join(t.TempDir(), "code.png")
	s := start(t, nil, "--addr", n.Server.URL, "login", "shop", "--png", file)
	s.errs.waitFor(t, "waiting for the login page")
	first, second := "https://site.example/qr/"+strings.Repeat("a", 90), "https://site.example/qr/2"
	n.Update(step("qrcode_ready", codePNG(t, first)))
	s.errs.waitFor(t, "scan this code")
	if picture, err := os.ReadFile(file); err != nil || !bytes.Equal(picture, codePNG(t, first)) {
		t.Errorf("the saved picture is another one: %v", err)
	}
	drawn := codes(s.out.String())
	if len(drawn) != 1 || scan(t, drawn[0]) != first {
		t.Fatalf("%d codes", len(drawn))
	}
	n.Update(step("qrcode_refreshed", codePNG(t, second)))
	s.errs.waitFor(t, "replaced by a new one")
	n.Update(step("scanning", nil))
	s.errs.waitFor(t, "confirm on the phone")
	n.Update(func(m *apitest.Master) {
		m.Step(&messages.LoginStep{Session: "login-1", Account: "shop", Status: "sms_input_required", Step: "verification_code", Message: "sent to 138****"})
	})
	s.errs.waitFor(t, "verification_code: ")
	fmt.Fprintln(s.in, "246810")
	waitForCommand(t, n, func(m *messages.LoginInput) bool {
		return string(m.GetValue()) == "246810" && m.GetKind() == "verification_code"
	})
	n.Update(func(m *apitest.Master) { m.End("login-1", "success", "") })
	if code := s.end(t); code != exitOK || !strings.Contains(s.out.String(), "account shop is logged in") {
		t.Errorf("exit %d: %s", code, s.errs.String())
	}
	if drawn = codes(strings.TrimPrefix(s.out.String(), drawn[0])); len(drawn) != 1 || scan(t, drawn[0]) != second {
		t.Errorf("the new code is not drawn:\n%s", s.out.String())
	}
}

// waitForCommand waits until the node was asked that.
func waitForCommand[M any](t *testing.T, n *apitest.Node, ok func(M) bool) {
	t.Helper()
	for range 2000 {
		for _, c := range n.Commands() {
			if m, is := c.(M); is && ok(m) {
				return
			}
		}
	}
	t.Fatalf("the node was not asked: %v", n.Commands())
}

func TestLoginEndsWithItsOwnExitCode(t *testing.T) {
	for status, want := range map[string]int{"success": exitOK, "failed": exitFailed, "timeout": exitRefused, "expired": exitRefused, "cancelled": exitRefused} {
		t.Run(status, func(t *testing.T) {
			n := apitest.Start(t)
			s := start(t, nil, "--addr", n.Server.URL, "login", "shop")
			s.errs.waitFor(t, "waiting for the login page")
			n.Update(func(m *apitest.Master) { m.End("login-1", status, "because") })
			if code := s.end(t); code != want {
				t.Errorf("exit %d: %s", code, s.errs.String())
			}
		})
	}
}

func TestInterruptedLoginIsCancelled(t *testing.T) {
	n := apitest.Start(t)
	s := start(t, nil, "--addr", n.Server.URL, "login", "shop")
	n.Update(step("qrcode_ready", nil))
	s.errs.waitFor(t, "waiting for the login page")
	s.stop()
	s.end(t)
	waitForCommand(t, n, func(m *messages.CancelLogin) bool { return m.GetSession() == "login-1" })
}

func TestItemsFollowPrintsWhatComesOnce(t *testing.T) {
	n := apitest.Start(t)
	n.Observe("shop", apitest.Comment("c0", "w1", "old one"))
	s := start(t, nil, "--addr", n.Server.URL, "items", "--follow", "--account", "shop")
	s.out.waitFor(t, "old one")
	n.Observe("cafe", apitest.Comment("c9", "w1", "not asked for"))
	n.Observe("shop", apitest.Work("w1", "a work is not a message"), apitest.Comment("c1", "w1", "new one"))
	n.Observe("shop", apitest.Chat("me:cleo", "m1", "a message")...)
	s.out.waitFor(t, "a message")
	for range 3 { // the connection breaks; nothing is lost and nothing printed twice
		n.Server.CloseClientConnections()
		id := fmt.Sprint("after-", n.Views.Rev())
		n.Observe("shop", apitest.Comment(id, "w1", "text "+id))
		s.out.waitFor(t, "text "+id)
	}
	s.stop()
	s.end(t)
	out := s.out.String()
	if strings.Contains(out, "not asked for") || strings.Contains(out, "a work is not") || strings.Count(out, "\n") != 6 {
		t.Error(out)
	}
}

func TestReplyWaitsForItsEnd(t *testing.T) {
	for state, want := range map[string]int{"confirmed": exitOK, "failed": exitFailed, "unknown": exitRefused} {
		t.Run(state, func(t *testing.T) {
			n := apitest.Start(t)
			n.Observe("shop", apitest.Work("w1", "Spring"), apitest.Comment("c1", "w1", "how much?"))
			s := start(t, nil, "--addr", n.Server.URL, "reply", "shop.w.w1", "12 yuan", "--to", "c1", "--id", "k1", "--from", "Li")
			s.errs.waitFor(t, "reply k1: accepted")
			n.Update(func(m *apitest.Master) { m.Reply("k1", messages.ReplyDispatchingState, "") })
			s.errs.waitFor(t, "reply k1: dispatching")
			n.Update(func(m *apitest.Master) { m.Reply("k1", state, "the reason") })
			if code := s.end(t); code != want || !strings.Contains(s.out.String()+s.errs.String(), "reply k1: "+state) {
				t.Errorf("exit %d: %s", code, s.errs.String())
			}
		})
	}
}

func TestReplyGivesUpWaitingWithoutCallingItSent(t *testing.T) {
	n := apitest.Start(t)
	n.Observe("shop", apitest.Work("w1", "Spring"))
	code, out, errs := troupe(t, n, "reply", "shop.w.w1", "hello", "--id", "k1", "--timeout", "50ms")
	if code != exitRefused || out != "" || !strings.Contains(errs, "not ended within") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if code, out, _ := troupe(t, n, "reply", "shop.w.w1", "hello", "--id", "k1", "--no-wait"); code != exitOK || !strings.Contains(out, "k1") {
		t.Errorf("exit %d: %s", code, out)
	}
	s := start(t, nil, "--addr", n.Server.URL, "reply", "shop.w.w1", "-", "--no-wait")
	fmt.Fprintln(s.in, "from a pipe")
	s.in.Close()
	if code := s.end(t); code != exitOK {
		t.Errorf("exit %d: %s", code, s.errs.String())
	}
	waitForCommand(t, n, func(m *messages.SubmitReply) bool { return m.GetContent() == "from a pipe" && m.GetId() != "" })
}
