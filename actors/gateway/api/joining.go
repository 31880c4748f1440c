package api

import (
	"net/http"
	"time"
)

// Cluster is what the api tells of the node's place in a cluster, and asks of it. Its methods may be called from any goroutine.
type Cluster interface {
	// Place is what a node that joins must know; nothing of it is secret.
	Place() ClusterPlace
	// NewToken makes a join token that lets that many nodes in until it expires.
	NewToken(ttl time.Duration, uses int) (string, error)
}

// ClusterPlace says where nodes of the cluster find the master, and by what they know it.
type ClusterPlace struct {
	Cluster   string `json:"cluster"`
	Authority string `json:"authority"` // SHA-256 of the certificate that all certificates of the cluster are made by, in hex
	Until     int64  `json:"until"`     // when that certificate ends
	Address   string `json:"address"`   // host:port of the cluster port; empty = this node takes no others in
}

// NewJoinToken is the body of POST /cluster/tokens.
type NewJoinToken struct {
	TTLSeconds int64 `json:"ttl_seconds,omitempty"` // zero means an hour
	Uses       int   `json:"uses,omitempty"`        // zero means one
}

// JoinToken lets nodes into the cluster. It is shown once.
type JoinToken struct {
	Token     string `json:"token"`
	ExpiresAt int64  `json:"expires_at"`
	Uses      int    `json:"uses"`
}

const (
	tokenTTL    = time.Hour
	longestTTL  = 30 * 24 * time.Hour
	mostUses    = 1000
	noClusterIs = "this node takes no others in: its cluster port is not open"
)

func (a *API) showCluster(w http.ResponseWriter, _ *http.Request) error {
	if a.Cluster == nil {
		return notFound(noClusterIs)
	}
	return answer(w, http.StatusOK, a.Cluster.Place())
}

func (a *API) makeJoinToken(w http.ResponseWriter, r *http.Request) error {
	var wanted NewJoinToken
	if err := decode(r, &wanted); err != nil {
		return err
	}
	if a.Cluster == nil || a.Cluster.Place().Address == "" {
		return notFound(noClusterIs)
	}
	ttl, uses := tokenTTL, 1
	if wanted.TTLSeconds != 0 {
		ttl = time.Duration(wanted.TTLSeconds) * time.Second
	}
	if wanted.Uses != 0 {
		uses = wanted.Uses
	}
	if ttl <= 0 || ttl > longestTTL || uses < 1 || uses > mostUses {
		return invalid("a token holds for 1 s to 30 days and for 1 to %d nodes", mostUses)
	}
	token, err := a.Cluster.NewToken(ttl, uses)
	if err != nil {
		return err
	}
	return answer(w, http.StatusCreated, JoinToken{token, a.Now().Add(ttl).UnixMilli(), uses})
}
