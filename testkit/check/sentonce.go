package check

import (
	"slices"

	"troupe/testkit/site"
)

// Reply is one reply as the API tells of it at the end of a run. Texts must be unique per owner in a run: by them posts are
// matched to replies.
type Reply struct {
	ID         string
	Owner      string // platform user id of the account
	Target     string // what the post must answer: comment, reply, work or peer; "" = not judged
	Text       string // never reported
	State      string // confirmed, failed or unknown
	PlatformID string // of the new item, as the account read it
	ShownSent  bool   // some client was shown it as sent
}

// SentOnce judges every reply by the site's audit log (P3): it ended; it stands on the site at most once, under the
// right target; confirmed ones stand there, failed ones do not; an unknown one was never shown as sent. Accepted posts that
// no reply asked for are problems too.
func SentOnce(entries []site.Entry, replies []Reply) []Problem {
	type key struct{ owner, text string }
	posts := map[key][]site.Post{}
	var order []key
	for _, e := range entries {
		if e.Kind != site.KindPost || e.Post == nil || e.Post.Code != 0 {
			continue
		}
		k := key{e.Owner, e.Post.Text}
		if posts[k] == nil {
			order = append(order, k)
		}
		posts[k] = append(posts[k], *e.Post)
	}
	var found []Problem
	asked := map[key]string{}
	for _, r := range replies {
		k := key{r.Owner, r.Text}
		if other, twice := asked[k]; twice {
			found = append(found, problem("P3", "replies %s and %s have one text: they cannot be told apart", other, r.ID))
			continue
		}
		asked[k] = r.ID
		found = append(found, r.judge(posts[k])...)
	}
	for _, k := range order {
		if asked[k] == "" {
			found = append(found, problem("P3", "owner %s: post %s was asked for by no reply", k.owner, posts[k][0].ID))
		}
	}
	return found
}

func (r Reply) judge(posts []site.Post) (found []Problem) {
	if len(posts) > 1 {
		found = append(found, problem("P3", "reply %s stands %d times", r.ID, len(posts)))
	}
	for _, p := range posts {
		if r.Target != "" && p.Target != r.Target {
			found = append(found, problem("P3", "reply %s was posted to %s, not to %s", r.ID, p.Target, r.Target))
		}
	}
	switch r.State {
	case "confirmed":
		if len(posts) == 0 {
			found = append(found, problem("P3", "reply %s is confirmed and does not stand", r.ID))
		} else if r.PlatformID != "" && !slices.ContainsFunc(posts, func(p site.Post) bool { return p.ID == r.PlatformID }) {
			found = append(found, problem("P3", "reply %s is confirmed by item %s, which is not its post", r.ID, r.PlatformID))
		}
	case "failed":
		if len(posts) > 0 {
			found = append(found, problem("P3", "reply %s has failed and stands as %s", r.ID, posts[0].ID))
		}
	case "unknown":
	default:
		found = append(found, problem("P3", "reply %s has not ended: %s", r.ID, r.State))
	}
	if r.ShownSent && r.State != "confirmed" {
		found = append(found, problem("P3", "reply %s is %s and was shown as sent", r.ID, r.State))
	}
	return found
}
