package people

import "net/http"

// The names of the session's cookie. A browser takes the first only over TLS, for this very host and all of its paths.
const (
	secureCookie = "__Host-troupe"
	plainCookie  = "troupe"
)

func cookieName(secure bool) string {
	if secure {
		return secureCookie
	}
	return plainCookie
}

// NewCookie makes the secret of a session. Its Hash is what SignIn takes.
func NewCookie() string { return newSecret() }

// SetCookie gives a browser its session's secret: no script can read it, and no page of another site can use it.
func SetCookie(w http.ResponseWriter, r *http.Request, secret string) {
	http.SetCookie(w, sessionCookie(r, secret, int(absoluteLimit.Seconds())))
}

// DropCookie takes it away.
func DropCookie(w http.ResponseWriter, r *http.Request) { http.SetCookie(w, sessionCookie(r, "", -1)) }

func sessionCookie(r *http.Request, secret string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: cookieName(Secure(r)), Value: secret, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: Secure(r), SameSite: http.SameSiteStrictMode,
	}
}
