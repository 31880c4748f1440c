package gate

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"troupe/testkit"
)

// hostsEnv names, in a test's own process, the file that it has for /etc/hosts.
const hostsEnv = "TROUPE_TEST_HOSTS"

// inOwnNet runs a test again in a process that has a network of its own (a loopback interface and nothing else) and an /etc/hosts
// of its own, and says whether this is that process. There ports below 1024 are free, real programs resolve the look-alike's names, the
// packet filter is nobody else's, and nothing can be reached. It needs root, or a kernel that lets users have namespaces.
func inOwnNet(t *testing.T, hosts string) bool {
	t.Helper()
	if os.Getenv(hostsEnv) != "" {
		return true
	}
	file := filepath.Join(t.TempDir(), "hosts")
	if err := os.WriteFile(file, []byte("127.0.0.1 localhost\n"+hosts), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$", fmt.Sprintf("-test.v=%t", testing.Verbose()))
	cmd.Env = append(os.Environ(), hostsEnv+"="+file)
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := testkit.StartBound(cmd, nil)
	if err == nil {
		err = cmd.Wait()
	}
	if testing.Verbose() || err != nil {
		t.Logf("in its own network:\n%s", out.Bytes())
	}
	if err != nil {
		t.Fatalf("in its own network: %v", err)
	}
	return false
}

// enterOwnNet does what a fresh namespace needs.
func enterOwnNet(hosts string) error {
	if err := unix.Mount(hosts, "/etc/hosts", "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount own hosts: %w", err)
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		return fmt.Errorf("bring loopback up: %w", err)
	}
	return nil
}
