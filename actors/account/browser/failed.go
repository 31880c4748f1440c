package browser

import "errors"

// Failed tells the parent why a Chromium did not start. The actor's own end, by a panic with Gone, follows; it may be
// seen first.
type Failed struct{ Err error }

// Mismatch says whether Chromium came up and does not show what the persona says: another start would not help.
func (f Failed) Mismatch() bool {
	_, ok := errors.AsType[PersonaMismatch](f.Err)
	return ok
}
