package guestbook

import (
	"net/http"
	"slices"

	"troupe/testkit/site/stage"
	"troupe/testkit/site/talk"
)

// threads are the comments, oldest first, with the number of their answers.
func (s *site) threads() []told {
	var list []told
	for _, c := range s.Comments() {
		if c.Root == "" {
			list = append(list, told{Comment: c, Link: c.ID})
			continue
		}
		if i := slices.IndexFunc(list, func(t told) bool { return t.ID == c.Root }); i >= 0 {
			list[i].Answers++
		}
	}
	if s.Faults().Astray {
		for i := range list {
			list[i].Link = list[(i+1)%len(list)].ID
		}
	}
	return list
}

// desk is the first page of comments and of letters. Whether either goes on is not told apart: it has one link.
func (s *site) desk(r *http.Request) (view, error) {
	comments, more := cut(r, s.threads())
	letters, moreLetters := cut(r, s.Letters())
	return view{Comments: comments, Letters: letters, Next: more + moreLetters}, nil
}

func (s *site) entries(r *http.Request) (v view, _ error) {
	v.Works, v.Next = cut(r, s.Works())
	return v, nil
}

func (s *site) entry(r *http.Request) (view, error) {
	w, err := found(s.Works(), func(w talk.Work) bool { return w.ID == r.FormValue("id") })
	v := view{Work: w}
	for _, c := range s.Comments() {
		if c.Work == w.ID && c.Root == "" {
			v.Answers = append(v.Answers, c)
		}
	}
	return v, err
}

func (s *site) comments(r *http.Request) (v view, _ error) {
	v.Comments, v.Next = cut(r, s.threads())
	return v, nil
}

func (s *site) comment(r *http.Request) (view, error) {
	all := s.Comments()
	c, err := found(all, func(c talk.Comment) bool { return c.ID == r.FormValue("id") && c.Root == "" })
	v := view{Comment: c, Target: c}
	for _, a := range all {
		if a.Root != c.ID {
			continue
		}
		if v.Answers = append(v.Answers, a); a.ID == r.FormValue("to") {
			v.Target = a
		}
	}
	return v, err
}

func (s *site) letters(r *http.Request) (v view, _ error) {
	v.Letters, v.Next = cut(r, s.Letters())
	return v, nil
}

// thread shows the letters with one person, which are read thereby.
func (s *site) thread(r *http.Request) (v view, _ error) {
	with := r.FormValue("with")
	for _, l := range s.Letters() {
		if l.With.ID == with {
			v.With, v.Letters = l.With, append(v.Letters, l)
		}
	}
	if v.With.ID == "" {
		return v, stage.ErrGone
	}
	stage.VisitOf(r).Note(stage.KindRead, with)
	return v, nil
}

func found[T any](all []T, is func(T) bool) (one T, err error) {
	i := slices.IndexFunc(all, is)
	if i < 0 {
		return one, stage.ErrGone
	}
	return all[i], nil
}
