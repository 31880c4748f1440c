package browser

import (
	"errors"

	"troupe/platforms/page"
)

func isMoved(err error) bool { return errors.Is(err, page.ErrMoved) }
func isGone(err error) bool  { return errors.Is(err, page.ErrGone) }
func isGate(err error) bool  { return errors.Is(err, page.ErrGate) }
