package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
)

// listFile writes a list of accounts into a file.
func listFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "accounts.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const threeRows = "platform,name,tags\nsandbox,花店,\"a,b\"\nnowhere,书店,\nsandbox,小店,\n"

func TestImportShowsEachRowAndAddsNothingBeforeAYes(t *testing.T) {
	n := apitest.Start(t)
	list := listFile(t, threeRows)
	out := must(t, n, "account", "import", list, "--dry-run")
	for _, want := range []string{"line 2", "ready", "line 3", "no platform is named nowhere", "exists", "by QR code"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
	if code, _, errs := troupe(t, n, "account", "import", list); code != exitUsage || !strings.Contains(errs, "--yes") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if got := len(n.Commands()); got != 0 {
		t.Fatalf("%d commands without a yes", got)
	}
	s := start(t, nil, "--addr", n.Server.URL, "account", "import", list)
	s.errs.waitFor(t, "Type yes")
	_, _ = io.WriteString(s.in, "yes\n")
	if code := s.end(t); code != exitOK || !strings.Contains(s.out.String(), "added 1 accounts, refused 1") {
		t.Errorf("exit %d: %s %s", code, s.out.String(), s.errs.String())
	}
	var again api.Import
	if err := json.Unmarshal([]byte(must(t, n, "account", "import", list, "--yes", "--json")), &again); err != nil {
		t.Fatal(err)
	}
	if again.Added != 0 || len(again.Rows) != 3 || again.Rows[0].Outcome != "exists" {
		t.Errorf("sent again: %+v", again)
	}
}

func TestImportSaysWhatIsWrongWithAFileInBothLanguages(t *testing.T) {
	n := apitest.Start(t)
	for name, tc := range map[string]struct{ path, english, chinese string }{
		"none":           {filepath.Join(t.TempDir(), "none.csv"), "no such file", "no such file"},
		"unknown column": {listFile(t, "platfrom,name\n"), `unknown column "platfrom"`, `unknown column "platfrom"`},
		"empty folder":   {t.TempDir(), "holds no storage states", "没有 storage state"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, lang := range []string{"en", "zh"} {
				want := map[string]string{"en": tc.english, "zh": tc.chinese}[lang]
				if code, _, errs := troupe(t, n, "--lang", lang, "account", "import", tc.path, "--yes"); code != exitUsage || !strings.Contains(errs, want) {
					t.Errorf("%s: exit %d: %s", lang, code, errs)
				}
			}
		})
	}
	if out := must(t, n, "--lang", "zh", "account", "import", listFile(t, threeRows), "--dry-run"); !strings.Contains(out, "可添加") || !strings.Contains(out, "已存在") || !strings.Contains(out, "扫码") {
		t.Error(out)
	}
}
