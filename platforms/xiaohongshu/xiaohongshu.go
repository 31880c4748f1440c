// Package xiaohongshu holds the definition of Xiaohongshu (小红书), for the creator's own account: the main site with its
// notes, notifications and private messages, and the creator centre with the list of notes. It is read like any other
// platform's; there is no code of its own.
package xiaohongshu

import "embed"

// FS is the platform's folder: platform.yaml and its page functions.
//
//go:embed platform.yaml *.js
var FS embed.FS
