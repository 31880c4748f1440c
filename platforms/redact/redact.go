// Package redact takes out of evidence and recordings what nobody may read there: cookies, tokens, signatures, sign-in
// tickets and phone numbers. It knows secrets by their names and shapes, so it errs on the side of taking out.
//
// What people wrote to each other stays: evidence is private to the operators, and never logged.
package redact

import (
	"net/url"
	"regexp"
	"strings"
)

// Mark stands where something was taken out.
const Mark = "redacted"

var (
	// secretName are names of fields, cookies and query values whose values are secrets.
	secretName = regexp.MustCompile(`(?i)^(.*token.*|.*secret.*|.*passw.*|.*cookie.*|.*session.*|.*ticket.*|.*csrf.*|.*_sign|sign|auth|authorization|.*_auth|` +
		`.*bogus|verify_?fp|fp|webid|web_id|x-s|x-t|x-s-common|sid|sid_.*|uid_tt.*|.*credential.*|.*_key|.*_cert|sms_code|phone.*|mobile.*|device_?id)$`)
	jsonPair   = regexp.MustCompile(`"([\w.-]{1,64})"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d[\d.]*)`)
	plainPair  = regexp.MustCompile(`([\w.-]{1,64})=([^&;\s"'<>]+)`)
	signed     = regexp.MustCompile(`\beyJ[\w-]+\.[\w-]+\.[\w-]*|(?i)\bbearer\s+[\w.~+/-]+=*`)
	digits     = regexp.MustCompile(`\d+`)
	phone      = regexp.MustCompile(`^(86)?1[3-9]\d{9}$`)
	urlSecrets = regexp.MustCompile(`(?i)^(signature|.*sig|expires|x-.*)$`)
)

// Secret says whether a field, cookie, header or query value of that name is a secret.
func Secret(name string) bool { return secretName.MatchString(name) }

// Text takes secrets out of JSON, HTML, forms and plain words.
func Text(s string) string {
	s = jsonPair.ReplaceAllStringFunc(s, func(pair string) string {
		at := jsonPair.FindStringSubmatchIndex(pair)
		if !secretName.MatchString(pair[at[2]:at[3]]) {
			return pair
		}
		return pair[:at[4]] + `"` + Mark + `"`
	})
	s = plainPair.ReplaceAllStringFunc(s, func(pair string) string {
		name, _, _ := strings.Cut(pair, "=")
		if !secretName.MatchString(name) {
			return pair
		}
		return name + "=" + Mark
	})
	s = signed.ReplaceAllString(s, Mark)
	return digits.ReplaceAllStringFunc(s, func(run string) string {
		if phone.MatchString(run) {
			return Mark
		}
		return run
	})
}

// URL takes secrets out of an address: of its query, and of any user and fragment.
func URL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return Text(raw)
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	query := u.Query()
	for name, values := range query {
		for i, value := range values {
			if secretName.MatchString(name) || urlSecrets.MatchString(name) || opaque(value) {
				query[name][i] = Mark
			}
		}
	}
	u.RawQuery = query.Encode()
	return Text(u.String())
}

// opaque says whether a query value looks like a signature: long, and letters and digits mixed.
func opaque(value string) bool {
	return len(value) >= 32 && strings.ContainsAny(value, "0123456789") && !digitsOnly(value) && !strings.ContainsAny(value, " ,/")
}

func digitsOnly(s string) bool { return strings.Trim(s, "0123456789") == "" }
