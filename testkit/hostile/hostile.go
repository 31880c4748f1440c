// Package hostile is what a stranger might write under a work, or call himself, to break who shows it: scripts and markup, attributes and
// addresses that run, formulas, directional and invisible characters, names of prototypes, broken encodings, and sheer length. Tests put
// each of the texts into every field and look at what comes out at the other end.
//
// Scripts that would run set the global name Mark, so that a page can be asked whether one did.
package hostile

import (
	"fmt"
	"strings"
)

// Mark is the global variable that a script sets which was run.
const Mark = "__troupe_hostile"

// The length of long texts, and of the longest one, in bytes.
const (
	long    = 2 << 10
	longest = 64 << 10
)

// payloads run code where they are not escaped.
var payloads = []string{
	`<script>%s</script>`,
	`<img src=x onerror="%s">`,
	`<svg onload="%s">`,
	`<svg><script>%s</script></svg>`,
	`<iframe srcdoc="<script>parent.%s</script>"></iframe>`,
	`<iframe src="javascript:parent.%s"></iframe>`,
	`<a href="javascript:%s">x</a>`,
	`<body onload=%s>`,
	`<details open ontoggle=%s>`,
	`<input autofocus onfocus=%s>`,
	`<style>@import 'data:text/css,*{}';</style><script>%s</script>`,
	`<math><mtext><table><mglyph><style><img src=x onerror=%s>`,
	`<object data="javascript:%s"></object>`,
	`<video><source onerror="%s">`,
	`javascript:%s`,
	`data:text/html,<script>%s</script>`,
	`{{constructor.constructor('%s')()}}`,
	`${%s}`,
	`{@html '<img src=x onerror=%s>'}`,
	`<meta http-equiv="refresh" content="0;url=javascript:%s">`,
}

// wraps are the places that a text is taken to stand in, and broken out of.
var wraps = []string{"%s", `"%s`, `'%s`, `">%s`, `'>%s`, `</textarea>%s`, `</script>%s`, `-->%s`, `]]>%s`, `*/%s`, "`%s", `\"%s`, "</title>%s", "%s\u0000", "\u202e%s"}

// curiosities are not code, and break what counts, sorts, joins or shows.
var curiosities = []string{
	"", " ", "\t\n\r", "\u0000", "\x01\x02\x1e\x1f\x7f", "__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "null", "undefined", "NaN", "true", "[object Object]",
	"-1", "0", "1e309", "0x10", "9007199254740993", "=1+1", "=cmd|' /C calc'!A0", "+1", "@SUM(A1)", "'; DROP TABLE accounts; --", "../../../../etc/passwd", "%s%n%x", "{}", "[]", `{"$ne":1}`,
	"\u202etxt.exe", "\u2066\u2067\u2068\u2069", "\u200b\u200c\u200d\ufeff", "\u2028\u2029", "\u0301\u0301\u0301", "ﷺ", "𝕳𝖊𝖑𝖑𝖔", "🏳️‍🌈👨‍👩‍👧‍👦", "\U000e0001\U000e0020", "İıſK", "straße", "\ufffd",
	"\xff", "\xc3\x28", "a\x80b", "\xed\xa0\x80", "\xf4\x90\x80\x80", "ok\xe2\x82", "好\xe5\xa5", "\xc0\xaf", "&lt;script&gt;", "&#x3c;script&#x3e;", "\\u003cscript\\u003e", "%3Cscript%3E",
	"acc.w.x", ".w.", "sb_1.c.", "a/b\\c", "42[\"monitor:reply\",{}]", "\x1e4", "0{\"sid\":\"x\"}", "data: x\n\ndata: y", "\r\n\r\nHTTP/1.1 200 OK",
}

// Texts returns 500 different texts. The bytes of some are no UTF-8.
func Texts() []string {
	texts := append([]string{}, curiosities...)
	run := "window." + Mark + "=1"
	for _, wrap := range wraps {
		for _, payload := range payloads {
			texts = append(texts, fmt.Sprintf(wrap, strings.ReplaceAll(payload, "%s", run)))
		}
	}
	texts = append(texts, strings.Repeat("好", longest/3))
	for _, part := range []string{"x", "\u202e", "<b>", "\u0301", "\U0001f600", "\\", "\"", "\u0000", "[", "{\"a\":"} {
		texts = append(texts, strings.Repeat(part, long/len(part)))
	}
	const wanted = 500
	for i := 0; len(texts) < wanted; i++ { // the same ones, put together
		texts = append(texts, texts[i]+texts[(i*7+3)%len(curiosities)]+fmt.Sprint(i))
	}
	return texts[:wanted]
}
