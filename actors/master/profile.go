package master

import (
	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

func sameProfile(a, b *messages.Profile) bool { return proto.Equal(a, b) }

// takeProfile folds what the account's own page says into its record; what the page did not say stays.
func takeProfile(r *messages.Account, p *messages.Profile) {
	merged := &messages.Profile{}
	if r.GetProfile() != nil {
		merged = proto.CloneOf(r.GetProfile())
	}
	proto.Merge(merged, p)
	r.Profile = merged
	if r.GetAccountId() == "" {
		r.AccountId = p.GetPlatformUserId()
	}
}
