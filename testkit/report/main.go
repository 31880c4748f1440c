// Command report turns the output of `go test -json` into a page for people: each promise, the tests that prove it, how often each
// was run, and how it ended. It shows what fails as it happens. `make test-full` runs it:
//
//	go test -json ./... | go run ./testkit/report docs/test-report.md
//
// Its exit status is 1 if a test failed, or if a promise has a test that did not run.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go test -json ./... | go run ./testkit/report FILE.md")
		os.Exit(2)
	}
	results, err := read(os.Stdin, os.Stdout)
	if err == nil {
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
	took   time.Duration // of all packages together
}

var runs = regexp.MustCompile(`\bruns: (\d+)\b`)

// read takes in all events. Progress and whatever fails go to out.
func read(in io.Reader, out io.Writer) (*results, error) {
	r := &results{tests: map[string]*outcome{}}
	said := map[string]*strings.Builder{}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			fmt.Fprintln(out, lines.Text()) // the go command's own words, such as what did not compile
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
	return r, lines.Err()
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
		r.took += took
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
	fmt.Fprintf(&b, "# Test report\n\nWritten by `make test-full` on %s, with %s on %d processors: every repetition, under the race detector.\n\n",
		now.UTC().Format("2006-01-02 15:04 UTC"), runtime.Version(), runtime.NumCPU())
	fmt.Fprintf(&b, "%d tests passed, %d failed, %d were left out; all packages together took %s.\n", passed, failed, skipped, r.took.Round(time.Second))
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
