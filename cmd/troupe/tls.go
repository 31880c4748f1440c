package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificate is the gateway's, read again when its files change. Connections that are open keep the one that they have.
type certificate struct {
	cert, key string
	log       *slog.Logger
	now       func() time.Time

	mu      sync.Mutex
	current *tls.Certificate
	leaf    *x509.Certificate
	stamp   [2]time.Time // when the files changed last
	looked  time.Time
}

// lookPause is the least time between two looks at the files.
const lookPause = time.Second

// loadCertificate reads the files for the first time; then both must be good.
func loadCertificate(cert, key string, log *slog.Logger) (*certificate, error) {
	c := &certificate{cert: cert, key: key, log: log, now: time.Now}
	stamp, err := c.stamps()
	if err == nil {
		err = c.read(stamp)
	}
	if err != nil {
		return nil, fmt.Errorf("TLS_CERT and TLS_KEY: %w", err)
	}
	return c, nil
}

// config is what the server speaks: TLS 1.2 with forward secrecy, or 1.3.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			current, _ := c.newest()
			return current, nil
		},
	}
}

// named says whether the certificate is for a host.
func (c *certificate) named(host string) bool {
	_, leaf := c.newest()
	return leaf.VerifyHostname(host) == nil
}

// newest looks at the files, not more often than lookPause. One that cannot be read leaves the present one in use.
func (c *certificate) newest() (*tls.Certificate, *x509.Certificate) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if now.Sub(c.looked) < lookPause {
		return c.current, c.leaf
	}
	c.looked = now
	stamp, err := c.stamps()
	if err == nil && stamp != c.stamp {
		err = c.read(stamp)
	}
	if err != nil {
		c.log.Warn("new certificate not taken, the present one stays", "err", err)
	}
	return c.current, c.leaf
}

func (c *certificate) stamps() (stamp [2]time.Time, err error) {
	for i, file := range []string{c.cert, c.key} {
		info, err := os.Stat(file)
		if err != nil {
			return stamp, err
		}
		stamp[i] = info.ModTime()
	}
	return stamp, nil
}

// read takes both files up, if they belong together.
func (c *certificate) read(stamp [2]time.Time) error {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return err
	}
	if c.current != nil {
		c.log.Info("certificate taken up", "not_after", pair.Leaf.NotAfter)
	}
	c.current, c.leaf, c.stamp = &pair, pair.Leaf, stamp
	return nil
}
