package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"troupe/testkit"
)

func TestEveryPromiseNamesTestsThatThereAre(t *testing.T) {
	there := map[string]bool{}
	name := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir(testkit.Source(t, "."), func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && d.Name() != "."):
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		source, err := os.ReadFile(path)
		for _, m := range name.FindAllStringSubmatch(string(source), -1) {
			there[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range promises {
		for _, test := range p.tests {
			if !there[test] {
				t.Errorf("%s: there is no %s", p.name, test)
			}
		}
	}
}

func TestReportSaysWhatRanHowOftenAndWhatFailed(t *testing.T) {
	lines := make(chan []byte, 10)
	for _, line := range []string{
		`{"Action":"output","Package":"p","Test":"TestShutGateLetsNoByteOut","Output":"    stop_test.go:9: runs: 200\n"}`,
		`{"Action":"pass","Package":"p","Test":"TestShutGateLetsNoByteOut","Elapsed":2.5}`,
		`{"Action":"output","Package":"p","Test":"TestAMissingKeyIsNeverAnEmptyList","Output":"    it was empty\n"}`,
		`{"Action":"fail","Package":"p","Test":"TestAMissingKeyIsNeverAnEmptyList","Elapsed":0.1}`,
		`{"Action":"fail","Package":"p","Elapsed":2.7}`,
		`{"Action":"output","Package":"q","Output":"ok  \tq\t(cached)\n"}`,
		`{"Action":"pass","Package":"q","Elapsed":0}`,
		`not of the test's making`,
	} {
		lines <- []byte(line)
	}
	close(lines)
	var shown strings.Builder
	r := read(lines, &shown)
	if r.good() {
		t.Error("a report with a failure is good")
	}
	page := r.page(time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC))
	for _, want := range []string{
		"1 tests passed, 1 failed, 0 were left out", "Nothing had changed for 1 packages", "Packages that failed: p.", "| TestShutGateLetsNoByteOut | 200 | 2.5s | pass |",
		"| TestAMissingKeyIsNeverAnEmptyList | 1 | 100ms | **fail** |", "| TestNpmClientsWork | 0 | - | **did not run** |",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the report does not say %q:\n%s", want, page)
		}
	}
	if got := shown.String(); !strings.Contains(got, "it was empty") || !strings.Contains(got, "not of the test's making") || strings.Contains(got, "runs: 200") {
		t.Errorf("shown meanwhile:\n%s", got)
	}
}
