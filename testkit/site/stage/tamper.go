package stage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Tamper spoils answers.
type Tamper struct {
	Route  string `json:"route"`            // as of Delay
	Do     string `json:"do"`               // see tamperings
	Key    string `json:"key,omitempty"`    // of drop, rename, retype: wherever it stands in the JSON
	To     string `json:"to,omitempty"`     // of rename
	Status int    `json:"status,omitempty"` // of status; 0 = 500
	MS     int64  `json:"ms,omitempty"`     // of late
	N      int    `json:"n,omitempty"`      // how many answers; 0 = until Reset
}

// tamperings are what Tamper.Do can say. "status" answers instead of the site: nothing is done. All others spoil the
// answer to what was done.
var tamperings = map[string]func(t *Tamper, a *answer){
	"status":  nil,
	"empty":   func(_ *Tamper, a *answer) { a.body = nil },
	"blocked": func(_ *Tamper, a *answer) { a.body = []byte("blocked") },
	"plain":   func(_ *Tamper, a *answer) { a.header.Set("Content-Type", "text/plain"); a.body = []byte("{}") },
	"garbage": func(_ *Tamper, a *answer) { a.body = []byte("\xff\x07\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01{") },
	"late":    func(t *Tamper, a *answer) { a.late = time.Duration(t.MS) * time.Millisecond },
	"drop":    func(t *Tamper, a *answer) { a.edit(func(m map[string]any) { delete(m, t.Key) }) },
	"rename": func(t *Tamper, a *answer) {
		a.edit(func(m map[string]any) {
			if v, ok := m[t.Key]; ok {
				delete(m, t.Key)
				m[t.To] = v
			}
		})
	},
	"retype": func(t *Tamper, a *answer) {
		a.edit(func(m map[string]any) {
			switch v := m[t.Key].(type) {
			case nil:
			case string:
				m[t.Key] = map[string]any{"value": v}
			default:
				m[t.Key] = fmt.Sprint(v)
			}
		})
	},
}

// Tamper spoils the answers of a route from now on.
func (s *Stage) Tamper(t Tamper) error {
	if _, ok := tamperings[t.Do]; !ok {
		return fmt.Errorf("tamper %q: %w", t.Do, ErrBadParameter)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.tampers = append(s.faults.tampers, &t)
	return nil
}

// takeTampers finds what is to be done to the answer of r, and counts it.
func (s *Stage) takeTampers(r *http.Request) (list []Tamper) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.tampers = slices.DeleteFunc(s.faults.tampers, func(t *Tamper) bool {
		if !onRoute(r, t.Route) {
			return false
		}
		list = append(list, *t)
		t.N--
		return t.N == 0
	})
	return list
}

// answer is a whole answer that was not yet sent.
type answer struct {
	header http.Header
	status int
	body   []byte
	late   time.Duration
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(p []byte) (int, error) { a.body = append(a.body, p...); return len(p), nil }

// edit changes every object of a JSON answer; others stay as they are.
func (a *answer) edit(change func(map[string]any)) {
	d := json.NewDecoder(bytes.NewReader(a.body))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			change(v)
			for _, below := range v {
				walk(below)
			}
		case []any:
			for _, below := range v {
				walk(below)
			}
		}
	}
	walk(v)
	if spoilt, err := json.Marshal(v); err == nil {
		a.body = spoilt
	}
}

// tampered puts the tamperings before h. Sockets are left alone, and so is everybody while there are none.
func (s *Stage) tampered(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var list []Tamper
		if r.Header.Get("Upgrade") == "" && r.Method != http.MethodOptions {
			list = s.takeTampers(r)
		}
		if len(list) == 0 {
			h.ServeHTTP(w, r)
			return
		}
		a := &answer{header: w.Header(), status: http.StatusOK}
		if i := slices.IndexFunc(list, func(t Tamper) bool { return t.Do == "status" }); i >= 0 {
			a.status = max(list[i].Status, 100)
			if list[i].Status == 0 {
				a.status = http.StatusInternalServerError
			}
		} else {
			h.ServeHTTP(a, r)
			for _, t := range list {
				tamperings[t.Do](&t, a)
			}
		}
		if VisitOf(r).Reset || !s.wait(r, a.late) {
			return
		}
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body) // the reader may be gone
	})
}
