package api_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"troupe/actors"
	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
	"troupe/actors/gateway/people"
	"troupe/messages"
)

type backupFunc func(context.Context, io.Writer) error

func (f backupFunc) Backup(ctx context.Context, w io.Writer) error { return f(ctx, w) }

func TestBackupIsAFileForAdminsAndIsAudited(t *testing.T) {
	n := closed(t)
	operator, admin := n.AddToken("operator", people.Operator, 0), n.AddToken("admin", people.Admin, 0)
	refused(t, call(t, n, "GET", "/api/v1/store/backup", nil, "Authorization", "Bearer "+operator), http.StatusForbidden, "forbidden")
	a := call(t, n, "GET", "/api/v1/store/backup", nil, "Authorization", "Bearer "+admin)
	if a.status != http.StatusOK || string(a.body) != apitest.Packed || !strings.Contains(a.header.Get("Content-Disposition"), ".tar.zst") {
		t.Errorf("%d %q %v", a.status, a.body, a.header)
	}
	log := string(call(t, n, "GET", "/api/v1/audit", nil, "Authorization", "Bearer "+admin).body)
	if !strings.Contains(log, "GET /api/v1/store/backup") {
		t.Errorf("not in the audit log: %s", log)
	}
}

func TestBackupThatCannotBeginIsExplainedAndOneThatBreaksOffIsNeverWhole(t *testing.T) {
	busy := apitest.Start(t, func(c *api.Config) {
		c.Backups = backupFunc(func(context.Context, io.Writer) error {
			return &actors.RefusedError{Refused: &messages.Refused{Code: "conflict", Message: "another backup is being made"}}
		})
	})
	if why := refused(t, call(t, busy, "GET", "/api/v1/store/backup", nil), http.StatusConflict, "conflict"); !strings.Contains(why, "another backup") {
		t.Error(why)
	}
	none := apitest.Start(t, func(c *api.Config) { c.Backups = nil })
	refused(t, call(t, none, "GET", "/api/v1/store/backup", nil), http.StatusServiceUnavailable, "unavailable")

	breaks := apitest.Start(t, func(c *api.Config) {
		c.Backups = backupFunc(func(_ context.Context, w io.Writer) error {
			_, err := io.WriteString(w, "half of it")
			return errors.Join(err, errors.New("the disk is gone"))
		})
	})
	response, err := http.Get(breaks.Server.URL + "/api/v1/store/backup")
	if err == nil {
		defer response.Body.Close()
		_, err = io.ReadAll(response.Body)
	}
	if err == nil {
		t.Error("a part of a backup ends like a whole one")
	}
}
