package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"troupe/actors"
	"troupe/actors/gateway/people"
	"troupe/messages"
)

// Caller is who asks, as GET /session says.
type Caller struct {
	Name       string   `json:"name,omitempty"` // empty = nobody
	Kind       string   `json:"kind,omitempty"` // user token local development
	Role       Role     `json:"role,omitempty"`
	Accounts   []string `json:"accounts,omitempty"`    // all that it sees; absent = every account
	FirstAdmin bool     `json:"first_admin,omitempty"` // nobody can administer yet: see POST /first-admin
}

// NewSession is the body of POST /session.
type NewSession struct {
	User     string `json:"user"`
	Password string `json:"password"`
}

// FirstAdmin is the body of POST /first-admin.
type FirstAdmin struct {
	Code     string `json:"code"` // from the node's output, or its file first-admin
	User     string `json:"user"`
	Password string `json:"password"`
}

// NewPassword is the body of PUT /session/password.
type NewPassword struct {
	Old string `json:"old"`
	New string `json:"new"`
}

// hashTime is how long a password may wait for its hash.
const hashTime = 20 * time.Second

func (a *API) showSession(w http.ResponseWriter, r *http.Request) error {
	return answer(w, http.StatusOK, a.caller(people.From(r.Context())))
}

func (a *API) caller(who *people.Identity) Caller {
	c := Caller{FirstAdmin: a.Door.Picture().NeedsFirstAdmin()}
	if who != nil {
		c.Name, c.Kind, c.Role, c.Accounts = who.Name, string(who.Kind), who.Role, who.Accounts()
	}
	return c
}

// signIn checks a password and gives the browser a new session, in the place of the one that it had.
func (a *API) signIn(w http.ResponseWriter, r *http.Request) error {
	var n NewSession
	if err := decode(r, &n); err != nil {
		return err
	}
	if err := a.tried(r, n.User); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), hashTime)
	defer cancel()
	if err := a.Door.Picture().CheckPassword(ctx, n.User, n.Password); err != nil {
		if !errors.Is(err, people.ErrSignIn) {
			return err
		}
		a.Door.NoteRefused(nil, r.RemoteAddr, "sign_in", "unauthenticated", known(a.Door.Picture(), n.User)...)
		return &Problem{http.StatusUnauthorized, "unauthenticated", err.Error()}
	}
	secret := people.NewCookie()
	command := people.SignIn{By: by(r), User: n.User, Cookie: people.Hash(secret)}
	command.Who = n.User
	if who := people.From(r.Context()); who != nil && who.Kind == people.KindUser {
		command.Old = who.Session
	}
	if _, err := actors.Ask[people.Done](ctx, a.Root, a.People, command); err != nil {
		return err
	}
	people.SetCookie(w, r, secret)
	u := a.Door.Picture().Users()[n.User]
	return answer(w, http.StatusOK, Caller{Name: n.User, Kind: string(people.KindUser), Role: Role(u.GetRole()), Accounts: u.GetAccounts()})
}

// known is a name that may stand in the audit log: only users' own, for people type passwords into the wrong field.
func known(p *people.Picture, user string) []string {
	if p.Users()[user] == nil {
		return nil
	}
	return []string{user}
}

// tried spends one attempt.
func (a *API) tried(r *http.Request, user string) error {
	if a.Door.MayTry(user, r.RemoteAddr) {
		return nil
	}
	return &Problem{http.StatusTooManyRequests, "too_many", "too many attempts: wait a minute"}
}

func (a *API) signOut(w http.ResponseWriter, r *http.Request) error {
	who := people.From(r.Context())
	people.DropCookie(w, r)
	if who != nil && who.Kind == people.KindUser {
		ctx, cancel := context.WithTimeout(r.Context(), commandTime)
		defer cancel()
		if _, err := actors.Ask[people.Done](ctx, a.Root, a.People, people.SignOut{By: by(r), Session: who.Session}); err != nil {
			return err
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// claimFirst makes the first admin for whoever has the code, and signs him in.
func (a *API) claimFirst(w http.ResponseWriter, r *http.Request) error {
	var f FirstAdmin
	if err := decode(r, &f); err != nil {
		return err
	}
	if err := a.tried(r, "first-admin"); err != nil {
		return err
	}
	if !a.Door.Picture().CodeIs(f.Code) {
		a.Door.NoteRefused(nil, r.RemoteAddr, "first_admin", "unauthenticated")
		return &Problem{http.StatusUnauthorized, "unauthenticated", "this is not the code that the node printed, or it was used already"}
	}
	ctx, cancel := context.WithTimeout(r.Context(), hashTime)
	defer cancel()
	hash, err := hashPassword(ctx, f.Password)
	if err != nil {
		return err
	}
	secret := people.NewCookie()
	done, err := actors.Ask[people.Done](ctx, a.Root, a.People, people.ClaimFirst{
		By: by(r), Code: f.Code, User: f.User, Password: hash, Cookie: people.Hash(secret),
	})
	if err != nil {
		return err
	}
	people.SetCookie(w, r, secret)
	return answer(w, http.StatusCreated, Caller{Name: done.User.GetName(), Kind: string(people.KindUser), Role: Admin})
}

// changePassword is for the person himself, who has to know the old one.
func (a *API) changePassword(w http.ResponseWriter, r *http.Request) error {
	var n NewPassword
	if err := decode(r, &n); err != nil {
		return err
	}
	who := people.From(r.Context())
	if who.Kind != people.KindUser {
		return &Problem{http.StatusConflict, "conflict", "only a person who is signed in has a password"}
	}
	if err := a.tried(r, who.Name); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), hashTime)
	defer cancel()
	if err := a.Door.Picture().CheckPassword(ctx, who.Name, n.Old); err != nil {
		if errors.Is(err, people.ErrSignIn) {
			return &Problem{http.StatusConflict, "conflict", "the old password is wrong"}
		}
		return err
	}
	hash, err := hashPassword(ctx, n.New)
	if err != nil {
		return err
	}
	user := a.Door.Picture().Users()[who.Name]
	if _, err := actors.Ask[people.Done](ctx, a.Root, a.People, people.SetUser{By: by(r), User: user, Password: hash}); err != nil {
		return err
	}
	secret := people.NewCookie()
	if _, err := actors.Ask[people.Done](ctx, a.Root, a.People, people.SignIn{By: by(r), User: who.Name, Cookie: people.Hash(secret)}); err != nil {
		return err
	}
	people.SetCookie(w, r, secret)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func hashPassword(ctx context.Context, password string) (string, error) {
	hash, err := people.HashPassword(ctx, password)
	if errors.Is(err, people.ErrPassword) {
		return "", invalid("%v", err)
	}
	return hash, err
}

// by says who gives a command.
func by(r *http.Request) people.By {
	b := people.By{From: people.HostOnly(r.RemoteAddr)}
	if who := people.From(r.Context()); who != nil {
		b.Who = who.Name
	}
	return b
}

// askPeople carries out a command about people.
func (a *API) askPeople(r *http.Request, command any) (people.Done, error) {
	ctx, cancel := context.WithTimeout(r.Context(), commandTime)
	defer cancel()
	return actors.Ask[people.Done](ctx, a.Root, a.People, command)
}

// SignedIn is one browser of a user.
type SignedIn struct {
	ID        string `json:"id"`
	CreatedAt int64  `json:"created_at"`
	SeenAt    int64  `json:"seen_at"` // a few minutes behind
	From      string `json:"from"`
}

func signedInOf(s *messages.Session) SignedIn {
	return SignedIn{s.GetId(), s.GetCreatedAt(), s.GetSeenAt(), s.GetFrom()}
}
