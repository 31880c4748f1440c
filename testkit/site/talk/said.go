package talk

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"troupe/testkit/site/stage"
)

// Work is something that the owner published.
type Work struct {
	ID    string    `json:"id"`
	Title string    `json:"title"`
	At    time.Time `json:"at"`
}

// Comment is what somebody said about a work, or the answer to that.
type Comment struct {
	ID   string    `json:"id"`
	Work string    `json:"work"`
	Root string    `json:"root"` // the comment that it stands below; "" = it is one itself
	To   string    `json:"to"`   // what it answers; "" of a comment
	By   Person    `json:"by"`
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// Letter is private, between the owner and one person.
type Letter struct {
	ID   string    `json:"id"`
	With Person    `json:"with"`
	Own  bool      `json:"own"` // the owner wrote it
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// News is what was just said: one of the three.
type News struct {
	Work    *Work
	Comment *Comment
	Letter  *Letter
}

// NewComment is a comment by a visitor: on a work, or below what it answers.
type NewComment struct {
	Work     string `json:"work"`
	To       string `json:"to"`
	Author   string `json:"author"`
	AuthorID string `json:"author_id"` // "" = somebody who was never here
	Text     string `json:"text"`
}

// NewLetter is a letter to the owner, or, if Own, one that he wrote elsewhere.
type NewLetter struct {
	Author   string `json:"author"`
	AuthorID string `json:"author_id"` // "" = somebody who was never here
	Text     string `json:"text"`
	Own      bool   `json:"own"`
}

// id makes the next one. Talk.mu is held.
func (t *Talk) id() string {
	t.last++
	return strconv.Itoa(t.last)
}

// person is who writes. Talk.mu is held.
func (t *Talk) person(id, name string) Person {
	if id == "" {
		id = "7" + t.id()
	}
	return Person{id, name}
}

// now gives what is said later a later time, to the second.
func (t *Talk) now() time.Time { return time.Now().Truncate(time.Second) }

func (t *Talk) tell(n News) {
	if t.venue.Told != nil {
		t.venue.Told(t, n)
	}
}

// AddWork publishes.
func (t *Talk) AddWork(title string) Work {
	t.mu.Lock()
	w := Work{t.id(), title, t.now()}
	t.works = append(t.works, w)
	t.mu.Unlock()
	t.tell(News{Work: &w})
	return w
}

// AddComment lets a visitor say something.
func (t *Talk) AddComment(n NewComment) (Comment, error) {
	t.mu.Lock()
	c, err := t.comment(n.Work, n.To, t.person(n.AuthorID, n.Author), n.Text)
	t.mu.Unlock()
	if err == nil {
		t.tell(News{Comment: &c})
	}
	return c, err
}

// comment puts a comment where it belongs. Talk.mu is held.
func (t *Talk) comment(work, to string, by Person, text string) (Comment, error) {
	c := Comment{ID: t.id(), Work: work, To: to, By: by, Text: text, At: t.now()}
	if to != "" {
		i := slices.IndexFunc(t.comments, func(c Comment) bool { return c.ID == to })
		if i < 0 {
			return c, fmt.Errorf("comment %q: %w", to, stage.ErrGone)
		}
		answered := t.comments[i]
		c.Work, c.Root = answered.Work, answered.Root
		if c.Root == "" {
			c.Root = to
		}
	}
	if !slices.ContainsFunc(t.works, func(w Work) bool { return w.ID == c.Work }) {
		return c, fmt.Errorf("work %q: %w", c.Work, stage.ErrGone)
	}
	t.comments = append(t.comments, c)
	return c, nil
}

// AddLetter lets a visitor write to the owner.
func (t *Talk) AddLetter(n NewLetter) Letter {
	t.mu.Lock()
	l := Letter{ID: t.id(), With: t.person(n.AuthorID, n.Author), Own: n.Own, Text: n.Text, At: t.now()}
	t.letters = append(t.letters, l)
	t.mu.Unlock()
	t.tell(News{Letter: &l})
	return l
}

// Fill puts so much on the site, with nobody being told: comments on all works, an answer below every fourth, letters with
// every third person.
func (t *Talk) Fill(works, comments, letters int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range works {
		t.works = append(t.works, Work{t.id(), fmt.Sprintf("第%d篇", i), t.now().Add(-time.Hour)})
	}
	for i := range comments {
		on := t.works[len(t.works)-1-i%max(works, 1)]
		c := Comment{ID: t.id(), Work: on.ID, By: t.person("", "路人"), Text: fmt.Sprintf("第%d条", i), At: t.now().Add(-time.Hour)}
		if t.comments = append(t.comments, c); i%4 == 0 {
			t.comments = append(t.comments, Comment{ID: t.id(), Work: on.ID, Root: c.ID, To: c.ID, By: t.owner, Text: "谢谢", At: c.At})
		}
	}
	for i := range letters {
		with := fmt.Sprintf("80%02d", i/3)
		t.letters = append(t.letters, Letter{t.id(), Person{with, "客人" + with}, false, "在吗", t.now().Add(-time.Hour)})
	}
}

// Delete takes something away: a work or comment with what stands below it, or a letter. "" is everything.
func (t *Talk) Delete(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.works = slices.DeleteFunc(t.works, func(w Work) bool { return id == "" || w.ID == id })
	t.comments = slices.DeleteFunc(t.comments, func(c Comment) bool { return id == "" || c.ID == id || c.Root == id || c.Work == id })
	t.letters = slices.DeleteFunc(t.letters, func(l Letter) bool { return id == "" || l.ID == id })
}

// Works, Comments and Letters are what stands there, oldest first. They may be kept.
func (t *Talk) Works() []Work {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.works)
}

// Comments are those of all works, with the answers below them.
func (t *Talk) Comments() []Comment {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.comments)
}

// Letters are those with everybody.
func (t *Talk) Letters() []Letter {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.letters)
}
