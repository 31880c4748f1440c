package talk

import (
	"errors"
	"slices"
	"strings"

	"troupe/testkit/site/stage"
)

// Refusals of what an owner wrote; stage.ErrGone is another. Their words are what the site says.
var (
	ErrWords = errors.New("内容不合适，不能发表")
	ErrOften = errors.New("您写得太快了，请稍后再试")
)

// codes are the refusals in the audit log.
var codes = map[error]int{ErrWords: 5, ErrOften: 4, stage.ErrGone: 10}

// Write enters a comment of the visiting owner: on a work, or below what it answers. Its answer may have to be lost (Visit.Reset).
func (t *Talk) Write(v *stage.Visit, work, to, text string) (Comment, error) {
	p := stage.Post{Kind: "comment", Text: text, Work: work, Target: work}
	if to != "" {
		p.Kind, p.Target = "reply", to
	}
	var c Comment
	t.mu.Lock()
	err := t.acceptable(text)
	if err == nil {
		c, err = t.comment(work, to, t.owner, text)
	}
	t.mu.Unlock()
	p.ID = c.ID
	t.posted(v, p, err)
	if err == nil {
		t.tell(News{Comment: &c})
	}
	return c, err
}

// Send enters a letter of the visiting owner to somebody who wrote before.
func (t *Talk) Send(v *stage.Visit, with, text string) (Letter, error) {
	p := stage.Post{Kind: "message", Text: text, Target: with}
	var l Letter
	t.mu.Lock()
	err := t.acceptable(text)
	if err == nil {
		i := slices.IndexFunc(t.letters, func(l Letter) bool { return l.With.ID == with })
		if err = stage.ErrGone; i >= 0 {
			l, err = Letter{ID: t.id(), With: t.letters[i].With, Own: true, Text: text, At: t.now()}, nil
			t.letters = append(t.letters, l)
		}
	}
	t.mu.Unlock()
	p.ID = l.ID
	t.posted(v, p, err)
	if err == nil {
		t.tell(News{Letter: &l})
	}
	return l, err
}

// acceptable says why the owner may not write that, or nil. Talk.mu is held.
func (t *Talk) acceptable(text string) error {
	switch {
	case t.faults.Limited:
		return ErrOften
	case strings.TrimSpace(text) == "", strings.Contains(text, "违规"):
		return ErrWords
	}
	return nil
}

func (t *Talk) posted(v *stage.Visit, p stage.Post, err error) {
	for why, code := range codes {
		if errors.Is(err, why) {
			p.Code, p.ID = code, ""
		}
	}
	v.Posted(p)
}
