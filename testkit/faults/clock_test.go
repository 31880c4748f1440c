package faults

import (
	"os"
	"testing"
	"time"
)

func TestClockTellsTheNodeHowFarItIsOff(t *testing.T) {
	c := NewClock(t)
	for _, off := range []time.Duration{0, -24 * time.Hour, time.Hour} {
		c.Set(off)
		said, err := os.ReadFile(c.Args()[1])
		if err != nil {
			t.Fatal(err)
		}
		if got, err := time.ParseDuration(string(said)); err != nil || got != off {
			t.Errorf("the file says %q, want %s", said, off)
		}
	}
}
