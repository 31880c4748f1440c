// Command report turns the output of `go test -json` into a page for people: each promise, the tests that prove it, how often each
// was run, and how it ended. It reads several such outputs at once, and shows what fails as it happens. `make test-full` runs it:
//
//	go run ./testkit/report docs/test-report.md <(go test -json ./...) <(go test -json -race ./...)
//
// Its exit status is 1 if a test failed, or if a promise has a test that did not run.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: report FILE.md OUTPUT-OF-GO-TEST-JSON...")
		os.Exit(2)
	}
	began := time.Now()
	results, err := readAll(os.Args[2:], os.Stdout)
	if err == nil {
		results.took = time.Since(began)
		err = os.WriteFile(os.Args[1], []byte(results.page(time.Now())), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(2)
	}
	if !results.good() {
		os.Exit(1)
	}
}

// event is one line of `go test -json`; see `go doc test2json`.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
	Elapsed float64 // s
}

// outcome is how a test ended.
type outcome struct {
	result string // pass fail skip; empty = it never ended
	runs   int    // of what it repeats
	took   time.Duration
}

// results are all outcomes by the test's name, and the packages that failed.
type results struct {
	tests  map[string]*outcome
	broken []string
	cached map[string]bool // packages that were not run again, because nothing had changed since they passed
	took   time.Duration   // of everything
}

var runs = regexp.MustCompile(`\bruns: (\d+)\b`)

// readAll reads these files at once, each to its end.
func readAll(files []string, out io.Writer) (*results, error) {
	lines := make(chan []byte)
	var readers errgroup.Group
	for _, name := range files {
		readers.Go(func() error { return readLines(name, lines) })
	}
	ended := make(chan error, 1)
	go func() {
		ended <- readers.Wait()
		close(lines)
	}()
	r := read(lines, out)
	return r, <-ended
}

func readLines(name string, lines chan<- []byte) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	in := bufio.NewScanner(file)
	in.Buffer(nil, 16<<20)
	for in.Scan() {
		lines <- bytes.Clone(in.Bytes())
	}
	return in.Err()
}

// read takes in all events. Progress and whatever fails go to out.
func read(lines <-chan []byte, out io.Writer) *results {
	r := &results{tests: map[string]*outcome{}, cached: map[string]bool{}}
	said := map[string]*strings.Builder{}
	for line := range lines {
		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			fmt.Fprintln(out, string(line)) // the go command's own words, such as what did not compile
			continue
		}
		key := e.Package + "." + e.Test
		switch e.Action {
		case "output", "build-output":
			if said[key] == nil {
				said[key] = &strings.Builder{}
			}
			said[key].WriteString(e.Output)
			if m := runs.FindStringSubmatch(e.Output); m != nil && e.Test != "" {
				r.of(e.Test).runs, _ = strconv.Atoi(m[1])
			}
			if e.Test == "" && strings.HasPrefix(e.Output, "ok") && strings.Contains(e.Output, "(cached)") {
				r.cached[e.Package] = true
			}
		case "pass", "fail", "skip":
			r.end(e)
			if e.Action == "fail" && said[key] != nil {
				fmt.Fprint(out, said[key])
			}
			if e.Test == "" {
				fmt.Fprintf(out, "%s  %s  %.1fs\n", e.Action, e.Package, e.Elapsed)
			}
			delete(said, key)
		}
	}
	return r
}

func (r *results) of(test string) *outcome {
	if r.tests[test] == nil {
		r.tests[test] = &outcome{runs: 1}
	}
	return r.tests[test]
}

// end notes an end. Tests of the same name in several packages count as one: the worst end stands.
func (r *results) end(e event) {
	took := time.Duration(e.Elapsed * float64(time.Second))
	if e.Test == "" {
		if e.Action == "fail" {
			r.broken = append(r.broken, e.Package)
		}
		return
	}
	o := r.of(e.Test)
	o.took += took
	if o.result != "fail" {
		o.result = e.Action
	}
}

// good says whether nothing failed, and every promise's tests ran.
func (r *results) good() bool {
	for _, p := range promises {
		for _, test := range p.tests {
			if o := r.tests[test]; o == nil || o.result != "pass" {
				return false
			}
		}
	}
	return len(r.broken) == 0
}

// page is the report, in Markdown.
func (r *results) page(now time.Time) string {
	var b strings.Builder
	passed, failed, skipped := 0, 0, 0
	for _, o := range r.tests {
		switch o.result {
		case "pass":
			passed++
		case "skip":
			skipped++
		default:
			failed++
		}
	}
	fmt.Fprintf(&b, "# Test report\n\nWritten by `make test-full` on %s, with %s on %d processors: every repetition. The packages ran under the race detector, the stories of testkit/suite and the platforms with the program as it is delivered.\n\n",
		now.UTC().Format("2006-01-02 15:04 UTC"), runtime.Version(), runtime.NumCPU())
	fmt.Fprintf(&b, "%d tests passed, %d failed, %d were left out; it took %s.\n", passed, failed, skipped, r.took.Round(time.Second))
	if n := len(r.cached); n > 0 {
		fmt.Fprintf(&b, "\nNothing had changed for %d packages since they passed, so Go's test cache gave their results and times again.\n", n)
	}
	if len(r.broken) > 0 {
		fmt.Fprintf(&b, "\nPackages that failed: %s.\n", strings.Join(r.broken, ", "))
	}
	for _, p := range promises {
		fmt.Fprintf(&b, "\n## %s: %s\n\n| test | runs | took | result |\n|---|---|---|---|\n", p.name, p.says)
		for _, test := range p.tests {
			o := r.tests[test]
			if o == nil || o.result == "" {
				fmt.Fprintf(&b, "| %s | 0 | - | **did not run** |\n", test)
				continue
			}
			fmt.Fprintf(&b, "| %s | %d | %s | %s |\n", test, o.runs, o.took.Round(100*time.Millisecond), strings.Replace(o.result, "fail", "**fail**", 1))
		}
	}
	return b.String()
}
