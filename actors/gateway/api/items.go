package api

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"troupe/actors/store/dataset"
	"troupe/messages"
)

// Items is the answer to GET /items.
type Items struct {
	Items   []Item   `json:"items"`          // newest first
	Next    string   `json:"next,omitempty"` // ?page= of the following items; absent at the end
	Cursor  string   `json:"cursor"`         // ?since= of what comes after this answer, here and for /events
	Loading []string `json:"loading"`        // accounts whose items are still being read from disk, and are missing here
}

// itemQuery is what a client wants of the items.
type itemQuery struct {
	collections []string // one empty name stands for all
	unread      bool     // only what nobody has read
	since       messages.Rev
	limit       int
	after       *place // nil = from the newest
}

// place is where an item stands in the order of the answer.
type place struct {
	At         int64              `json:"t"`
	Account    messages.AccountID `json:"a"`
	Collection string             `json:"c"`
	ID         string             `json:"i"`
}

// compare orders places: the newest first, then by name.
func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(q.At, p.At), strings.Compare(string(p.Account), string(q.Account)),
		strings.Compare(p.Collection, q.Collection), strings.Compare(p.ID, q.ID))
}

func (p place) token() string {
	text, _ := json.Marshal(p) // numbers and strings always encode
	return base64.RawURLEncoding.EncodeToString(text)
}

// found is an item that matches, not yet in JSON.
type found struct {
	place
	in *dataset.View
}

func (a *API) listItems(w http.ResponseWriter, r *http.Request) error {
	q, err := itemQueryOf(r)
	if err != nil {
		return err
	}
	out := Items{Items: []Item{}, Cursor: revText(a.Views.Rev()), Loading: []string{}}
	views, err := a.viewsOf(r.URL.Query().Get("account"))
	if err != nil {
		return err
	}
	best := newest{limit: q.limit + 1}
	for _, v := range views {
		if !v.Loaded {
			out.Loading = append(out.Loading, string(v.Account))
			continue
		}
		q.collect(v, &best)
	}
	list := best.sorted()
	if len(list) > q.limit {
		list = list[:q.limit]
		out.Next = list[q.limit-1].token()
	}
	for _, f := range list {
		item, _ := itemIn(f.in, f.Collection, f.ID) // the view that it was found in never changes
		out.Items = append(out.Items, item)
	}
	return answer(w, http.StatusOK, out)
}

func itemQueryOf(r *http.Request) (q itemQuery, err error) {
	values := r.URL.Query()
	q.collections = strings.Split(values.Get("collection"), ",")
	for _, name := range q.collections {
		if !slices.Contains(messages.Collections, name) && values.Get("collection") != "" {
			return q, invalid("parameter \"collection\" must be of %s", join(messages.Collections))
		}
	}
	if q.unread, _, err = flag(r, "unread"); err != nil {
		return q, err
	}
	if q.limit, err = count(r, "limit", 50, 500); err != nil {
		return q, err
	}
	if text := values.Get("since"); text != "" {
		if q.since, err = revOf(text); err != nil {
			return q, err
		}
	}
	if text := values.Get("page"); text != "" {
		raw, _ := base64.RawURLEncoding.DecodeString(text)
		if json.Unmarshal(raw, &q.after) != nil || q.after == nil {
			return q, invalid("parameter \"page\" must be the \"next\" of an earlier answer")
		}
	}
	return q, nil
}

// revOf reads a cursor.
func revOf(text string) (messages.Rev, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, invalid("%q is no cursor: use the \"cursor\" of an earlier answer or the id of an event", text)
	}
	return messages.Rev(n), nil
}

// collect adds every item of v that matches.
func (q *itemQuery) collect(v *dataset.View, to *newest) {
	for _, collection := range q.collections {
		for _, e := range v.Items(collection, dataset.Filter{Unread: q.unread, After: q.since}) {
			p := place{e.CreateTime(), v.Account, e.Collection, e.ID}
			if q.after == nil || p.compare(*q.after) > 0 {
				to.add(found{p, v})
			}
		}
	}
}

// newest keeps the first limit of what is added to it, in little more memory than those take.
type newest struct {
	limit int
	list  []found
}

func (n *newest) add(f found) {
	if n.list = append(n.list, f); len(n.list) >= 4*n.limit {
		n.list = n.sorted()
	}
}

func (n *newest) sorted() []found {
	slices.SortFunc(n.list, func(x, y found) int { return x.compare(y.place) })
	return n.list[:min(n.limit, len(n.list))]
}
