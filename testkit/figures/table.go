// Package figures measures the whole: `make bench` runs its benchmarks, which start the real program with real
// Chromium against the made-up site and print tables of what it took, each figure beside the one worked towards.
//
// Nothing here judges how fast: a missed target is a word in a table, never a failed test, for a figure says as much about the
// machine and its other guests as about the program. That nothing is lost or doubled is judged: BenchmarkSpecification, a
// cluster with fake browsers and cut links, fails for each item that is. docs/performance.md says what is measured, and how.
package figures

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Figure is one line of the table.
type Figure struct {
	What  string
	Value float64
	Unit  Unit
	Below float64 // the figure worked towards, in the same unit; 0 = none was set
	Above float64 // the same where more is better; 0 = none was set
}

// Unit is how a figure's value is counted and printed.
type Unit string

// The units of figures.
const (
	Milliseconds Unit = "ms"
	Seconds      Unit = "s"
	CPUMillis    Unit = "CPU-ms"
	Microseconds Unit = "µs"
	Megabytes    Unit = "MB" // of 1,000,000 bytes
	Kilobytes    Unit = "KiB"
	PerSecond    Unit = "/s"
	// MegabytesPerSecond are of 1,000,000 bytes.
	MegabytesPerSecond Unit = "MB/s"
	Percent            Unit = "%"
)

// Millis is a duration as a value in milliseconds.
func Millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// Verdict says how the figure stands to what is worked towards: reached, missed, or - where there is nothing to reach.
func (f Figure) Verdict() string {
	switch {
	case f.Below == 0 && f.Above == 0:
		return "-"
	case f.Above != 0 && f.Value > f.Above, f.Below != 0 && f.Value < f.Below:
		return "reached"
	default:
		return "missed"
	}
}

// Table collects figures in the order in which they are measured.
type Table struct {
	Title   string
	Figures []Figure
}

// Add appends a figure.
func (t *Table) Add(what string, value float64, unit Unit, below float64) {
	t.Figures = append(t.Figures, Figure{What: what, Value: value, Unit: unit, Below: below})
}

// AddAbove appends a figure of which more is better.
func (t *Table) AddAbove(what string, value float64, unit Unit, above float64) {
	t.Figures = append(t.Figures, Figure{What: what, Value: value, Unit: unit, Above: above})
}

// Print writes the table, aligned.
func (t *Table) Print(out io.Writer) error {
	rows := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(rows, "%s\n\nwhat\tmeasured\ttarget\t\n", t.Title)
	for _, f := range t.Figures {
		target := "-"
		switch {
		case f.Below != 0:
			target = "< " + number(f.Below) + " " + string(f.Unit)
		case f.Above != 0:
			target = "> " + number(f.Above) + " " + string(f.Unit)
		}
		fmt.Fprintf(rows, "%s\t%s %s\t%s\t%s\n", f.What, number(f.Value), f.Unit, target, strings.TrimPrefix(f.Verdict(), "-"))
	}
	return rows.Flush()
}

// number prints three significant digits at most, and never an exponent.
func number(v float64) string {
	switch a := math.Abs(v); {
	case a >= 100 || v == math.Trunc(v):
		return fmt.Sprintf("%.0f", v)
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}

// Sample is what the same thing took, time after time.
type Sample []time.Duration

// Quantile is the nearest rank: the least duration that at least the share q (0 to 1) of the sample does not exceed. An
// empty sample has none, and answers 0.
func (s Sample) Quantile(q float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}
