package recording

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"troupe/messages"
	"troupe/platforms"
)

// Result is what a round yielded.
type Result struct {
	// Error is the kind of the failure that ended the round, "" if it ended well; Step is the step it happened in.
	Error string `json:"error,omitempty"`
	Step  string `json:"step,omitempty"`
	// Complete are the collections that were seen whole.
	Complete []string        `json:"complete,omitempty"`
	Profile  json.RawMessage `json:"profile,omitempty"`
	// Items are what was seen, by collection/id.
	Items map[string]json.RawMessage `json:"items"`
}

// ResultOf is what batches, in their order, and an error come to. profile may be nil.
func ResultOf(profile *messages.Profile, err error, batches ...platforms.Batch) (Result, error) {
	r := Result{Items: map[string]json.RawMessage{}}
	if err != nil {
		r.Error, r.Step = platforms.KindOf(err).String(), platforms.StepOf(err)
	}
	if profile != nil {
		var err error
		if r.Profile, err = plain(profile); err != nil {
			return r, err
		}
	}
	for _, b := range batches {
		r.Complete = append(r.Complete, b.Complete...)
		for _, i := range b.Items {
			key, _ := i.KnownKey()
			item, err := plain(i)
			if err != nil {
				return r, fmt.Errorf("item %s: %w", key, err)
			}
			r.Items[key] = item
		}
	}
	slices.Sort(r.Complete)
	r.Complete = slices.Compact(r.Complete)
	return r, nil
}

// file is the result as it stands in its file: each item on a line of its own.
func (r *Result) file() ([]byte, error) {
	head := *r
	head.Items = nil
	content, err := marshal(&head)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.Write(bytes.TrimSuffix(content, []byte("null\n}\n")))
	b.WriteString("{")
	for i, key := range slices.Sorted(maps.Keys(r.Items)) {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "\n  %s: %s", scalar(key), squeezed(r.Items[key]))
	}
	b.WriteString("\n }\n}\n")
	return b.Bytes(), nil
}

// plain is a message as JSON that is the same each time.
func plain(m proto.Message) (json.RawMessage, error) {
	b, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(m)
	if err != nil {
		return nil, err
	}
	var compact bytes.Buffer
	err = json.Compact(&compact, b)
	return compact.Bytes(), err
}

// Counts are the items by collection.
func (r *Result) Counts() map[string]int {
	counts := make(map[string]int)
	for key := range r.Items {
		collection, _, _ := bytes.Cut([]byte(key), []byte("/"))
		counts[string(collection)]++
	}
	return counts
}

// Diff says, in lines for a person, how got differs from r. No line: not at all.
func (r *Result) Diff(got *Result) []string {
	var lines []string
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if r.Error != got.Error {
		say("ended %s instead of %s", ending(got), ending(r))
	}
	if !slices.Equal(r.Complete, got.Complete) {
		say("seen whole: %v instead of %v", got.Complete, r.Complete)
	}
	if !sameJSON(r.Profile, got.Profile) {
		say("profile: %s instead of %s", got.Profile, r.Profile)
	}
	for _, key := range slices.Sorted(maps.Keys(r.Items)) {
		item, there := got.Items[key]
		switch {
		case !there:
			say("%s: missing", key)
		case !sameJSON(item, r.Items[key]):
			say("%s: %s instead of %s", key, squeezed(item), squeezed(r.Items[key]))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(got.Items)) {
		if _, there := r.Items[key]; !there {
			say("%s: extra", key)
		}
	}
	return lines
}

func ending(r *Result) string {
	if r.Error == "" {
		return "well"
	}
	return r.Error + " in " + r.Step
}

// sameJSON says whether two values are the same but for white space.
func sameJSON(a, b json.RawMessage) bool { return bytes.Equal(squeezed(a), squeezed(b)) }

func squeezed(a json.RawMessage) []byte {
	var b bytes.Buffer
	if err := json.Compact(&b, a); err != nil {
		return a
	}
	return b.Bytes()
}
