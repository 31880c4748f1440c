package browser

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/go-rod/rod/lib/cdp"
)

const (
	maxFrame   = 256 << 20        // bytes of one message from Chromium
	writeLimit = 10 * time.Second // for one command: a stopped Chromium does not empty its pipe
)

// pipe carries the DevTools protocol over two file descriptors: JSON texts, each ended by a NUL byte.
// A message that rod's client could not digest (it panics) ends the connection with an error instead.
type pipe struct {
	in  *bufio.Reader
	src *os.File // what Chromium writes

	writing sync.Mutex
	dst     *os.File // what Chromium reads
	broken  error    // half a command was written: nothing can follow
}

func newPipe(src, dst *os.File) *pipe {
	return &pipe{in: bufio.NewReaderSize(src, 256<<10), src: src, dst: dst}
}

// Send writes one command.
func (p *pipe) Send(command []byte) error {
	p.writing.Lock()
	defer p.writing.Unlock()
	if p.broken != nil {
		return p.broken
	}
	if err := p.dst.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return fmt.Errorf("write to chromium: %w", err)
	}
	n, err := p.dst.Write(append(command, 0))
	if err == nil {
		return nil
	}
	err = fmt.Errorf("write to chromium: %w", err)
	if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		p.broken = err
		p.src.Close() // the reader ends, and with it the connection
	}
	return err
}

// Read returns the next message, checked.
func (p *pipe) Read() ([]byte, error) {
	frame, err := readFrame(p.in, maxFrame)
	if err != nil {
		return nil, err
	}
	var shape struct {
		cdp.Event
		ID     int             `json:"id"`
		Result json.RawMessage `json:"result"`
		Error  *cdp.Error      `json:"error"`
	}
	if err := json.Unmarshal(frame, &shape); err != nil {
		return nil, fmt.Errorf("read from chromium: not a protocol message: %w", err)
	}
	return frame, nil
}

// Close ends both directions. Chromium takes it as the order to save its profile and go.
func (p *pipe) Close() error { return errors.Join(p.src.Close(), p.dst.Close()) }

// readFrame reads up to the next NUL, which it drops. A frame of more than limit bytes is an error.
func readFrame(in *bufio.Reader, limit int) ([]byte, error) {
	var frame []byte
	for {
		part, err := in.ReadSlice(0)
		if len(frame)+len(part) > limit {
			return nil, fmt.Errorf("read from chromium: message of more than %d bytes", limit)
		}
		frame = append(frame, part...)
		switch {
		case err == nil:
			return frame[:len(frame)-1], nil
		case errors.Is(err, bufio.ErrBufferFull): // the rest follows
		case errors.Is(err, os.ErrClosed):
			return nil, io.EOF
		default:
			return nil, err
		}
	}
}
