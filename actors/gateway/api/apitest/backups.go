package apitest

import (
	"context"
	"io"
)

// Packed is what a stand-in node's backup is.
const Packed = "a packed store"

// backups is a store that is always ready to be copied.
type backups struct{}

func (backups) Backup(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, Packed)
	return err
}
