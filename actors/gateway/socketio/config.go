package socketio

import (
	"log/slog"
	"net/http"
	"time"
)

// Config is what a Server may do. Zero values mean the default given at each field.
type Config struct {
	PingInterval   time.Duration // between two pings; 25 s
	PingTimeout    time.Duration // how long a pong may take; 60 s
	ConnectTimeout time.Duration // for a connection that joins no namespace; 45 s
	UpgradeTimeout time.Duration // from the probe to the end of an upgrade; 10 s
	WriteTimeout   time.Duration // how long what waits for a client may wait; then it is dropped as too slow; 8 s
	MaxPayload     int           // bytes of one inbound message or polling body; 10 MB
	MaxQueue       int           // packets waiting for one client; 1024
	MaxQueueBytes  int           // bytes waiting for one client; 32 MB
	MaxConns       int           // connections at once; 2000

	// Allow says whether a request may be served at all; nil means LocalOnly.
	Allow func(*http.Request) bool
	// Log gets the life of connections at debug level and handlers' panics; nil means silence.
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	setDefault(&c.PingInterval, 25*time.Second)
	setDefault(&c.PingTimeout, 60*time.Second)
	setDefault(&c.ConnectTimeout, 45*time.Second)
	setDefault(&c.UpgradeTimeout, 10*time.Second)
	setDefault(&c.WriteTimeout, 8*time.Second)
	setDefault(&c.MaxPayload, 10_000_000)
	setDefault(&c.MaxQueue, 1024)
	setDefault(&c.MaxQueueBytes, 32_000_000)
	setDefault(&c.MaxConns, 2000)
	if c.Allow == nil {
		c.Allow = LocalOnly
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
