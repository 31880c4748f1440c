// Package sandbox holds the definition of the made-up site that troupe is developed, tested and
// demonstrated on (testkit/site). It is read like any other platform's; there is no code of its own.
package sandbox

import "embed"

// FS is the platform's folder: platform.yaml and its page functions.
//
//go:embed platform.yaml *.js
var FS embed.FS
