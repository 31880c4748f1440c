package browser

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"troupe/actors/account/persona"
)

// probeSite serves the mirror's pages over the network, to whoever asks by whatever browser, and keeps what their
// contexts answer and with which headers they asked.
type probeSite struct {
	files map[string]string

	mu      sync.Mutex
	answers map[string]persona.Answer
	asked   map[string]http.Header // by address, newest
	served  int                    // scripts
}

// highHints are the client hints that a site has to ask for.
const highHints = "Sec-CH-UA-Full-Version-List, Sec-CH-UA-Full-Version, Sec-CH-UA-Arch, Sec-CH-UA-Bitness, Sec-CH-UA-Model, " +
	"Sec-CH-UA-Platform-Version, Sec-CH-UA-Form-Factors, Sec-CH-UA-WoW64, Device-Memory, DPR, Viewport-Width"

// networkProbe is the mirror's page with a button for the popup, which no page may open by itself.
const networkProbe = mirrorSite + "/probe"

func newProbeSite(t *testing.T, p persona.Persona, deep bool) (*probeSite, *rig) {
	t.Helper()
	s := &probeSite{files: mirrorFiles(p, deep), answers: map[string]persona.Answer{}, asked: map[string]http.Header{}}
	s.files[networkProbe] = s.files[fullMirror] + `<button onclick="window.open('/popup')">more</button>`
	mux := http.NewServeMux()
	mux.Handle("/", s)
	return s, newRig(t, mux)
}

func (s *probeSite) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	address := "https://" + req.Host + req.URL.Path
	s.mu.Lock()
	defer s.mu.Unlock()
	if req.URL.Path == "/answer" {
		var answer persona.Answer
		if b, err := io.ReadAll(req.Body); err != nil || json.Unmarshal(b, &answer) != nil {
			answer = persona.Answer{"answer": "unreadable"}
		}
		from := req.URL.Query().Get("from")
		s.answers[from] = answer
		address += "?from=" + from
	}
	s.asked[address] = req.Header.Clone()
	body, ok := s.files[address]
	kind := "text/html; charset=utf-8"
	switch {
	case !ok:
		w.WriteHeader(http.StatusNoContent)
		return
	case strings.HasSuffix(address, ".js"):
		kind = "text/javascript; charset=utf-8"
		s.served++
		body += fmt.Sprintf("\n// %d", s.served) // else a service worker that is known would not run again
	default:
		w.Header().Set("Accept-CH", highHints)
	}
	w.Header().Set("Content-Type", kind)
	io.WriteString(w, body)
}

// forget begins a new look.
func (s *probeSite) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.answers)
	clear(s.asked)
}

func (s *probeSite) seen() (answers map[string]persona.Answer, asked map[string]http.Header) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.answers), maps.Clone(s.asked)
}

// look has all contexts answer in a tab of i, over the network.
func (s *probeSite) look(t *testing.T, i *Instance) (answers map[string]persona.Answer, asked map[string]http.Header) {
	t.Helper()
	s.forget()
	tab := open(t, i, "main", networkProbe)
	if err := find(t, tab, "button").Click(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if t.Failed() {
			t.Logf("there are answers from %v after %v", slices.Sorted(maps.Keys(answers)), slices.Sorted(maps.Keys(asked)))
		}
	}()
	until(t, "every context to answer", func() bool {
		answers, asked = s.seen()
		return len(answers) == len(persona.Contexts)
	})
	return answers, asked
}

// hintHeaders are the headers of the client hints for o, as a request carries them.
func hintHeaders(o persona.Override) map[string]string {
	list := func(brands []persona.Brand) string {
		quoted := make([]string, len(brands))
		for i, b := range brands {
			quoted[i] = fmt.Sprintf("%q;v=%q", b.Brand, b.Version)
		}
		return strings.Join(quoted, ", ")
	}
	m := o.Metadata
	return map[string]string{
		"Sec-Ch-Ua": list(m.Brands), "Sec-Ch-Ua-Mobile": "?0", "Sec-Ch-Ua-Platform": `"Linux"`,
		"Sec-Ch-Ua-Full-Version-List": list(m.FullVersionList), "Sec-Ch-Ua-Full-Version": `"` + m.FullVersion + `"`,
		"Sec-Ch-Ua-Arch": `"` + m.Architecture + `"`, "Sec-Ch-Ua-Bitness": `"64"`, "Sec-Ch-Ua-Model": `""`,
		"Sec-Ch-Ua-Platform-Version": `""`, "Sec-Ch-Ua-Form-Factors": `"Desktop"`, "Sec-Ch-Ua-Wow64": "?0",
	}
}

// answerFrom is the address at which a context posts.
func answerFrom(context string) string {
	return mirrorSite + "/answer?from=" + url.QueryEscape(context)
}
