package people

import (
	"slices"

	"troupe/messages"
)

// Role says what somebody may do. Each of Roles may do what the one before it may; Worker stands apart.
type Role string

// The roles, from the least. Public asks for nobody at all; Off is no role. Worker is for the tokens of Node workers: it lets in to
// /worker and to nothing else, and no other role's token is let in there, for a worker is told the passwords of its accounts' proxies.
const (
	Off      Role = "off"
	Worker   Role = "worker"
	Public   Role = "public"
	Viewer   Role = "viewer"
	Agent    Role = "agent"
	Operator Role = "operator"
	Admin    Role = "admin"
)

// Roles are those that a person or a machine can have, from the least.
var Roles = []Role{Viewer, Agent, Operator, Admin}

// TokenRoles are those that a token can have.
var TokenRoles = append([]Role{Worker}, Roles...)

// Valid says whether a person can have the role.
func (r Role) Valid() bool { return slices.Contains(Roles, r) }

// validToken says whether a token can have the role.
func (r Role) validToken() bool { return slices.Contains(TokenRoles, r) }

// May says whether r is at least what is asked for.
func (r Role) May(least Role) bool {
	return least == Public || r.Valid() && least.Valid() && slices.Index(Roles, r) >= slices.Index(Roles, least)
}

// restrictable says whether somebody of that role can be limited to some accounts: who decides about people and definitions cannot, and
// a worker gets what is pinned to it.
func (r Role) restrictable() bool { return r == Viewer || r == Agent || r == Operator }

// validName says whether a user or token can be called so: 1 to 64 of a-z, 0-9, _ and -, and not as one of the callers
// that are no users.
func validName(name string) bool {
	return messages.AccountID(name).Valid() && name != imName && name != localName && name != developmentName
}
