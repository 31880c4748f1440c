package api

import (
	"context"
	"io"
	"net/http"
)

// Backups makes copies of the store. Its methods may be called from any goroutine.
type Backups interface {
	// Backup makes a copy as of now and writes it to w, packed as one file. It blocks for as long as whoever reads it takes. An
	// error before anything was written says why there is no copy; one after it leaves something of no use.
	Backup(ctx context.Context, w io.Writer) error
}

// backup answers with a copy of the store. What goes wrong on the way breaks the connection off, so that nobody takes a part for the whole.
func (a *API) backup(w http.ResponseWriter, r *http.Request) error {
	if a.Backups == nil {
		return &Problem{http.StatusServiceUnavailable, "unavailable", "this node has no store"}
	}
	w.Header().Set("Content-Type", "application/zstd")
	w.Header().Set("Content-Disposition", `attachment; filename="troupe-`+a.Now().UTC().Format(backupTime)+`.tar.zst"`)
	out := &begun{to: w}
	err := a.Backups.Backup(r.Context(), out)
	if err != nil && out.yes {
		a.Log.Warn("backup broken off", "err", err)
		panic(http.ErrAbortHandler)
	}
	if err != nil {
		w.Header().Del("Content-Disposition")
	}
	return err
}

// backupTime is how a backup's name says when it was made.
const backupTime = "20060102T150405Z"

// begun remembers whether anything was written.
type begun struct {
	to  io.Writer
	yes bool
}

func (b *begun) Write(p []byte) (int, error) {
	b.yes = true
	return b.to.Write(p)
}
