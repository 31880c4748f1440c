package browser

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/go-rod/rod/lib/cdp"
	"golang.org/x/sys/unix"
)

const (
	maxFrame   = 32 << 20         // bytes of one message from Chromium that are held: a body of maxBody, however written
	writeLimit = 10 * time.Second // for one command: a stopped Chromium does not empty its pipe
)

// pipe carries the DevTools protocol over two file descriptors: JSON texts, each ended by a NUL byte.
type pipe struct {
	in  *bufio.Reader
	src *os.File // what Chromium writes

	writing sync.Mutex
	dst     *os.File // what Chromium reads
	broken  error    // half a command was written: nothing can follow
}

func newPipe(src, dst *os.File) *pipe {
	widen(src)
	return &pipe{in: bufio.NewReaderSize(src, 256<<10), src: src, dst: dst}
}

// pipeSize is how many bytes Chromium can write before this process must read.
const pipeSize = 1 << 20

// widen makes a pipe hold more, so that large bodies take fewer turns. Where that is refused it only takes more turns.
func widen(src *os.File) {
	if raw, err := src.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { unix.FcntlInt(fd, unix.F_SETPIPE_SZ, pipeSize) })
	}
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

// message is what Chromium writes: an event, or the answer to a command.
type message struct {
	cdp.Event
	ID     int             `json:"id"` // of the command; 0 is an event
	Result json.RawMessage `json:"result"`
	Error  *cdp.Error      `json:"error"`
}

// Read returns the next message. One that is too large is not held: its answer is an error, its event has no contents.
func (p *pipe) Read() (message, error) {
	frame, err := readFrame(p.in, maxFrame)
	if large, ok := errors.AsType[*oversized](err); ok {
		return large.message()
	}
	if err != nil {
		return message{}, err
	}
	var m message
	if err := json.Unmarshal(frame, &m); err != nil {
		return message{}, fmt.Errorf("read from chromium: not a protocol message: %w", err)
	}
	return m, nil
}

// Close ends both directions. Chromium takes it as the order to save its profile and go.
func (p *pipe) Close() error { return errors.Join(p.src.Close(), p.dst.Close()) }

// readFrame reads up to the next NUL, which it drops. Of a frame of more than limit bytes only the ends are kept: it is
// an *oversized error, and the next frame can be read.
func readFrame(in *bufio.Reader, limit int) ([]byte, error) {
	var frame []byte
	var large *oversized
	for {
		part, err := in.ReadSlice(0)
		if large == nil && len(frame)+len(part) > limit {
			large = &oversized{limit: limit, head: slices.Clone(frame[:min(len(frame), oversizedEnds)])}
			frame = nil
		}
		if large == nil {
			frame = append(frame, part...)
		} else {
			large.add(part)
		}
		switch {
		case err == nil && large != nil:
			return nil, large
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
