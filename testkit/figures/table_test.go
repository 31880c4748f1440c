package figures

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestQuantileIsTheNearestRank(t *testing.T) {
	var hundred Sample
	for i := range 100 {
		hundred = append(hundred, time.Duration(100-i))
	}
	for _, tc := range []struct {
		name   string
		sample Sample
		q      float64
		want   time.Duration
	}{
		{"median of a hundred", hundred, 0.5, 50},
		{"99 of a hundred", hundred, 0.99, 99},
		{"all", hundred, 1, 100},
		{"least", hundred, 0, 1},
		{"median of five", Sample{9, 1, 5, 3, 7}, 0.5, 5},
		{"one", Sample{4}, 0.99, 4},
		{"none", nil, 0.5, 0},
	} {
		if got := tc.sample.Quantile(tc.q); got != tc.want {
			t.Errorf("%s: %d, want %d", tc.name, got, tc.want)
		}
	}
}

func TestTableSaysWhatIsReachedAndWhatIsMissed(t *testing.T) {
	table := Table{Title: "figures"}
	table.Add("fast", 99.6, Milliseconds, 150)
	table.Add("slow", 3, Seconds, 1)
	table.Add("only to know", 10242, PerSecond, 0)
	table.AddAbove("enough", 99.9, Percent, 99)
	table.AddAbove("too few", 99, Percent, 99)
	var out strings.Builder
	if err := table.Print(&out); err != nil {
		t.Fatal(err)
	}
	want := `figures

what          measured  target    
fast          99.6 ms   < 150 ms  reached
slow          3 s       < 1 s     missed
only to know  10242 /s  -         
enough        99.9 %    > 99 %    reached
too few       99 %      > 99 %    missed
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestTreeCountsAProcessAndItsMemory(t *testing.T) {
	tree, err := Tree(os.Getpid())
	if err != nil || len(tree) == 0 || tree[0].PID != os.Getpid() {
		t.Fatalf("%v, %v", tree, err)
	}
	if m, err := MemoryOf(os.Getpid()); err != nil || m.Private < 1<<20 || m.Share < m.Private {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := CPU(os.Getpid()); err != nil {
		t.Error(err)
	}
	if _, err := CPU(1 << 30); err == nil {
		t.Error("a process that does not exist used processor time")
	}
}
