package im

import (
	"cmp"
	"encoding/base64"

	"troupe/messages"
)

// LoginUpdate is the payload of login:status:update. What is set beside the first four depends on the status.
type LoginUpdate struct {
	SessionID    string     `json:"session_id"`
	AccountID    string     `json:"account_id"`
	Status       string     `json:"status"` // qrcode_ready qrcode_refreshed scanning sms_input_required success failed timeout expired
	Timestamp    int64      `json:"timestamp"`
	QRCodeData   string     `json:"qr_code_data,omitempty"` // data URL of a PNG
	ExpiresAt    int64      `json:"expires_at,omitempty"`   // seconds; when the picture stops working
	Step         string     `json:"step,omitempty"`         // phone_number verification_code
	Message      string     `json:"message,omitempty"`
	UserInfo     *LoginUser `json:"user_info,omitempty"`
	ErrorMessage string     `json:"error_message,omitempty"`
}

// LoginUser is who logged in. No cookie and no fingerprint is ever sent.
type LoginUser struct {
	Nickname       string `json:"nickname"`
	PlatformUserID string `json:"platform_user_id"`
	Avatar         string `json:"avatar"`
	Followers      int64  `json:"followers"`
	Following      int64  `json:"following"`
}

// LoginUpdateOf shapes one step of a login.
func LoginUpdateOf(s *messages.LoginStep) LoginUpdate {
	u := LoginUpdate{SessionID: s.GetSession(), AccountID: s.GetAccount(), Status: s.GetStatus(), Timestamp: s.GetAt(), Message: s.GetMessage()}
	switch s.GetStatus() {
	case "qrcode_ready", "qrcode_refreshed":
		u.QRCodeData, u.ExpiresAt, u.Message = Picture(s), s.GetExpiresAt()/1000, ""
	case "scanning":
		u.Message = cmp.Or(u.Message, "已扫码，请在手机上确认")
	case "sms_input_required":
		u.Step, u.Message = s.GetStep(), cmp.Or(u.Message, "请输入手机收到的验证码")
	}
	return u
}

// LoginEndOf shapes the end of a login. One that was cancelled has failed, for a client that knows no such word.
func LoginEndOf(e *messages.LoginEnded) LoginUpdate {
	u := LoginUpdate{SessionID: e.GetSession(), AccountID: e.GetAccount(), Status: e.GetStatus(), Timestamp: e.GetAt()}
	switch e.GetStatus() {
	case "success":
		p := e.GetProfile()
		u.UserInfo = &LoginUser{p.GetNickname(), p.GetPlatformUserId(), p.GetAvatar(), p.GetFollowers(), p.GetFollowing()}
	case "timeout", "expired":
		u.Message = cmp.Or(e.GetReason(), e.GetStatus())
	default:
		u.Status, u.ErrorMessage = "failed", cmp.Or(e.GetReason(), e.GetStatus())
	}
	return u
}

// Picture is a step's QR code as a data URL; empty when it has none.
func Picture(s *messages.LoginStep) string {
	if len(s.GetQrPng()) == 0 {
		return ""
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(s.GetQrPng())
}
