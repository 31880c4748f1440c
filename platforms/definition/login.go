package definition

// Login is how an account is logged in and how one sees that it is.
type Login struct {
	// Ways are offered in this order, the first unless a person asks for another: qr, password, sms, or cookies (by an
	// imported state alone).
	Ways     []string   `yaml:"ways"`
	QR       *QRLogin   `yaml:"qr"`
	Password *FormLogin `yaml:"password"`
	SMS      *FormLogin `yaml:"sms"`
	// Then is made after the proof: another host of the platform may want to be visited once.
	Then Flow `yaml:"then"`
	// Also is a further login of the same account: of a part of the platform that has a session of its own.
	Also *FurtherLogin `yaml:"also"`
	// Proof is what only a logged-in account has: page and cookie, never a cookie alone.
	Proof Proof `yaml:"proof"`
	// Lapsed are the signs that the platform wants a login.
	Lapsed []Sign `yaml:"lapsed"`
}

// FurtherLogin is made after the first login is proved. Where its page lets the account in by itself, at once or when it is
// opened again, nobody is asked.
type FurtherLogin struct {
	QR    *QRLogin `yaml:"qr"`
	Proof Proof    `yaml:"proof"`
}

// QRLogin is the login by a code that a person scans.
type QRLogin struct {
	Open    string `yaml:"open"`    // a page
	Prepare Flow   `yaml:"prepare"` // makes the page show the code; again after each load
	Image   string `yaml:"image"`   // a name of find: an image with a data: address is read, any other photographed
	Valid   Span   `yaml:"valid"`   // how long a code works; the least is promised to people
	// Expires reads a code's end from the platform's own answer; Valid where that is silent.
	Expires *Moment `yaml:"expires"`
	// Renew is clicked for a new code: when it expired, or a person asks for one. When it is not visible the page is loaded again.
	Renew string `yaml:"renew"`
	// Renewals is how often an expired code is renewed by itself before the login ends; 0: until the timeout.
	Renewals int      `yaml:"renewals"`
	State    QRStates `yaml:"states"`
	Code     *Code    `yaml:"code"` // absent: the platform never asks for one
	// Timeout ends the login, LoginTimeout; 5 minutes if zero.
	Timeout Span `yaml:"timeout"`
}

// Moment is a time that an answer holds.
type Moment struct {
	Listen string `yaml:"listen"`
	At     Query  `yaml:"at"`
}

// QRStates are the signs of what the person did. Of the answers that a sign names the newest counts.
type QRStates struct {
	Scanned []Sign `yaml:"scanned"`
	Expired []Sign `yaml:"expired"`
	Refused []Sign `yaml:"refused"` // ends the login
}

// Code is a further step in which the person enters something.
type Code struct {
	Ask    string `yaml:"ask"`    // verification_code (default) or phone_number
	Input  string `yaml:"input"`  // a name of find; while it is visible the step is on
	Send   string `yaml:"send"`   // a name of find, clicked once so that the platform sends the code
	Submit string `yaml:"submit"` // a name of find
	Wrong  []Sign `yaml:"wrong"`  // the third time ends the login
}

// FormLogin is the login by what a person enters: a name and a password, or a phone number and a code.
type FormLogin struct {
	// Steps open the form, ask for each value and submit them. They are made again after a wrong value.
	Steps   Flow   `yaml:"steps"`
	Wrong   []Sign `yaml:"wrong"`   // a value was wrong; the third time ends the login
	Refused []Sign `yaml:"refused"` // ends the login
	Code    *Code  `yaml:"code"`    // a further step that the platform may ask for
	Timeout Span   `yaml:"timeout"` // 5 minutes if zero
}

// Proof shows a logged-in account.
type Proof struct {
	URL     []Pattern `yaml:"url"` // one of them is the tab's address
	Cookie  string    `yaml:"cookie"`
	Present []Sign    `yaml:"present"` // one of them holds, where there are any
	Absent  []Sign    `yaml:"absent"`  // none of them holds
}
