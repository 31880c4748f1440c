package browser

import (
	"bufio"
	"io"
	"os"
	"strings"
	"testing"
)

func TestPipeRefusesWhatIsNotAProtocolMessage(t *testing.T) {
	for name, text := range map[string]string{
		"not json": "hello\x00", "wrong types": `{"id":"seven"}` + "\x00", "a list": "[]\x00", "cut off": `{"id":1`,
	} {
		src, dst, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(dst, text)
		dst.Close()
		if frame, err := newPipe(src, dst).Read(); err == nil {
			t.Errorf("%s: read %q", name, frame)
		}
		src.Close()
	}
	in := bufio.NewReaderSize(strings.NewReader(strings.Repeat("x", 5000)+"\x00"+"{}\x00"), 16)
	if _, err := readFrame(in, 4000); err == nil {
		t.Error("a message over the limit was read")
	}
	in = bufio.NewReaderSize(strings.NewReader(strings.Repeat("x", 5000)+"\x00"+"{}\x00"), 16)
	if frame, err := readFrame(in, 6000); len(frame) != 5000 || err != nil {
		t.Errorf("read %d bytes, %v", len(frame), err)
	}
	if frame, err := readFrame(in, 6000); string(frame) != "{}" || err != nil {
		t.Errorf("read %q, %v", frame, err)
	}
}
