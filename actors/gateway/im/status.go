package im

import (
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

// stateOf is what the account's actor last said of itself.
func stateOf(a *board.Account) messages.AccountState {
	return messages.AccountState(a.Status.GetState())
}

// loginStatus is the client's word for the account's login. An account in trouble (a captcha, a changed page, a proxy down) is
// still logged in; only a logout is a logout.
func loginStatus(a *board.Account) string {
	known := a.Record.GetLoginStatus()
	switch stateOf(a) {
	case messages.LoggingIn:
		if known == "pending_login" {
			return known
		}
		return "logging_in"
	case messages.LoggedOut:
		if known == "" || known == "logged_in" {
			return "not_logged_in"
		}
		return known
	}
	switch {
	case a.Record.GetLoggedIn():
		return "logged_in"
	case known == "" || known == "logged_in":
		return "not_logged_in"
	default:
		return known
	}
}

// workerStatus is the half of the client's isLoggedIn that its own code asks for again. An account that is logged in counts as online
// also while it rests or moves between nodes, so that agents can read on; their replies wait.
func workerStatus(a *board.Account) string {
	if a.Online || loginStatus(a) == "logged_in" {
		return "online"
	}
	return "offline"
}

// accountStatus says whether a person is needed.
func accountStatus(a *board.Account) string {
	switch state := stateOf(a); {
	case state == messages.Paused || a.Record.GetPaused():
		return "paused"
	case state == messages.LoggedOut && a.Record.GetLastLoginTime() != 0:
		return "expired"
	case state == messages.LoggedOut:
		return "active"
	case state.NeedsPerson():
		return "error"
	default:
		return "active"
	}
}

// ChannelStatus is the payload of channel:status_update. The client zeroes the channel's unread count on it, so channels follow.
type ChannelStatus struct {
	Channel ChannelHead `json:"channel"`
}

// ChannelHead is an account's login and profile.
type ChannelHead struct {
	ID               string       `json:"id"`
	Platform         string       `json:"platform"`
	AccountName      string       `json:"accountName"`
	LoginStatus      string       `json:"loginStatus"`
	WorkerStatus     string       `json:"workerStatus"`
	PlatformUsername string       `json:"platformUsername"`
	PlatformUserID   string       `json:"platformUserId"`
	Avatar           string       `json:"avatar"`
	Stats            ChannelStats `json:"stats"`
	LastUpdate       int64        `json:"lastUpdate"` // seconds
}

// ChannelStats are an account's numbers.
type ChannelStats struct {
	Followers int64 `json:"followers"`
	Following int64 `json:"following"`
	Comments  int64 `json:"comments"`
	Contents  int64 `json:"contents"`
}

// ChannelStatusOf shapes one account's status; v may be nil.
func ChannelStatusOf(a *board.Account, v *dataset.View) ChannelStatus {
	profile, summary := a.Record.GetProfile(), summaryOf(v)
	return ChannelStatus{ChannelHead{
		ID:               a.Record.GetId(),
		Platform:         a.Record.GetPlatform(),
		AccountName:      a.Record.GetName(),
		LoginStatus:      loginStatus(a),
		WorkerStatus:     workerStatus(a),
		PlatformUsername: profile.GetNickname(),
		PlatformUserID:   profile.GetPlatformUserId(),
		Avatar:           profile.GetAvatar(),
		Stats: ChannelStats{
			Followers: profile.GetFollowers(),
			Following: profile.GetFollowing(),
			Comments:  summary.Counts.GetComments() + summary.Counts.GetDiscussions(),
			Contents:  summary.Counts.GetContents(),
		},
		LastUpdate: a.Record.GetUpdatedAt() / 1000,
	}}
}

// Same says whether two statuses differ in nothing that the event is sent for: login, name, avatar, followers.
func (s ChannelStatus) Same(other ChannelStatus) bool {
	a, b := s.Channel, other.Channel
	a.LastUpdate, b.LastUpdate = 0, 0
	a.Stats.Comments, b.Stats.Comments = 0, 0
	a.Stats.Contents, b.Stats.Contents = 0, 0
	return a == b
}
