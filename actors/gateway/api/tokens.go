package api

import (
	"net/http"

	"troupe/actors/gateway/people"
	"troupe/messages"
)

// Token lets a machine in.
type Token struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Role      Role     `json:"role"`
	Accounts  []string `json:"accounts,omitempty"` // absent = every account
	CreatedAt int64    `json:"created_at"`
	CreatedBy string   `json:"created_by"`
	ExpiresAt int64    `json:"expires_at,omitempty"` // absent = never
	RevokedAt int64    `json:"revoked_at,omitempty"` // absent = not
	Secret    string   `json:"secret,omitempty"`     // in the answer that makes it, and never again
}

// Tokens is the answer of GET /tokens.
type Tokens struct {
	Tokens []Token `json:"tokens"` // newest first, revoked and expired ones too
}

// NewToken is the body of POST /tokens.
type NewToken struct {
	Name      string   `json:"name"`
	Role      Role     `json:"role"`
	Accounts  []string `json:"accounts"`
	ExpiresAt int64    `json:"expires_at"` // 0 = never
}

func tokenOf(t *messages.AccessToken) Token {
	return Token{
		ID: t.GetId(), Name: t.GetName(), Role: Role(t.GetRole()), Accounts: t.GetAccounts(), CreatedAt: t.GetCreatedAt(),
		CreatedBy: t.GetCreatedBy(), ExpiresAt: t.GetExpiresAt(), RevokedAt: t.GetRevokedAt(),
	}
}

func (a *API) listTokens(w http.ResponseWriter, _ *http.Request) error {
	list := []Token{}
	for _, t := range a.Door.Picture().Tokens() {
		list = append(list, tokenOf(t))
	}
	return answer(w, http.StatusOK, Tokens{list})
}

func (a *API) createToken(w http.ResponseWriter, r *http.Request) error {
	var n NewToken
	if err := decode(r, &n); err != nil {
		return err
	}
	secret := people.NewToken()
	done, err := a.askPeople(r, people.CreateToken{By: by(r), Token: &messages.AccessToken{
		Name: n.Name, Role: string(n.Role), Accounts: n.Accounts, Hash: people.Hash(secret), ExpiresAt: n.ExpiresAt,
	}})
	if err != nil {
		return err
	}
	made := tokenOf(done.Token)
	made.Secret = secret
	return answer(w, http.StatusCreated, made)
}

func (a *API) revokeToken(w http.ResponseWriter, r *http.Request) error {
	done, err := a.askPeople(r, people.RevokeToken{By: by(r), ID: r.PathValue("token")})
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, tokenOf(done.Token))
}
