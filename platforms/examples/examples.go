// Package examples holds two definitions to learn from and to copy: the guest-book, a site of plain HTML that is read and
// answered by page functions and forms, and the feed, a site of one page whose data come from a JSON API and a WebSocket.
// Both sites are made up and stand in testkit/site. There is no code of their own.
package examples

import (
	"embed"
	"io/fs"
)

//go:embed guestbook feed
var folders embed.FS

// FS is the folder of one example, "guestbook" or "feed", as definition.Load reads it.
func FS(name string) (fs.FS, error) { return fs.Sub(folders, name) }
