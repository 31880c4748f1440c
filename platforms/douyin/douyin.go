// Package douyin holds the definition of Douyin (抖音), for the creator's own account: the creator centre and the home page
// with its private messages and notices. It is read like any other platform's; there is no code of its own.
package douyin

import "embed"

// FS is the platform's folder: platform.yaml, its page functions, and the wire of private messages.
//
//go:embed platform.yaml *.js *.proto
var FS embed.FS
