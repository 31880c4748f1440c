package definition

// Sign is something that a page or an answer shows. All that is set of it must hold.
type Sign struct {
	URL     Pattern `yaml:"url"`     // the tab's address
	Title   string  `yaml:"title"`   // the tab's title contains it
	Visible string  `yaml:"visible"` // a name of find: it is there and can be seen
	Text    string  `yaml:"text"`    // some visible text contains it
	// Response and When: the page received such an answer since the flow began.
	Response Pattern `yaml:"response"`
	When     Query   `yaml:"when"`
}

// Login is how an account is logged in and how one sees that it is.
type Login struct {
	Ways []string `yaml:"ways"` // qr
	QR   *QRLogin `yaml:"qr"`
	// Proof is what only a logged-in account has: page and cookie, never a cookie alone.
	Proof Proof `yaml:"proof"`
	// Lapsed are the signs that the platform wants a login.
	Lapsed []Sign `yaml:"lapsed"`
}

// QRLogin is the login by a code that a person scans.
type QRLogin struct {
	Open  string `yaml:"open"`  // a page
	Image string `yaml:"image"` // a name of find: an image with a data: address is read, any other photographed
	Valid Span   `yaml:"valid"` // how long a code works; the least is promised to people
	// Renew is clicked for a new code: when it expired, or a person asks for one. When it is not visible the page is loaded again.
	Renew string   `yaml:"renew"`
	State QRStates `yaml:"states"`
	Code  *Code    `yaml:"code"` // absent: the platform never asks for one
	// Timeout ends the login, LoginTimeout; 5 minutes if zero.
	Timeout Span `yaml:"timeout"`
}

// QRStates are the signs of what the person did.
type QRStates struct {
	Scanned []Sign `yaml:"scanned"`
	Expired []Sign `yaml:"expired"`
	Refused []Sign `yaml:"refused"` // ends the login
}

// Code is a further step in which the person enters something.
type Code struct {
	Ask    string `yaml:"ask"`    // verification_code (default) or phone_number
	Input  string `yaml:"input"`  // a name of find; while it is visible the step is on
	Submit string `yaml:"submit"` // a name of find
	Wrong  []Sign `yaml:"wrong"`  // the third time ends the login
}

// Proof shows a logged-in account.
type Proof struct {
	URL    []Pattern `yaml:"url"` // one of them is the tab's address
	Cookie string    `yaml:"cookie"`
	Absent []Sign    `yaml:"absent"`
}
