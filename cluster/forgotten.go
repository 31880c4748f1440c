package cluster

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"troupe/messages"
)

// Forgotten are the nodes that the cluster let go of: every certificate that they had is refused, until they join anew. The list lies beside
// the authority, not in the store: a store that is restored from a backup lets nobody back in. It is safe for concurrent use.
//
// A certificate is told by when it was made. So one for a node that is on the list is made after the node's entry, whatever the clock says.
type Forgotten struct {
	path string

	mu   sync.RWMutex
	cuts map[messages.NodeID]time.Time // certificates made before are refused
}

// forgottenFile is the list's file in the folder of the authority.
const forgottenFile = "forgotten.json"

// errForgotten is said to a node that the cluster let go of. No other refusal has its code.
var errForgotten = status.Error(codes.NotFound, "this node was forgotten by the cluster: join again with a new token (troupe keys token)")

// OpenForgotten reads the list in the folder of an authority; a missing one is empty.
func OpenForgotten(dir string) (*Forgotten, error) {
	f := &Forgotten{path: filepath.Join(dir, forgottenFile), cuts: map[messages.NodeID]time.Time{}}
	raw, err := os.ReadFile(f.path)
	if errors.Is(err, os.ErrNotExist) {
		return f, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &f.cuts)
	}
	if err != nil {
		return nil, fmt.Errorf("read the forgotten nodes: %w", err)
	}
	return f, nil
}

// add refuses all certificates that a node has by now, on disk before it returns. Entries whose certificates have all ended are dropped.
func (f *Forgotten) add(node messages.NodeID, now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	cuts := maps.Clone(f.cuts)
	maps.DeleteFunc(cuts, func(_ messages.NodeID, cut time.Time) bool { return now.Sub(cut) > nodeLife })
	cuts[node] = now.Truncate(time.Second).Add(time.Second) // certificates know full seconds only
	text, err := json.Marshal(cuts)
	if err != nil {
		return err
	}
	if err := replaceFile(f.path, text); err != nil {
		return err
	}
	f.cuts = cuts
	return nil
}

// Fresh is when a certificate that is made now for a node has to say that it was made, so that it is not refused.
func (f *Forgotten) Fresh(node messages.NodeID, now time.Time) time.Time {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if cut := f.cuts[node]; cut.After(now) {
		return cut
	}
	return now
}

// refuses says whether a node's certificate is one that the cluster takes no more.
func (f *Forgotten) refuses(cert *x509.Certificate) bool {
	peer, err := peerOf(cert)
	if err != nil {
		return false // it is refused for another reason
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	return cert.NotBefore.Add(backdate).Before(f.cuts[peer.Node])
}

// NodeBehind is the function of that name, which fails for nodes that were forgotten.
func (f *Forgotten) NodeBehind(state tls.ConnectionState) (messages.NodeID, error) {
	if len(state.PeerCertificates) > 0 && f.refuses(state.PeerCertificates[0]) {
		return "", errors.New("the node was forgotten by the cluster")
	}
	return NodeBehind(state)
}
