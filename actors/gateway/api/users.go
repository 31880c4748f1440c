package api

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"google.golang.org/protobuf/proto"

	"troupe/actors/gateway/people"
	"troupe/messages"
)

// User is a person who signs in.
type User struct {
	Name      string     `json:"name"`
	Role      Role       `json:"role"`
	Accounts  []string   `json:"accounts,omitempty"` // all that this person sees; absent = every account
	Disabled  bool       `json:"disabled,omitempty"`
	CreatedAt int64      `json:"created_at"`
	UpdatedAt int64      `json:"updated_at"`
	Sessions  []SignedIn `json:"sessions,omitempty"`
}

// Users is the answer of GET /users.
type Users struct {
	Users []User `json:"users"` // by name
}

// NewUser is the body of POST /users.
type NewUser struct {
	Name     string   `json:"name"`
	Role     Role     `json:"role"`
	Accounts []string `json:"accounts"`
	Password string   `json:"password"`
}

// UserChange is the body of PATCH /users/{user}; what is absent stays as it is.
type UserChange struct {
	Role     *Role     `json:"role"`
	Accounts *[]string `json:"accounts"`
	Password *string   `json:"password"`
	Disabled *bool     `json:"disabled"`
}

func (a *API) listUsers(w http.ResponseWriter, _ *http.Request) error {
	p, list := a.Door.Picture(), []User{}
	for _, name := range slices.Sorted(maps.Keys(p.Users())) {
		list = append(list, userOf(p.Users()[name], p))
	}
	return answer(w, http.StatusOK, Users{list})
}

func userOf(u *messages.User, p *people.Picture) User {
	shown := User{
		Name: u.GetName(), Role: Role(u.GetRole()), Accounts: u.GetAccounts(), Disabled: u.GetDisabled(),
		CreatedAt: u.GetCreatedAt(), UpdatedAt: u.GetUpdatedAt(),
	}
	for _, s := range p.Sessions() {
		if s.GetUser() == u.GetName() {
			shown.Sessions = append(shown.Sessions, signedInOf(s))
		}
	}
	return shown
}

func (a *API) addUser(w http.ResponseWriter, r *http.Request) error {
	var n NewUser
	if err := decode(r, &n); err != nil {
		return err
	}
	hash, err := a.hash(r, n.Password)
	if err != nil {
		return err
	}
	done, err := a.askPeople(r, people.SetUser{
		By: by(r), New: true, Password: hash,
		User: &messages.User{Name: n.Name, Role: string(n.Role), Accounts: n.Accounts},
	})
	if err != nil {
		return err
	}
	return answer(w, http.StatusCreated, userOf(done.User, a.Door.Picture()))
}

func (a *API) changeUser(w http.ResponseWriter, r *http.Request) error {
	var change UserChange
	if err := decode(r, &change); err != nil {
		return err
	}
	name := r.PathValue("user")
	old := a.Door.Picture().Users()[name]
	if old == nil {
		return notFound("there is no user %s", name)
	}
	command := people.SetUser{By: by(r), User: proto.CloneOf(old)}
	if change.Role != nil {
		command.User.Role = string(*change.Role)
	}
	if change.Accounts != nil {
		command.User.Accounts = *change.Accounts
	}
	if change.Disabled != nil {
		command.User.Disabled = *change.Disabled
	}
	if change.Password != nil {
		var err error
		if command.Password, err = a.hash(r, *change.Password); err != nil {
			return err
		}
	}
	done, err := a.askPeople(r, command)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, userOf(done.User, a.Door.Picture()))
}

func (a *API) hash(r *http.Request, password string) (string, error) {
	ctx, cancel := context.WithTimeout(r.Context(), hashTime)
	defer cancel()
	return hashPassword(ctx, password)
}

func (a *API) removeUser(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("user")
	if r.URL.Query().Get("confirm") != name {
		return &Problem{http.StatusBadRequest, "confirm", "the user is signed out everywhere and removed: repeat with ?confirm=" + name}
	}
	if _, err := a.askPeople(r, people.RemoveUser{By: by(r), Name: name}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *API) endSession(w http.ResponseWriter, r *http.Request) error {
	if _, err := a.askPeople(r, people.SignOut{By: by(r), Session: r.PathValue("signin")}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
