package testkit

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// boundEnv makes this test program one that starts a process, says its id, and then runs out of its time.
const boundEnv = "TROUPE_TEST_BOUND"

func TestMain(m *testing.M) {
	if os.Getenv(boundEnv) != "" {
		cmd := exec.Command("sleep", "1000")
		if err := StartBound(cmd, nil); err != nil {
			panic(err)
		}
		for range 100 { // threads come and go; that of the start must not
			go runtime.LockOSThread()
		}
		println(cmd.Process.Pid)
		time.Sleep(time.Hour)
	}
	os.Exit(m.Run())
}

func TestBoundProcessDiesWithTheProgramThatStartedIt(t *testing.T) {
	program := exec.Command(os.Args[0])
	program.Env = append(os.Environ(), boundEnv+"=1")
	errs, err := program.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(errs).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond) // for threads to end
	if err := syscall.Kill(pid, 0); err != nil {
		t.Fatalf("it ended before: %v", err)
	}
	if err := program.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = program.Wait() // it was killed
	for deadline := time.Now().Add(5 * time.Second); alive(pid); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			t.Fatal("it lives on")
		}
	}
}

// alive says whether a process runs; one that nobody has reaped does not.
func alive(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if errors.Is(err, os.ErrNotExist) {
		return false
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(after, "Z") && !strings.HasPrefix(after, "X")
}

func TestBoundProcessIsNotStartedWhereItCannotBe(t *testing.T) {
	nowhere := errors.New("no such place")
	if err := StartBound(exec.Command("true"), func() error { return nowhere }); !errors.Is(err, nowhere) {
		t.Errorf("started: %v", err)
	}
	if err := StartBound(exec.Command("/nowhere"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("started: %v", err)
	}
}
