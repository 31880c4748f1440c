package api

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
)

// SocketName is the file name of the Unix socket in a node's data folder.
const SocketName = "troupe.sock"

// maxSocketPath is what the kernel takes (sun_path, with its final zero).
const maxSocketPath = 107

// Listen opens addr (host:port) for the api. Unless the traffic is protected, by TLS or by a proxy in front, it refuses everything
// but loopback addresses, a name other than localhost included.
func Listen(addr string, protected bool) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: want host:port, such as 127.0.0.1:3000: %w", addr, err)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return nil, fmt.Errorf("listen on %q: want an address, such as 127.0.0.1:%s", addr, port)
	case !protected && !ip.Unmap().IsLoopback():
		return nil, fmt.Errorf("listen on %q: only loopback addresses are possible without TLS or a trusted proxy: use 127.0.0.1:%s", addr, port)
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("listen for the api: %w", err)
	}
	return l, nil
}

// ListenSocket opens the Unix socket SocketName in folder, for this user only. A file left by a dead node is
// replaced; a living node's is an error. Closing the listener removes the file.
func ListenSocket(folder string) (net.Listener, error) {
	path := filepath.Join(folder, SocketName)
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("listen on %s: the path is longer than %d bytes: choose a shorter data folder", path, maxSocketPath)
	}
	if conn, err := net.Dial("unix", path); err == nil {
		conn.Close()
		return nil, fmt.Errorf("listen on %s: another node runs in this data folder", path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove old socket: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen for the command line: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, fmt.Errorf("close the socket to others: %w", err)
	}
	return l, nil
}
