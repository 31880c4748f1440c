package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"troupe/actors/gateway/api/apitest"
	"troupe/messages"
	"troupe/platforms/definition"
	"troupe/platforms/sandbox"
)

// folderOf writes the sandbox's definition into a folder, each pair of edits replacing words of platform.yaml.
func folderOf(t *testing.T, edits ...string) string {
	t.Helper()
	files, err := definition.Files(sandbox.FS)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(edits); i += 2 {
		if !strings.Contains(files[definition.File], edits[i]) {
			t.Fatalf("%q is not in the sandbox's definition", edits[i])
		}
		files[definition.File] = strings.Replace(files[definition.File], edits[i], edits[i+1], 1)
	}
	dir := filepath.Join(t.TempDir(), "sandbox")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, src := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(src), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// alone runs a command line where no node is.
func alone(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	s := start(t, map[string]string{"DATA_DIR": t.TempDir()}, args...)
	code = s.end(t)
	return code, s.out.String(), s.errs.String()
}

func TestValidateNamesTenMistakesWithTheirLines(t *testing.T) {
	mistakes := []string{
		"version: 1", "verzion: 1",
		"time_zone: Asia/Shanghai", "time_zone: Asia/Nowhere",
		"locale: zh-CN", "locale: { is: zh-CN }",
		"origins: [\"https://creator.sandbox.test\"]", "origins: [\"creator.sandbox.test\"]",
		"  desk:     https://creator.sandbox.test/desk", "  desk:     creator.sandbox.test/desk",
		"  qr_image:           [\"img#qr\"]", "  qr_image:           []",
		"profile: >-\n        .user | {", "profile: >-\n        .user | {{",
		"    require: [.works,", "    requir: [.works,",
		"    require: [.comments, .replies,", "    require: [\".comments[\",",
		"  - open: desk", "  - opem: desk",
	}
	dir := folderOf(t, mistakes...)
	code, out, errs := alone(t, "platform", "validate", dir)
	if code != exitFailed {
		t.Errorf("exit %d: %s", code, errs)
	}
	src, err := os.ReadFile(filepath.Join(dir, definition.File))
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i < len(mistakes); i += 2 {
		at := strings.Index(string(src), mistakes[i])
		first := 1 + strings.Count(string(src)[:at], "\n")
		last := first + strings.Count(mistakes[i], "\n")
		named := false
		for line := first; line <= last; line++ {
			named = named || strings.Contains(out, fmt.Sprintf("%s:%d: ", filepath.Join(dir, definition.File), line))
		}
		if !named {
			t.Errorf("%q in line %d is not named", mistakes[i], first)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}

func TestValidateNeedsNoNodeAndTakesFolderFileAndFolderOfFolders(t *testing.T) {
	dir := folderOf(t)
	for _, path := range []string{dir, filepath.Join(dir, definition.File), filepath.Dir(dir)} {
		if code, out, errs := alone(t, "platform", "validate", path); code != exitOK || !strings.Contains(out, "ok: sandbox version 1") {
			t.Errorf("%s: exit %d: %s%s", path, code, out, errs)
		}
	}
	if code, _, errs := alone(t, "platform", "validate", t.TempDir()); code != exitUsage || !strings.Contains(errs, "no platform.yaml") {
		t.Errorf("exit %d: %s", code, errs)
	}
	code, out, _ := alone(t, "platform", "validate", dir, folderOf(t, "version: 1", "verzion: 1"), "--json")
	if code != exitFailed || !strings.Contains(out, `"valid":true`) || !strings.Contains(out, `"problems":["`) {
		t.Errorf("exit %d: %s", code, out)
	}
}

func TestPlatformListShowsVersionsAndWhatIsRefused(t *testing.T) {
	n := apitest.Start(t)
	if out := must(t, n, "platform", "list"); !strings.Contains(out, "222222222222") || !strings.Contains(out, "definitions folder") || strings.Contains(out, "refused") {
		t.Error(out)
	}
	n.Update(func(m *apitest.Master) {
		m.RefuseDefinition("sandbox", "sandbox/platform.yaml:6: unknown word \"verzion\"\nsandbox/platform.yaml:9: too much")
	})
	if out := must(t, n, "platform", "list"); !strings.Contains(out, "is refused, what runs stays") || !strings.Contains(out, "  sandbox/platform.yaml:9: too much") {
		t.Error(out)
	}
	if out := must(t, n, "platform", "list", "sandbox"); !strings.Contains(out, "runs") || !strings.Contains(out, "built in") || !strings.Contains(out, "111111111111") {
		t.Error(out)
	}
	if out := must(t, n, "platform", "rollback", "sandbox", "1"); !strings.Contains(out, "runs version 1 (111111111111)") {
		t.Error(out)
	}
	if out := must(t, n, "platform", "list"); !strings.Contains(out, "rolled back") {
		t.Error(out)
	}
	if code, _, _ := troupe(t, n, "platform", "rollback", "nowhere"); code != exitNotFound {
		t.Errorf("exit %d", code)
	}
}

func TestTryPrintsWhatDiffersAndHostsToPaste(t *testing.T) {
	n := apitest.Start(t)
	out := must(t, n, "platform", "try", folderOf(t), "--account", "shop")
	for _, want := range []string{"tried version 3 (333333333333) beside version 2", "collect.desk/await works", "c7", "  resources:\n    - \"img.other.test\" # 3"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	asked := 0
	for _, command := range n.Commands() {
		if m, ok := command.(*messages.TryDefinition); ok {
			asked++
			if d, err := definition.Unpack(m.GetPacked()); err != nil || d.Platform != "sandbox" {
				t.Errorf("%v %v", d, err)
			}
		}
	}
	if code, out, _ := troupe(t, n, "platform", "try", folderOf(t, "version: 1", "verzion: 1"), "--account", "shop"); code != exitFailed || !strings.Contains(out, "verzion") {
		t.Errorf("exit %d: %s", code, out)
	}
	if code, _, errs := troupe(t, n, "platform", "try", folderOf(t)); code != exitUsage || !strings.Contains(errs, "--account") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if asked != 1 {
		t.Errorf("the node was asked %d times", asked)
	}
}
