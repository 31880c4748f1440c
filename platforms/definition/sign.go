package definition

// Sign is something that a page or an answer shows. All that is set of it must hold.
type Sign struct {
	URL     Pattern `yaml:"url"`     // the tab's address
	Title   string  `yaml:"title"`   // the tab's title contains it
	Visible string  `yaml:"visible"` // a name of find: it is there and can be seen
	Text    string  `yaml:"text"`    // some visible text contains it
	// Frame is the address of a frame that can be seen; a hidden one counts for nothing.
	Frame Pattern `yaml:"frame"`
	// Response and one of When and Status: the page received such an answer since the flow began. $text is the answer's
	// beginning as it came, for what is no JSON, and $status its HTTP status.
	Response Pattern `yaml:"response"`
	When     Query   `yaml:"when"`
	Status   []int   `yaml:"status"` // one of these HTTP statuses
}

// Seen says whether the sign needs a look at the page.
func (s *Sign) Seen() bool {
	return !s.URL.IsZero() || s.Title != "" || s.Visible != "" || s.Text != "" || !s.Frame.IsZero()
}

// Risk are the signs that a platform is not at ease with the account.
type Risk struct {
	Challenge   []Sign `yaml:"challenge"`    // a captcha or risk page: a person is asked
	RateLimited []Sign `yaml:"rate_limited"` // slow down
}
