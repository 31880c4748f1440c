package people

import (
	"slices"

	"troupe/messages"
)

// Role says what somebody may do. Each role may do what the one before it may.
type Role string

// The roles, from the least. Public asks for nobody at all; Off is no role.
const (
	Off      Role = "off"
	Public   Role = "public"
	Viewer   Role = "viewer"
	Agent    Role = "agent"
	Operator Role = "operator"
	Admin    Role = "admin"
)

// Roles are those that a person or a machine can have, from the least.
var Roles = []Role{Viewer, Agent, Operator, Admin}

// Valid says whether somebody can have the role.
func (r Role) Valid() bool { return slices.Contains(Roles, r) }

// May says whether r is at least what is asked for.
func (r Role) May(least Role) bool {
	return least == Public || r.Valid() && least.Valid() && slices.Index(Roles, r) >= slices.Index(Roles, least)
}

// restrictable says whether somebody of that role can be limited to some accounts: who runs the cluster cannot.
func (r Role) restrictable() bool { return r == Viewer || r == Agent }

// validName says whether a user or token can be called so: 1 to 64 of a-z, 0-9, _ and -, and not as one of the callers
// that are no users.
func validName(name string) bool {
	return messages.AccountID(name).Valid() && name != imName && name != localName && name != developmentName
}
