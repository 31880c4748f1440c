package cluster

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

func TestWorkerOrdersOnlyItsOwnLeaving(t *testing.T) {
	for _, c := range []struct {
		name   string
		drain  *messages.DrainWorker
		target string
		want   bool
	}{
		{"its own leaving", &messages.DrainWorker{Worker: "w1", Leaving: true}, "master", true},
		{"another's", &messages.DrainWorker{Worker: "w2", Leaving: true}, "master", false},
		{"an operator's", &messages.DrainWorker{Worker: "w1"}, "master", false},
		{"to the store", &messages.DrainWorker{Worker: "w1", Leaving: true}, "store", false},
	} {
		body, err := proto.Marshal(c.drain)
		if err != nil {
			t.Fatal(err)
		}
		l := &messages.Letter{Target: c.target, Type: string(proto.MessageName(c.drain)), Body: body}
		if got := admitted("w1", l); got != c.want {
			t.Errorf("%s: admitted %v, want %v", c.name, got, c.want)
		}
	}
}
