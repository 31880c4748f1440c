package gate

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// KernelFence is the fence outside the process: a rule of the kernel's packet filter that judges each packet of a gate's sockets. The
// gate marks its sockets, and the rule drops what carries a mark without a lease; the lease is an element of a set that the kernel
// itself removes when its time is over. So it holds also while the process is stopped: for what the kernel has already taken, for
// retransmissions, and for a write that was begun just before the stop. Resets pass: they carry no payload, and free the other end
// (not always: the other end may take one for forged, when packets before it were dropped).
//
// There is one per node; its gates share it. It needs CAP_NET_ADMIN. What a killed process left behind stays and drops, until a
// node's next start on this machine takes the table over. All methods may be called from any goroutine.
type KernelFence struct {
	base  uint32 // the marks of this node: base + 0 to gatesPerNode-1
	table *nftables.Table
	set   *nftables.Set
	claim *net.UnixListener // holds the table's number

	mu     sync.Mutex
	conn   *nftables.Conn // kept: the kernel makes the end of a connection wait for what was deleted on it
	socket *netlink.Conn  // below conn
	used   map[uint32]bool
	next   uint32
}

// A mark is 8 bits that say "troupe", 10 that number the node on this machine, and 14 that number the gate on the node.
const (
	markPrefix   = 0x54 << 24
	nodeShift    = 14
	nodesPerHost = 1 << 10
	gatesPerNode = 1 << nodeShift
	nodeMask     = ^uint32(gatesPerNode - 1)
)

// netlinkTime bounds one exchange with the kernel, which takes less than a millisecond.
const netlinkTime = time.Second

// NewKernelFence makes the node's fence. Its table holds no lease yet.
func NewKernelFence() (*KernelFence, error) {
	node, claim, err := claimNumber()
	if err != nil {
		return nil, fmt.Errorf("make kernel fence: %w", err)
	}
	table := &nftables.Table{Name: fmt.Sprintf("troupe_gate_%d", node), Family: nftables.TableFamilyINet}
	k := &KernelFence{
		base: markPrefix | node<<nodeShift, table: table, claim: claim, used: map[uint32]bool{}, next: rand.Uint32N(gatesPerNode),
		set: &nftables.Set{Table: table, Name: "leased", KeyType: nftables.TypeMark, KeyByteOrder: binaryutil.NativeEndian, HasTimeout: true},
	}
	if err = k.connect(); err == nil {
		err = k.change(k.build)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make kernel fence (it needs root or CAP_NET_ADMIN): %w", err), k.hangUp())
	}
	return k, nil
}

// claimNumber finds a number that no other living node in this network namespace has: an abstract socket ends with its process.
func claimNumber() (uint32, *net.UnixListener, error) {
	for node := range uint32(nodesPerHost) {
		claim, err := net.ListenUnix("unix", &net.UnixAddr{Name: fmt.Sprintf("@troupe_gate_%d", node), Net: "unix"})
		switch {
		case err == nil:
			return node, claim, nil
		case !errors.Is(err, syscall.EADDRINUSE):
			return 0, nil, err
		}
	}
	return 0, nil, errors.New("every number is taken")
}

// build replaces the table, which a killed process may have left, by an empty one, in one step.
func (k *KernelFence) build(conn *nftables.Conn) error {
	conn.AddTable(k.table)
	conn.DelTable(k.table)
	conn.AddTable(k.table)
	if err := conn.AddSet(k.set, nil); err != nil {
		return err
	}
	chain := conn.AddChain(&nftables.Chain{
		Name: "out", Table: k.table, Type: nftables.ChainTypeFilter, Hooknum: nftables.ChainHookOutput, Priority: nftables.ChainPriorityFilter,
	})
	conn.AddRule(&nftables.Rule{Table: k.table, Chain: chain, Exprs: k.rule()})
	return nil
}

// rule says: a mark of this node, that is not leased, on a packet that is no reset: drop.
func (k *KernelFence) rule() []expr.Any {
	const register, tcpFlags, reset = 1, 13, 0x04
	native := binary.NativeEndian.AppendUint32
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyMARK, Register: register},
		&expr.Bitwise{SourceRegister: register, DestRegister: register, Len: 4, Mask: native(nil, nodeMask), Xor: make([]byte, 4)},
		&expr.Cmp{Op: expr.CmpOpEq, Register: register, Data: native(nil, k.base)},
		&expr.Meta{Key: expr.MetaKeyMARK, Register: register},
		&expr.Lookup{SourceRegister: register, SetName: k.set.Name, SetID: k.set.ID, Invert: true},
		&expr.Payload{DestRegister: register, Base: expr.PayloadBaseTransportHeader, Offset: tcpFlags, Len: 1},
		&expr.Bitwise{SourceRegister: register, DestRegister: register, Len: 1, Mask: []byte{reset}, Xor: []byte{0}},
		&expr.Cmp{Op: expr.CmpOpEq, Register: register, Data: []byte{0}},
		&expr.Counter{},
		&expr.Verdict{Kind: expr.VerdictDrop},
	}
}

// Close removes the fence. Every gate that uses it must be closed before.
func (k *KernelFence) Close() error {
	err := k.change(func(conn *nftables.Conn) error {
		conn.DelTable(k.table)
		return nil
	})
	return errors.Join(err, k.hangUp())
}

func (k *KernelFence) connect() error {
	conn, err := nftables.New(nftables.AsLasting(), nftables.WithSockOptions(func(c *netlink.Conn) error {
		k.socket = c
		return nil
	}))
	if err != nil {
		return err
	}
	k.conn = conn
	return nil
}

func (k *KernelFence) hangUp() error {
	var err error
	if k.conn != nil {
		err = k.conn.CloseLasting()
	}
	return errors.Join(err, k.claim.Close())
}

// change makes one transaction.
func (k *KernelFence) change(with func(*nftables.Conn) error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	err := k.socket.SetDeadline(time.Now().Add(netlinkTime))
	if err == nil {
		err = with(k.conn)
	}
	if err == nil {
		err = k.conn.Flush()
	}
	if err != nil && !errors.Is(err, unix.ENOENT) { // a late answer must not be taken for the next one's
		err = errors.Join(err, k.conn.CloseLasting(), k.connect())
	}
	return err
}

// admit gives a new gate its mark. It is not leased.
func (k *KernelFence) admit() (uint32, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for range gatesPerNode {
		k.next = (k.next + 1) % gatesPerNode
		if mark := k.base | k.next; !k.used[mark] {
			k.used[mark] = true
			return mark, nil
		}
	}
	return 0, fmt.Errorf("the kernel fence has marks for %d gates only", gatesPerNode)
}

// forget takes a closed gate's mark back.
func (k *KernelFence) forget(mark uint32) error {
	err := k.revoke(mark)
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.used, mark)
	return err
}

// The kernel counts a lease from when it gets it. So it is given a little less, and again when giving it took longer than that little.
const (
	handover      = 10 * time.Millisecond
	handoverTries = 3
)

// errHandover is a machine too busy to say in time how long a lease is.
var errHandover = errors.New("the kernel did not get the lease in time")

// lend lets a mark's packets pass until the given instant of the clock, and not longer.
func (k *KernelFence) lend(mark uint32, until time.Duration, clock func() time.Duration) error {
	for range handoverTries {
		start := clock()
		left := until - start - handover
		if left < time.Millisecond {
			break // no time at all would mean for ever
		}
		if err := k.replace(mark, left); err != nil {
			return errors.Join(err, k.revoke(mark))
		}
		if clock()-start < handover {
			return nil
		}
	}
	return errors.Join(errHandover, k.revoke(mark))
}

// replace sets a mark's time anew, whether it had one or not: an element that is there is not changed by adding it.
func (k *KernelFence) replace(mark uint32, left time.Duration) error {
	return k.change(func(conn *nftables.Conn) error {
		lease := []nftables.SetElement{{Key: binary.NativeEndian.AppendUint32(nil, mark), Timeout: left}}
		return errors.Join(conn.SetAddElements(k.set, lease), conn.SetDeleteElements(k.set, k.element(mark)), conn.SetAddElements(k.set, lease))
	})
}

// revoke lets nothing of a mark pass any more.
func (k *KernelFence) revoke(mark uint32) error {
	err := k.change(func(conn *nftables.Conn) error { return conn.SetDeleteElements(k.set, k.element(mark)) })
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	return err
}

func (k *KernelFence) element(mark uint32) []nftables.SetElement {
	return []nftables.SetElement{{Key: binary.NativeEndian.AppendUint32(nil, mark)}}
}
