package recording

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"sync"

	"troupe/platforms/definition"
)

// shelfmark is where answers to one kind of request stand: method, host and path.
type shelfmark struct{ method, place string }

// answers finds the answer that belongs to a request. It is safe for concurrent use; what it gives depends on the order of
// requests alone.
type answers struct {
	redactor *redactor

	mu     sync.Mutex
	byMark map[shelfmark][]*recorded
	missed []string
}

// recorded is one answer and what its request said.
type recorded struct {
	entry  *Entry
	traits map[string]string
	used   bool
}

func newAnswers(rec *Recording) *answers {
	a := &answers{redactor: newRedactor(&definition.Definition{}, Redaction{}), byMark: map[shelfmark][]*recorded{}}
	for i := range rec.Entries {
		e := &rec.Entries[i]
		if e.Kind != Response && e.Kind != Redirect && e.Kind != Failed {
			continue
		}
		mark := shelfmark{strings.ToUpper(e.Method), hostAndPath(e.URL)}
		a.byMark[mark] = append(a.byMark[mark], &recorded{entry: e, traits: traits(e.URL, e.Post)})
	}
	return a
}

// find returns the recorded answer to a request: one to the very same request that was not given yet, or was given last; else
// the one that was not given yet and whose request has the same names and the most values in common, for clocks and
// signatures change; else the last of those. A request with other names in its query was never recorded: nil, and noted.
func (a *answers) find(method, address string, post []byte) *Entry {
	a.mu.Lock()
	defer a.mu.Unlock()
	want := traits(a.redactor.address(address), a.redactor.body(post, ""))
	var best *recorded
	score := -1
	for _, r := range a.byMark[shelfmark{strings.ToUpper(method), hostAndPath(address)}] {
		if s := likeness(want, r); s > score || s == score && s >= 0 && r.used {
			best, score = r, s
		}
	}
	if best == nil {
		a.missed = append(a.missed, method+" "+a.redactor.address(address))
		return nil
	}
	best.used = true
	return best.entry
}

// The weights of likeness: the very same request comes first, whether it was answered already or not.
const (
	same   = 1 << 20
	unused = 1 << 10
)

// likeness is how well a recorded request fits; less than 0 is not at all.
func likeness(want map[string]string, r *recorded) int {
	equal := 0
	for name, value := range want {
		got, there := r.traits[name]
		if !there && strings.HasPrefix(name, "?") {
			return -1
		}
		if there && got == value {
			equal++
		}
	}
	for name := range r.traits {
		if _, there := want[name]; !there && strings.HasPrefix(name, "?") {
			return -1
		}
	}
	score := equal
	if equal == len(want) && equal == len(r.traits) {
		score += same
	}
	if !r.used {
		score += unused
	}
	return score
}

// traits are what tells requests to one place apart: the values of the query, and of what was posted.
func traits(address string, post []byte) map[string]string {
	all := make(map[string]string)
	if u, err := url.Parse(address); err == nil {
		for name, values := range u.Query() {
			all["?"+name] = strings.Join(values, "\x00")
		}
	}
	if len(post) == 0 {
		return all
	}
	if posted, ok := definition.Posted(post).(map[string]any); ok {
		for name, value := range posted {
			all["post."+name] = fmt.Sprint(value)
		}
		return all
	}
	sum := sha256.Sum256(post)
	all["post"] = hex.EncodeToString(sum[:])
	return all
}

// misses are the requests that no answer was found for, each once, in the order of their first.
func (a *answers) misses() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []string
	seen := make(map[string]bool)
	for _, m := range a.missed {
		if !seen[m] {
			seen[m], all = true, append(all, m)
		}
	}
	return all
}
