package testkit

import (
	"errors"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// StartBound starts a process that the kernel kills when this one ends, however that is: a test program that runs out of its time runs no
// cleanup. enter is called before, on the thread that starts it, such as to enter a namespace; nil is nothing.
//
// The kernel means the thread that started the process, not the program: so that thread is kept for as long as the process lives.
func StartBound(cmd *exec.Cmd, enter func() error) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := error(nil)
		if enter != nil {
			err = enter()
		}
		if err == nil {
			err = cmd.Start()
		}
		started <- err
		if err == nil {
			awaitEnd(cmd.Process.Pid)
		}
		if enter == nil {
			runtime.UnlockOSThread() // else the thread ends: nothing more runs where enter went
		}
	}()
	return <-started
}

// awaitEnd returns when a child has ended, and leaves it to whoever waits for it.
func awaitEnd(pid int) {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}
