// Package browser runs one account's Chromium: it starts the process, speaks to it over a pipe, and gives the
// engine tabs, elements and the record of what the pages received (platforms/page).
//
// An Instance is one incarnation, from Start to its exit. It owns the process group, the lock on the account's
// folder, the profile below it, and every goroutine that serves it; all of them end with the process. Chromium
// listens on no port: its commands come over file descriptors 3 and 4, and when this process dies, Chromium
// sees the end of that pipe, saves its profile and goes. What does not go by itself (stopped, hung) is found by
// the pid file and the profile's path and ended before the next start (Reap).
//
// A Host is what all browsers of a node share: the binary, headless or with windows, start slots, the sandbox's proof. A
// profile is used again only if its mark says that it was closed cleanly, by this epoch or the last, and its files are
// still as they were then (profile.go); else the login comes from Config.State. Temporary files lie in the account's folder.
//
// Where the node is root, each Chromium has a user of its own and its full sandbox. All its traffic goes to
// Config.Proxy; names are never resolved here, loopback and WebRTC do not go round it.
//
//	Start: slot -> lock -> reap -> profile -> display -> spawn -> attach -> self-test -> prove the sandbox -> restore -> ready
//	Close: Browser.close -> 5 s -> SIGINT -> 3 s -> SIGKILL -> sweep -> mark; never SIGTERM, which loses fresh cookies
//
// Every page, frame and worker is set up before its first script: it shows the account's persona. A start whose Chromium
// shows anything else ends with PersonaMismatch, and nothing was opened.
//
// When Chromium exits, or a tab's renderer crashes, every pending and later call on it fails with page.ErrGone. Every call
// returns when its context ends, whatever the page does; a page that then does not answer twice is killed with its renderer,
// a worker is cut, and Instance.Tab gives a fresh tab. Pages get no dialogs, downloads, files and permissions, few windows, and
// their navigations stay on Config.Sites; Instance.Refusals counts what they wanted.
//
// Of what a page has to say only so much is taken in: 1 MiB of answers and texts, 4 MiB of a picture, 8 MiB of a body, 32 MiB
// of one message from Chromium and of the ring of records.
//
// When a node was stopped for a while, calls may have passed their deadlines although Chromium is well; the
// watchdog asks twice before it kills.
//
// Of rod only the protocol's types (lib/proto, lib/cdp) are used; client.go speaks for itself, because a new target is
// set up by commands sent in a row, and because rod's client panics at a message or parameter that it does not understand.
// Nothing here logs what a page shows, types or stores.
package browser
