package gate

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// fromBrowser says whether the other end of an accepted connection belongs to the browser: to its user, and where that user is not the
// browser's alone, to its processes. The kernel is asked for exactly that socket (sock_diag), which takes a tenth of a
// millisecond however many sockets there are; the processes' files take some three more.
func (g *Gate) fromBrowser(conn *net.TCPConn) bool {
	if g.o.PeerUID < 0 {
		return true
	}
	local, peer := conn.LocalAddr().(*net.TCPAddr).AddrPort(), conn.RemoteAddr().(*net.TCPAddr).AddrPort()
	uid, inode, err := ownerOf(peer, local)
	if err != nil {
		g.log.Warn("gate cannot tell who connects", "err", err)
		return false
	}
	if uid != uint32(g.o.PeerUID) {
		return false
	}
	return g.o.Tree == nil || treeHolds(g.o.Tree(), inode)
}

// Sizes and offsets of the kernel's structures (linux/inet_diag.h), stable since Linux 3.3.
const (
	diagRequestLen = unix.SizeofNlMsghdr + 56 // nlmsghdr, inet_diag_req_v2
	diagAnswerLen  = unix.SizeofNlMsghdr + 72 // nlmsghdr, inet_diag_msg
	diagState      = unix.SizeofNlMsghdr + 1  // of inet_diag_msg
	diagUID        = unix.SizeofNlMsghdr + 64
	diagInode      = unix.SizeofNlMsghdr + 68
	established    = 1 // TCP_ESTABLISHED
)

var errNoSocket = errors.New("no such established socket")

// ownerOf returns the user, and the inode, of the established socket that is bound to local and connected to remote.
func ownerOf(local, remote netip.AddrPort) (uid, inode uint32, err error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return 0, 0, fmt.Errorf("open sock_diag: %w", err)
	}
	defer unix.Close(fd)
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 1}); err != nil {
		return 0, 0, fmt.Errorf("bound sock_diag: %w", err)
	}
	if err := unix.Sendto(fd, diagRequest(local, remote), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return 0, 0, fmt.Errorf("ask sock_diag: %w", err)
	}
	answer := make([]byte, 1024)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil {
		return 0, 0, fmt.Errorf("read sock_diag: %w", err)
	}
	kind := uint16(0)
	if n >= unix.SizeofNlMsghdr {
		kind = binary.NativeEndian.Uint16(answer[4:])
	}
	if n < diagAnswerLen || kind != unix.SOCK_DIAG_BY_FAMILY || answer[diagState] != established {
		return 0, 0, errNoSocket
	}
	return binary.NativeEndian.Uint32(answer[diagUID:]), binary.NativeEndian.Uint32(answer[diagInode:]), nil
}

// diagRequest asks for one TCP socket by its exact addresses.
func diagRequest(local, remote netip.AddrPort) []byte {
	b := make([]byte, 0, diagRequestLen)
	b = binary.NativeEndian.AppendUint32(b, diagRequestLen)
	b = binary.NativeEndian.AppendUint16(b, unix.SOCK_DIAG_BY_FAMILY)
	b = binary.NativeEndian.AppendUint16(b, unix.NLM_F_REQUEST)
	b = append(b, make([]byte, 8)...) // sequence number, port id
	b = append(b, unix.AF_INET, unix.IPPROTO_TCP, 0, 0)
	b = binary.NativeEndian.AppendUint32(b, ^uint32(0)) // every state
	b = binary.BigEndian.AppendUint16(b, local.Port())
	b = binary.BigEndian.AppendUint16(b, remote.Port())
	for _, addr := range []netip.Addr{local.Addr(), remote.Addr()} {
		b = append(b, addr.Unmap().AsSlice()...)
		b = append(b, make([]byte, 16-len(addr.Unmap().AsSlice()))...)
	}
	b = binary.NativeEndian.AppendUint32(b, 0)          // any interface
	b = binary.NativeEndian.AppendUint32(b, ^uint32(0)) // any cookie, two words
	return binary.NativeEndian.AppendUint32(b, ^uint32(0))
}
