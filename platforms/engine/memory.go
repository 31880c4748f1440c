package engine

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"troupe/platforms/definition"
)

// The bounds of a memory; what goes beyond them is learned anew.
const (
	actsMost    = 10_000 // times of one kind, of the last day
	aliasesMost = 20_000
	doneMost    = 5_000 // rows of one each
)

// Memory is what an account remembers between its browsers: how often it acted, how long the platform is to be left
// alone, which rows it has been through, and further names of things. Whoever owns the account keeps one and gives it to each
// client; it is safe for any goroutine. Export and ImportMemory let it travel.
type Memory struct {
	mu   sync.Mutex
	kept remembered
}

// remembered is a memory's content, as it travels.
type remembered struct {
	Navigations []int64                      `json:"navigations,omitempty"` // Unix ms, oldest first
	Replies     []int64                      `json:"replies,omitempty"`
	SlowDowns   int                          `json:"slow_downs,omitempty"`  // in a row
	LeaveUntil  int64                        `json:"leave_until,omitempty"` // Unix ms
	Yielded     map[string]int               `json:"yielded,omitempty"`     // items by look and listen, when last there were any
	Done        map[string]map[string]string `json:"done,omitempty"`        // by each: row key -> stamp
	Aliases     map[string]string            `json:"aliases,omitempty"`     // kind/alias -> id
}

// NewMemory is an empty one.
func NewMemory() *Memory { return &Memory{} }

// ImportMemory reads what Export wrote.
func ImportMemory(exported []byte) (*Memory, error) {
	m := NewMemory()
	if err := json.Unmarshal(exported, &m.kept); err != nil {
		return nil, fmt.Errorf("import memory: %w", err)
	}
	return m, nil
}

// Export returns the memory in one piece. It holds ids and times, and nothing that anybody wrote.
func (m *Memory) Export() ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return json.Marshal(m.kept)
}

// LeaveUntil is how long the platform is to be left alone because it asked to slow down; zero or past: it is not.
func (m *Memory) LeaveUntil() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.UnixMilli(m.kept.LeaveUntil)
}

// Accept takes what the platform shows now for right: lists that went empty are no alarm any more. For a person who says so.
func (m *Memory) Accept() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept.Yielded = nil
}

// slowDown notes that the platform asked to slow down.
func (m *Memory) slowDown(now time.Time, b definition.BackOff) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept.SlowDowns++
	m.kept.LeaveUntil = now.Add(b.After(m.kept.SlowDowns)).UnixMilli()
}

// well notes that a round went well.
func (m *Memory) well() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept.SlowDowns, m.kept.LeaveUntil = 0, 0
}

// navigate notes a page load, unless the allowance is used up: then it says when one is allowed again.
func (m *Memory) navigate(now time.Time, a definition.Allowance) (again time.Time, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept.Navigations, again, ok = spend(m.kept.Navigations, now, a, true)
	return again, ok
}

// mayReply says whether a reply is within the allowance; replied notes one.
func (m *Memory) mayReply(now time.Time, a definition.Allowance) (again time.Time, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept.Replies, again, ok = spend(m.kept.Replies, now, a, false)
	return again, ok
}

func (m *Memory) replied(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept.Replies, _, _ = spend(m.kept.Replies, now, definition.Allowance{}, true)
}

// spend forgets acts older than a day and adds one now if told to and if the allowance leaves room.
func spend(acts []int64, now time.Time, a definition.Allowance, add bool) (kept []int64, again time.Time, ok bool) {
	day, hour := now.Add(-24*time.Hour).UnixMilli(), now.Add(-time.Hour).UnixMilli()
	acts = slices.DeleteFunc(acts, func(at int64) bool { return at <= day })
	inHour := acts[len(acts):]
	if i := slices.IndexFunc(acts, func(at int64) bool { return at > hour }); i >= 0 {
		inHour = acts[i:]
	}
	switch {
	case a.Day > 0 && len(acts) >= a.Day:
		return acts, time.UnixMilli(acts[len(acts)-a.Day]).Add(24 * time.Hour), false
	case a.Hour > 0 && len(inHour) >= a.Hour:
		return acts, time.UnixMilli(inHour[len(inHour)-a.Hour]).Add(time.Hour), false
	}
	if add {
		acts = append(acts, now.UnixMilli())
	}
	return acts[max(0, len(acts)-actsMost):], time.Time{}, true
}

// yielded is how many items a look's listen gave when it last gave any.
func (m *Memory) yielded(key string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.kept.Yielded[key]
}

func (m *Memory) yields(key string, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept.Yielded == nil {
		m.kept.Yielded = make(map[string]int)
	}
	m.kept.Yielded[key] = n
}

// stamp is what a row of an each looked like when its steps last ended well.
func (m *Memory) stamp(each, row string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.kept.Done[each][row]
}

func (m *Memory) done(each, row, stamp string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept.Done == nil {
		m.kept.Done = make(map[string]map[string]string)
	}
	if len(m.kept.Done[each]) >= doneMost || m.kept.Done[each] == nil {
		m.kept.Done[each] = make(map[string]string)
	}
	m.kept.Done[each][row] = stamp
}

// name notes further names of things.
func (m *Memory) name(aliases map[string]string) {
	if len(aliases) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.kept.Aliases)+len(aliases) > aliasesMost || m.kept.Aliases == nil {
		m.kept.Aliases = make(map[string]string, len(aliases))
	}
	maps.Copy(m.kept.Aliases, aliases)
}

// real is the id that a name stands for: the name itself if no other is known.
func (m *Memory) real(kind, name string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if id, ok := m.kept.Aliases[kind+"/"+name]; ok {
		return id
	}
	return name
}
