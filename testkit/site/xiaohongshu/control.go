package xiaohongshu

import (
	"encoding/json"
	"fmt"
	"net/http"

	"troupe/testkit/site/stage"
)

// Info is where a site is and who is on it.
type Info struct {
	Addr      string    `json:"addr"`
	SPKI      string    `json:"spki"`
	PhoneURL  string    `json:"phone_url"`
	Hosts     []string  `json:"hosts"`
	Owners    []Owner   `json:"owners"`
	Behaviour Behaviour `json:"behaviour"`
}

// Info says where the site is and who is on it.
func (s *Site) Info() Info {
	return Info{s.Addr(), s.SPKI(), s.PhoneURL(), Hosts(), s.Owners(), s.Behaves()}
}

// Owners lists all owners, oldest first.
func (s *Site) Owners() []Owner {
	s.mu.Lock()
	defer s.mu.Unlock()
	return rowsOf[*owner, Owner](s.world.owners)
}

// Notes lists an owner's notes, oldest first.
func (s *Site) Notes(ownerUID string) (rows []Note) {
	_ = s.withOwner(ownerUID, func(o *owner) { rows = rowsOf[*note, Note](o.notes) }) // nobody has none
	return rows
}

// Comments lists everything written under a note, all levels, oldest first.
func (s *Site) Comments(noteID string) []Comment {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.world.notes[noteID]
	if n == nil {
		return nil
	}
	return rowsOf[*comment, Comment](n.comments)
}

// Conversations lists an owner's conversations, the newest message first.
func (s *Site) Conversations(ownerUID string) (rows []Conversation) {
	_ = s.withOwner(ownerUID, func(o *owner) { rows = rowsOf[*conversation, Conversation](byLastMessage(o)) }) // nobody has none
	return rows
}

// Messages lists an owner's private messages, oldest first in each conversation.
func (s *Site) Messages(ownerUID string) (rows []Message) {
	_ = s.withOwner(ownerUID, func(o *owner) { // nobody has none
		for _, c := range o.convs {
			rows = append(rows, rowsOf[*message, Message](c.messages)...)
		}
	})
	return rows
}

// Mentions lists an owner's notifications, oldest first.
func (s *Site) Mentions(ownerUID string) (rows []Mention) {
	_ = s.withOwner(ownerUID, func(o *owner) { rows = rowsOf[*mention, Mention](o.mentions) }) // nobody has none
	return rows
}

// CtlOwner is the body of control operations on an owner, an item or a person.
type CtlOwner struct {
	Owner    string `json:"owner,omitempty"`
	ID       string `json:"id,omitempty"`
	UID      string `json:"uid,omitempty"`
	Nickname string `json:"nickname,omitempty"`
	Text     string `json:"text,omitempty"`
	How      string `json:"how,omitempty"`
	What     string `json:"what,omitempty"`
	On       bool   `json:"on,omitempty"`
}

// controlRoutes adds the site's own operations to /__ctl/: the same as the methods of Site.
func (s *Site) controlRoutes(mux *http.ServeMux) {
	for name, op := range map[string]http.HandlerFunc{
		"owner": stage.Op(s.CreateOwner), "note": stage.Op(s.AddNote), "comment": stage.Op(s.AddComment), "message": stage.Op(s.AddMessage),
		"mention": stage.Op(s.AddMention), "edit_note": stage.Act(s.EditNote), "fill": stage.Act(s.Fill),
		"edit_comment":  stage.Act(func(in CtlOwner) error { return s.EditComment(in.ID, in.Text) }),
		"hide_comment":  stage.Act(func(in CtlOwner) error { return s.HideComment(in.ID, in.How) }),
		"delete":        stage.Act(func(in CtlOwner) error { return s.Delete(in.ID) }),
		"revoke":        stage.Act(func(in CtlOwner) error { return s.Revoke(in.ID) }),
		"rename":        stage.Act(func(in CtlOwner) error { return s.Rename(in.UID, in.Nickname) }),
		"logout":        stage.Act(func(in CtlOwner) error { return s.Logout(in.Owner, in.How) }),
		"captcha":       stage.Act(func(in CtlOwner) error { return s.Captcha(in.Owner, in.How) }),
		"limit":         stage.Act(func(in CtlOwner) error { return s.Limit(in.Owner, in.What, in.On) }),
		"close_sockets": stage.Act(func(in CtlOwner) error { s.CloseSockets(in.Owner); return nil }),
		"rename_hashes": stage.Act(func(CtlOwner) error { s.RenameHashes(); return nil }),
		"reload":        stage.Act(func(in CtlOwner) error { s.Reload(in.Owner); return nil }),
		"reorder":       stage.Act(func(in CtlOwner) error { s.Reorder(in.Owner); return nil }),
		"recycle":       stage.Act(func(in CtlOwner) error { s.Recycle(in.Owner); return nil }),
		"retitle":       stage.Act(func(in CtlOwner) error { s.Retitle(in.Owner, in.Nickname); return nil }),
		"behaviour":     stage.Op(s.behave),
	} {
		mux.HandleFunc("POST /__ctl/"+name, op)
	}
	for name, list := range map[string]func(r *http.Request) any{
		"notes":         func(r *http.Request) any { return s.Notes(r.FormValue("owner")) },
		"comments":      func(r *http.Request) any { return s.Comments(r.FormValue("note")) },
		"conversations": func(r *http.Request) any { return s.Conversations(r.FormValue("owner")) },
		"messages":      func(r *http.Request) any { return s.Messages(r.FormValue("owner")) },
		"mentions":      func(r *http.Request) any { return s.Mentions(r.FormValue("owner")) },
	} {
		mux.HandleFunc("GET /__ctl/"+name, stage.Show(func(r *http.Request) (any, error) { return list(r), nil }))
	}
	mux.Handle("GET /{$}", http.RedirectHandler("/phone", http.StatusFound))
}

// behave changes what the body names and answers all.
func (s *Site) behave(in map[string]json.RawMessage) (Behaviour, error) {
	text, err := json.Marshal(in)
	if err != nil {
		return Behaviour{}, fmt.Errorf("behaviour: %w", err)
	}
	bad := error(nil)
	err = s.Behave(func(b *Behaviour) {
		if bad = json.Unmarshal(text, b); bad != nil {
			*b = Behaviour{} // refused as a whole
		}
	})
	if bad != nil {
		err = fmt.Errorf("behaviour: %w", bad)
	}
	return s.Behaves(), err
}
