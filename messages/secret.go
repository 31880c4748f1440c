package messages

import (
	"encoding/json"
	"log/slog"
)

// ProxySecretOwner is what a proxy's sealed password is bound to.
func ProxySecretOwner(proxy string) string { return "proxy/" + proxy }

// Secret is a value that never shows itself in logs, %v or JSON.
type Secret []byte

// String hides the value.
func (Secret) String() string { return "redacted" }

// GoString hides the value from %#v.
func (Secret) GoString() string { return "redacted" }

// LogValue hides the value from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue("redacted") }

// MarshalJSON hides the value from encoding/json.
func (Secret) MarshalJSON() ([]byte, error) { return json.Marshal("redacted") }
