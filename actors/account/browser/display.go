package browser

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// displayLimit is from the start of an X server to its first word.
const displayLimit = 10 * time.Second

// displays are the X servers of a headful node: one for each screen size that a persona has, so that pages see that
// size natively. Each is started by the first browser that needs it, ends with the node's process, and lets in only
// who has its key.
type displays struct {
	given string // the only display, if a person gave one
	dir   string
	log   *slog.Logger

	mu      sync.Mutex
	running map[string]*display // by size: 1920x1080
}

// display is one X server.
type display struct {
	displayRecord
	key  []byte
	gone chan struct{}
}

// displayRecord is what is noted of it on disk.
type displayRecord struct {
	Process record `json:"process"`
	Number  string `json:"number"` // of the display
}

// newDisplays ends what an earlier life of the node left over. Where the node is headful and no display was given, it
// checks that one could be started.
func newDisplays(cfg HostConfig) (*displays, error) {
	d := &displays{given: cfg.Display, dir: cfg.Dir, log: cfg.Log, running: map[string]*display{}}
	if cfg.Dir != "" {
		if err := reapDisplays(cfg.Dir); err != nil {
			return nil, err
		}
	}
	if cfg.Mode != Headful || cfg.Display != "" {
		return d, nil
	}
	if cfg.Dir == "" {
		return nil, errors.New("mode headful: no folder for its displays")
	}
	if _, err := exec.LookPath("Xvfb"); err != nil {
		return nil, errors.New("mode headful: no display and no Xvfb: install it (apt-get install xvfb), or set DISPLAY")
	}
	return d, os.MkdirAll(cfg.Dir, 0o700)
}

// environment is what c's browser needs to show itself on a screen of its persona's size. The key is put into its
// temporary files, for its user.
func (d *displays) environment(ctx context.Context, c Config) ([]string, error) {
	if d.given != "" {
		return []string{"DISPLAY=" + d.given}, nil
	}
	shown, err := d.get(ctx, fmt.Sprintf("%dx%d", c.Persona.Width, c.Persona.Height))
	if err != nil {
		return nil, fmt.Errorf("start a display: %w", err)
	}
	path := filepath.Join(c.temp(), "xauthority")
	if err := os.WriteFile(path, xauthority(shown.key), 0o600); err != nil {
		return nil, fmt.Errorf("give the display's key: %w", err)
	}
	if c.ownUser() {
		if err := os.Chown(path, c.UID, c.GID); err != nil {
			return nil, fmt.Errorf("give the display's key: %w", err)
		}
	}
	return []string{"DISPLAY=:" + shown.Number, "XAUTHORITY=" + path}, nil
}

// get returns the display of that size, starting it if it is not there, or not any more.
func (d *displays) get(ctx context.Context, size string) (*display, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if shown := d.running[size]; shown != nil {
		select {
		case <-shown.gone:
			d.log.Warn("display ended, starting another", "size", size)
		default:
			return shown, nil
		}
	}
	shown, err := startDisplay(ctx, d.dir, size)
	if err != nil {
		return nil, err
	}
	d.running[size] = shown
	d.log.Info("display started", "size", size, "display", shown.Number)
	return shown, nil
}

func (d *displays) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for size, shown := range d.running {
		errs = append(errs, shown.end())
		delete(d.running, size)
		<-shown.gone
		errs = append(errs, os.Remove(filepath.Join(d.dir, size+".json")), os.Remove(filepath.Join(d.dir, size+".key")))
	}
	return errors.Join(errs...)
}

// startDisplay starts an X server; it chooses its number itself and says it when it is ready.
func startDisplay(ctx context.Context, dir, size string) (*display, error) {
	shown := &display{key: make([]byte, 16), gone: make(chan struct{})}
	_, _ = rand.Read(shown.key) // never fails
	keyFile := filepath.Join(dir, size+".key")
	if err := os.WriteFile(keyFile, xauthority(shown.key), 0o600); err != nil {
		return nil, err
	}
	said, say, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer said.Close()
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", size+"x24", "-nolisten", "tcp", "-noreset", "-auth", keyFile)
	cmd.ExtraFiles = []*os.File{say}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	err = shown.run(cmd)
	say.Close()
	if err != nil {
		return nil, err
	}
	shown.Process = record{PID: cmd.Process.Pid, Boot: bootID()}
	if own, ok := readProcess(cmd.Process.Pid); ok {
		shown.Process.Start = own.start
	}
	if err := shown.ready(ctx, said); err != nil {
		return nil, errors.Join(err, shown.end())
	}
	noted, err := json.Marshal(shown.displayRecord)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, size+".json"), noted, 0o600)
	}
	if err != nil {
		return nil, errors.Join(err, shown.end())
	}
	return shown, nil
}

// run starts the server on a thread of its own that waits for its end: the kernel ends the server when the thread that
// started it is gone, and so it is gone only with this process.
func (d *display) run(cmd *exec.Cmd) error {
	begun := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		begun <- err
		if err == nil {
			cmd.Wait()
			close(d.gone)
		}
	}()
	return <-begun
}

// ready reads the display's number.
func (d *display) ready(ctx context.Context, said *os.File) error {
	deadline := time.Now().Add(displayLimit)
	if limit, ok := ctx.Deadline(); ok && limit.Before(deadline) {
		deadline = limit
	}
	if err := said.SetReadDeadline(deadline); err != nil {
		return err
	}
	number, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		return fmt.Errorf("wait for Xvfb: %w", err)
	}
	d.Number = strings.TrimSpace(number)
	return nil
}

// end lets the server remove its files, and kills it if it does not.
func (d displayRecord) end() error {
	left, err := remains(d.Process, "")
	if err != nil {
		return err
	}
	signal(left, syscall.SIGCONT)
	signal(left, syscall.SIGTERM)
	if left = awaitGone(d.Process, "", time.Second); len(left) > 0 {
		left = killAll(d.Process, "")
	}
	if len(left) > 0 {
		return fmt.Errorf("display :%s does not end", d.Number)
	}
	if d.Number != "" {
		os.Remove("/tmp/.X11-unix/X" + d.Number)
		os.Remove("/tmp/.X" + d.Number + "-lock")
	}
	return nil
}

// reapDisplays ends the displays that are noted in dir.
func reapDisplays(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reap displays: %w", err)
	}
	var errs []error
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		var noted displayRecord
		raw, err := os.ReadFile(path)
		if err == nil && json.Unmarshal(raw, &noted) == nil && noted.Process.PID > 0 && noted.Process.Boot == bootID() {
			if left, _ := remains(noted.Process, ""); len(left) > 0 {
				errs = append(errs, noted.end())
			}
		}
		errs = append(errs, os.Remove(path))
	}
	return errors.Join(errs...)
}

// xauthority is a file with one key, for any host and display.
func xauthority(key []byte) []byte {
	const anyHost, kind = 0xffff, "MIT-MAGIC-COOKIE-1"
	b := binary.BigEndian.AppendUint16(nil, anyHost)
	for _, field := range []string{"", "", kind, string(key)} {
		b = binary.BigEndian.AppendUint16(b, uint16(len(field)))
		b = append(b, field...)
	}
	return b
}
