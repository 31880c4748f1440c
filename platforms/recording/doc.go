// Package recording keeps one round of a platform on disk: what the pages received and sent, their documents and
// pictures, and what the definition made of it. It takes secrets out before anything is written, and it lets the same round
// happen again, offline: Map maps the recorded answers without a browser, and a Server stands in for all hosts of the
// recording, so that the same definition runs against it in a real Chromium.
//
// A recording is a folder that is meant to be read, compared and committed:
//
//	index.json          what it is of, and every entry in the order in which the pages had it
//	bodies/001-desk.html  what an answer carried; JSON is indented, equal bodies share a file
//	posts/001.json      what a request carried
//	frames/014.json     what a WebSocket carried
//	pages/watch.html    the document of a kept tab at the end; pages/watch.png its picture
//	result.json         what the round yielded: items by key, or the kind of its failure
//
// No entry holds an instant or a header, so that recording the same site twice differs where the site differs.
//
// It promises that nothing which the redactor knows as a secret by name, shape or value is in any file, and that a body
// in which a secret cannot be replaced is left out and says so. It knows no Chromium and no actor: a browser is the
// page.Browser that it is given, and whoever starts a real one leads its names to Server.Addr.
package recording
