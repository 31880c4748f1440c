package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writeCertificate makes a certificate for a name and puts it into the two files.
func writeCertificate(t *testing.T, dir, name string, changed time.Time) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, changed, changed); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// served is the name in the certificate that a new connection gets.
func served(t *testing.T, addr string) string {
	t.Helper()
	c, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].DNSNames[0]
}

func TestANewCertificateIsTakenUpAndOpenConnectionsStay(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	cert, key := writeCertificate(t, dir, "old.example", now.Add(-time.Hour))
	c, err := loadCertificate(cert, key, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	c.now = func() time.Time { return now }
	l, err := tls.Listen("tcp", "127.0.0.1:0", c.config())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() { // echoes until its listener is closed
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				b := make([]byte, 1)
				for {
					if _, err := conn.Read(b); err != nil {
						return
					}
					_, _ = conn.Write(b)
				}
			}()
		}
	}()
	open, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	if got := served(t, l.Addr().String()); got != "old.example" || !c.named("old.example") || c.named("new.example") {
		t.Errorf("serves %s", got)
	}

	writeCertificate(t, dir, "new.example", now)
	now = now.Add(2 * lookPause)
	if got := served(t, l.Addr().String()); got != "new.example" || !c.named("new.example") || c.named("old.example") {
		t.Errorf("after the change it serves %s", got)
	}
	if err := os.WriteFile(key, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * lookPause)
	if got := served(t, l.Addr().String()); got != "new.example" {
		t.Errorf("with a broken file it serves %s", got)
	}
	if _, err := open.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := open.Read(make([]byte, 1)); err != nil {
		t.Errorf("the connection from before was dropped: %v", err)
	}
	if _, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
}

func TestNothingUnprotectedIsBoundBeyondLoopback(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		says string // "" = accepted
	}{
		"loopback":               {nil, ""},
		"all addresses":          {[]string{"--master-host", "0.0.0.0"}, "TLS_CERT"},
		"with TLS":               {[]string{"--master-host", "0.0.0.0", "--tls-cert", "a", "--tls-key", "b"}, ""},
		"half of TLS":            {[]string{"--tls-cert", "a"}, "both or neither"},
		"behind a proxy":         {[]string{"--master-host", "10.1.2.3", "--trusted-proxies", "10.1.2.4"}, ""},
		"no network":             {[]string{"--trusted-proxies", "proxy.example"}, "TRUSTED_PROXIES"},
		"no address":             {[]string{"--master-host", "example.org"}, "MASTER_HOST"},
		"a host with a port":     {[]string{"--hosts", "troupe.example:3000"}, "HOSTS"},
		"an origin with a path":  {[]string{"--origins", "https://desk.example/x"}, "ORIGINS"},
		"an admin without token": {[]string{"--im-role", "admin"}, "IM_ROLE"},
		"development behind TLS": {[]string{"--dev-role", "admin", "--tls-cert", "a", "--tls-key", "b"}, "dev-role"},
		"development for real":   {[]string{"--dev-role", "viewer", "--node-env", "production"}, "dev-role"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := settingsOf(t, "", tc.args...)
			if err != nil {
				t.Fatal(err)
			}
			err = cfg.validate()
			if tc.says == "" && err != nil || tc.says != "" && (err == nil || !strings.Contains(err.Error(), tc.says)) {
				t.Errorf("%v", err)
			}
		})
	}
}
