package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"troupe/actors/gateway/api/apitest"
	"troupe/messages"
)

func TestLoginIsExportedToANewFileOfItsOwner(t *testing.T) {
	n := apitest.Start(t)
	file := filepath.Join(t.TempDir(), "login.json")
	code, out, errs := troupe(t, n, "account", "export", "shop", "-o", file)
	if code != exitOK || !strings.Contains(out, file) || !strings.Contains(errs, "this file is the login of shop") {
		t.Errorf("exit %d: %s %s", code, out, errs)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != `{"v":2,"cookies":[]}` {
		t.Errorf("%s %v", got, err)
	}
	if code, _, errs := troupe(t, n, "account", "export", "shop", "-o", file); code != exitUsage || !strings.Contains(errs, "exists already") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if out := must(t, n, "account", "export", "shop", "--playwright"); out != `{"cookies":[],"origins":[]}` {
		t.Error(out)
	}
	if code, _, _ := troupe(t, n, "account", "export", "none", "-o", file+"2"); code != exitNotFound {
		t.Errorf("exit %d", code)
	}
	if _, err := os.Stat(file + "2"); err == nil {
		t.Error("a file was left though nothing was exported")
	}
}

func TestImportSaysFirstWhatItWouldWrite(t *testing.T) {
	n := apitest.Start(t)
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	login := file("login.json", `{"cookies":[{"name":"sid","value":"canary"}]}`)
	if code, _, errs := troupe(t, n, "account", "import", "shop", login, "--yes"); code != exitRefused || !strings.Contains(errs, "pause it") {
		t.Errorf("exit %d: %s", code, errs)
	}
	must(t, n, "account", "pause", "shop")
	before := len(n.Commands())
	code, out, errs := troupe(t, n, "account", "import", "shop", login)
	if code != exitUsage || !strings.Contains(out, "61, of which 10") || !strings.Contains(out, "a.test, b.test") ||
		!strings.Contains(out, "origins[0].indexedDB") || !strings.Contains(errs, "nothing was written") || len(n.Commands()) != before {
		t.Errorf("exit %d: %s %s", code, out, errs)
	}
	s := start(t, nil, "--addr", n.Server.URL, "account", "import", "shop", login)
	_, _ = io.WriteString(s.in, "shop\n")
	if code := s.end(t); code != exitOK || !strings.Contains(s.out.String(), "next: troupe account resume shop") {
		t.Errorf("exit %d: %s %s", code, s.out.String(), s.errs.String())
	}
	list := n.Commands()
	if m, ok := list[len(list)-1].(*messages.WriteVault); !ok || !strings.Contains(string(m.GetState()), "canary") || m.GetAccount() != "shop" {
		t.Errorf("%T", list[len(list)-1])
	}
	for path, says := range map[string]string{
		file("text", "canary"): "is not JSON", file("bad.json", `{"broken":"canary"}`): "cookies[3].expires", filepath.Join(dir, "none"): "no such file",
		file("large.json", `"`+strings.Repeat("canary", stateMost/6)+`"`): "larger than any login",
	} {
		if code, out, errs := troupe(t, n, "account", "import", "shop", path, "--yes"); code != exitUsage || !strings.Contains(errs, says) || strings.Contains(out+errs, "canary") {
			t.Errorf("exit %d: %s", code, errs)
		}
	}
}

func TestKeysAreListedRotatedAndRetired(t *testing.T) {
	n := apitest.Start(t)
	if out := must(t, n, "keys", "list"); !strings.Contains(out, "can be retired") || !strings.Contains(out, "newest") {
		t.Error(out)
	}
	if out := must(t, n, "keys", "rotate"); !strings.Contains(out, "4 logins and passwords are sealed with key k2") {
		t.Error(out)
	}
	if code, _, errs := troupe(t, n, "keys", "retire", "k1"); code != exitUsage || !strings.Contains(errs, "nothing was removed") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if out := must(t, n, "keys", "retire", "k1", "--yes"); !strings.Contains(out, "retired key k1") {
		t.Error(out)
	}
	if out := must(t, n, "keys", "list", "--json"); strings.Contains(out, "k1") {
		t.Error(out)
	}
}
