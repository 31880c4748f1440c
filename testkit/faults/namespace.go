package faults

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// namespace is one network namespace, held open.
type namespace struct{ file *os.File }

const (
	ownNamespace = "/proc/thread-self/ns/net"
	tunnelDevice = "/dev/net/tun"
	cardName     = "eth0"
	loopbackName = "lo"
	cardMTU      = 16 << 10 // few and large packets: each passes through this process
)

// newNamespace makes a namespace with its loopback up and one card that has the address. What the card sends is read from the
// returned file, a packet each time, and what is written there arrives at it. The caller closes both.
func newNamespace(addr netip.Prefix) (space namespace, card *os.File, err error) {
	err = onThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("unshare the network: %w", err)
		}
		if space.file, err = os.Open(ownNamespace); err != nil {
			return err
		}
		card, err = openCard()
		if err == nil {
			err = configure(addr)
		}
		if err != nil {
			space.close()
		}
		return err
	})
	return space, card, err
}

func (s namespace) close() { _ = s.file.Close() }

// do runs f on a thread in the namespace. What f opens or starts on its own goroutine is in the namespace.
func (s namespace) do(f func() error) error {
	return onThread(func() error {
		if err := s.enter(); err != nil {
			return err
		}
		return f()
	})
}

// enter takes the calling thread into the namespace, for good.
func (s namespace) enter() error {
	if err := unix.Setns(int(s.file.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter namespace: %w", err)
	}
	return nil
}

// onThread runs f on a thread of its own, which ends with it: nothing else ever runs in a namespace that f entered.
func onThread(f func() error) error {
	ended := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked
		ended <- f()
	}()
	return <-ended
}

// openCard makes the card of the namespace that the thread is in.
func openCard() (*os.File, error) {
	fd, err := unix.Open(tunnelDevice, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", tunnelDevice, err)
	}
	request, err := unix.NewIfreq(cardName)
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("make network card: %w", err)
	}
	return os.NewFile(uintptr(fd), tunnelDevice), nil
}

// configure sets up loopback and card of the namespace that the thread is in.
func configure(addr netip.Prefix) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	set := func(device, what string, request uint, value func(*unix.Ifreq) error) {
		if err != nil {
			return
		}
		var r *unix.Ifreq
		if r, err = unix.NewIfreq(device); err == nil {
			if err = value(r); err == nil {
				err = unix.IoctlIfreq(fd, request, r)
			}
		}
		if err != nil {
			err = fmt.Errorf("set %s of %s: %w", what, device, err)
		}
	}
	ip4 := addr.Addr().As4()
	mask := net.CIDRMask(addr.Bits(), addr.Addr().BitLen())
	set(cardName, "address", unix.SIOCSIFADDR, func(r *unix.Ifreq) error { return r.SetInet4Addr(ip4[:]) })
	set(cardName, "netmask", unix.SIOCSIFNETMASK, func(r *unix.Ifreq) error { return r.SetInet4Addr(mask) })
	set(cardName, "MTU", unix.SIOCSIFMTU, func(r *unix.Ifreq) error { r.SetUint32(cardMTU); return nil })
	for _, device := range []string{loopbackName, cardName} {
		set(device, "flags", unix.SIOCSIFFLAGS, func(r *unix.Ifreq) error { r.SetUint16(unix.IFF_UP | unix.IFF_RUNNING); return nil })
	}
	return err
}
