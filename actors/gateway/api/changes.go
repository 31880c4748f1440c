package api

import (
	"net/http"

	"troupe/actors/store/dataset"
	"troupe/messages"
)

// Changes is the answer to GET /changes: what a client missed, exactly, or that it has to read the lists again.
type Changes struct {
	Version int         `json:"version"` // of the events: EventsVersion
	Events  []ItemEvent `json:"events"`  // in the order of their rev, as /events would have sent them
	Cursor  string      `json:"cursor"`  // ?since= of the next request, here and for /events
	More    bool        `json:"more"`    // there are further changes: ask again at once
	Reset   bool        `json:"reset"`   // a full read is due: the cursor is older than the log, or of another data folder
	LogFrom string      `json:"log_from"`
}

// fullReadDue says whether a cursor lies where the log of changes says nothing exact any more.
func fullReadDue(views Views, cursor messages.Rev) bool {
	return cursor > views.Rev() || cursor < views.From()
}

func (a *API) changes(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	if err := a.known(q.Get("account")); err != nil {
		return err
	}
	limit, err := count(r, "limit", 1000, 5000)
	if err != nil {
		return err
	}
	cursor, err := revOf(q.Get("since"))
	if err != nil {
		return err
	}
	out := Changes{Version: EventsVersion, Events: []ItemEvent{}, Cursor: revText(cursor), LogFrom: revText(a.Views.From())}
	return a.fill(w, &out, cursor, limit, q.Get("account"))
}

// fill answers with the changes after cursor, of one account or of all. It stops before an account whose items are still being read
// from disk: what they say is not known yet.
func (a *API) fill(w http.ResponseWriter, out *Changes, cursor messages.Rev, limit int, account string) error {
	changes, more := a.Views.Since(cursor, limit)
	if fullReadDue(a.Views, cursor) { // asked after, because the log may be cut at any time
		out.Reset, out.Cursor = true, revText(a.Views.Rev())
		return answer(w, http.StatusOK, out)
	}
	out.More = more
	for _, ch := range changes {
		v := a.Views.Get(ch.Account)
		if v != nil && !v.Loaded {
			if len(out.Events) == 0 {
				return loading(string(ch.Account))
			}
			out.More = true
			break
		}
		out.Cursor = revText(ch.Rev)
		if fits(account, string(ch.Account)) && a.sees(string(ch.Account)) {
			out.Events = append(out.Events, itemEventOf(ch, v))
		}
	}
	return answer(w, http.StatusOK, out)
}

var _ Views = (*dataset.Views)(nil)
