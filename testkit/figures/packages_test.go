package figures

import (
	"os/exec"
	"regexp"
	"strconv"
	"testing"
)

// packageFigures are the figures of Go benchmarks that stand with the code that they measure.
var packageFigures = []struct {
	name, unit string  // of the benchmark, and of one of its results
	what       string  // in the table
	scale      float64 // from the benchmark's unit to the table's
	in         Unit
	below      float64
}{
	{"BenchmarkIngest/unanswered=1", "ns/op", "store: one item, until it is on disk", 1e-6, Milliseconds, 0},
	{"BenchmarkIngest/unanswered=16", "items/s", "store: ingest, 16 observations waiting", 1, PerSecond, 0},
	{"BenchmarkIngest/unanswered=128", "items/s", "store: ingest, 128 observations waiting", 1, PerSecond, 0},
	{"BenchmarkLoad/accounts=1000", "ms/first-answer", "store: restart with 1,000 accounts, first answer", 1e-3, Seconds, 1},
	{"BenchmarkLoad/accounts=1000", "ms/all-loaded", "store: restart with 1,000 accounts, all items", 1e-3, Seconds, 3},
	{"BenchmarkLoad/accounts=1000", "cpu-ms/all-loaded", "store: CPU of that restart, all cores together", 1, CPUMillis, 0},
	{"BenchmarkMemory", "KiB/account", "store: memory of 100 more accounts", 100 * 1024 / 1e6, Megabytes, 13},
	{"BenchmarkTopics/comments=400", "ns/op", "query: an account's 10 topics", 1e-3, Microseconds, 0},
	{"BenchmarkThread/comments=400", "ns/op", "query: 40 comments of a work", 1e-3, Microseconds, 0},
	{"BenchmarkTopics/comments=100000", "ns/op", "query: an account's 1,000 topics", 1e-3, Microseconds, 0},
	{"BenchmarkThread/comments=100000", "ns/op", "query: a work's comments, among 100,000", 1e-3, Microseconds, 0},
	{"BenchmarkThroughput/tunnel", "MB/s", "gate: upload through a tunnel", 1, MegabytesPerSecond, 0},
	{"BenchmarkThroughput/tunnel", "CPU-ms/GiB", "gate: CPU for 1 GiB of it, both ends included", 1, CPUMillis, 0},
	{"BenchmarkThroughput/direct", "CPU-ms/GiB", "gate: the same without a gate", 1, CPUMillis, 0},
	{"BenchmarkRequest/tunnel", "p50-µs", "gate: request over an open tunnel, p50", 1, Microseconds, 0},
	{"BenchmarkRequest/tunnel", "p99-µs", "gate: request over an open tunnel, p99", 1, Microseconds, 0},
	{"BenchmarkConnect", "p50-µs", "gate: a new tunnel, p50", 1, Microseconds, 0},
	{"BenchmarkIdleTunnel", "KiB/tunnel", "gate: memory of an idle tunnel, both ends included", 1, Kilobytes, 0},
	{"BenchmarkShut/sockets=8", "p50-µs", "gate: shut with 8 sockets, p50", 1, Microseconds, 0},
	{"BenchmarkShut/sockets=400", "p99-µs", "gate: shut with 400 sockets, p99", 1, Microseconds, 0},
	{"BenchmarkPublishedToSocket", "ns/op", "gateway: news of one comment to a client's topics", 1e-6, Milliseconds, 0},
	{"BenchmarkPCClients", "ms-server-p99", "gateway: 20 PC clients re-ask 200 accounts, server time, p99", 1, Milliseconds, 5},
	{"BenchmarkPCClients", "ms-p99", "gateway: the same, list to topics at the client, p99", 1, Milliseconds, 0},
	{"BenchmarkPCClients", "ms-behind-max", "gateway: the same, 50 items/s, item to hint, slowest", 1, Milliseconds, 1000},
	{"BenchmarkPCClients", "CPU-%", "gateway: the same, CPU of the server, of one core", 1, Percent, 0},
	{"BenchmarkPCClients", "MB", "gateway: the same, memory beside the dataset", 1, Megabytes, 0},
	{"BenchmarkManyClients", "ms-server-p99", "gateway: 100 clients at 2 requests/s, 1,000 accounts, server time, p99", 1, Milliseconds, 5},
	{"BenchmarkManyClients", "ms-p99", "gateway: the same, request to answer at the client, p99", 1, Milliseconds, 0},
	{"BenchmarkManyClients", "ms-behind-max", "gateway: the same, 50 items/s, item to hint, slowest", 1, Milliseconds, 1000},
	{"BenchmarkManyClients", "CPU-%", "gateway: the same, CPU of the server, of one core", 1, Percent, 0},
	{"BenchmarkManyClients", "MB", "gateway: the same, memory beside the dataset", 1, Megabytes, 0},
	{"BenchmarkFlood", "ms-server-p99-alone", "gateway: 20 clients at 10 requests/s, server time, p99", 1, Milliseconds, 0},
	{"BenchmarkFlood", "ms-server-p99-flooded", "gateway: the same beside a client that floods", 1, Milliseconds, 5},
	{"BenchmarkReconnect", "s-served", "gateway: 1,000 clients come back at once, all served", 1, Seconds, 10},
	{"BenchmarkReconnect", "MB-peak", "gateway: the same, highest memory beside the dataset", 1, Megabytes, 0},
}

// addPackageFigures runs those benchmarks, each for a fraction of a second, and adds what they print.
func addPackageFigures(b *testing.B, t *Table) {
	b.Helper()
	out, err := exec.Command("go", "test", "-run", "^$", "-bench", "Ingest|Load/accounts=1000|Memory|Topics|Thread|PublishedToSocket|PCClients|ManyClients|Flood|Reconnect|Throughput|Request|Connect|IdleTunnel|Shut",
		"-benchtime", "0.3s", "-p", "1", "troupe/actors/store", "troupe/actors/store/dataset", "troupe/actors/gateway", "troupe/actors/account/gate").CombinedOutput()
	if err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	results := parseBenchmarks(string(out))
	for _, f := range packageFigures {
		value, measured := results[f.name+" "+f.unit]
		if !measured {
			b.Fatalf("%s reports no %s:\n%s", f.name, f.unit, out)
		}
		t.Add(f.what, value*f.scale, f.in, f.below)
	}
}

var (
	benchmarkLine = regexp.MustCompile(`(?m)^(Benchmark\S+?)(?:-\d+)?\s+\d+((?:\s+\S+ \S+)+)$`)
	benchmarkUnit = regexp.MustCompile(`(\S+) (\S+)`)
)

// parseBenchmarks reads what `go test -bench` prints, by "name unit".
func parseBenchmarks(text string) map[string]float64 {
	results := make(map[string]float64)
	for _, line := range benchmarkLine.FindAllStringSubmatch(text, -1) {
		for _, pair := range benchmarkUnit.FindAllStringSubmatch(line[2], -1) {
			if v, err := strconv.ParseFloat(pair[1], 64); err == nil {
				results[line[1]+" "+pair[2]] = v
			}
		}
	}
	return results
}

func TestBenchmarkLinesAreRead(t *testing.T) {
	got := parseBenchmarks("BenchmarkLoad/accounts=1000-2         \t       1\t8695957619 ns/op\t      4123 ms/first-answer\nPASS\n")
	if got["BenchmarkLoad/accounts=1000 ns/op"] != 8695957619 || got["BenchmarkLoad/accounts=1000 ms/first-answer"] != 4123 || len(got) != 2 {
		t.Errorf("%v", got)
	}
}
