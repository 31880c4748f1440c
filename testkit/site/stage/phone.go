package stage

import (
	_ "embed" // the phone's page
	"html/template"
	"net/http"
)

//go:embed phone.html
var phoneHTML string

var phone = template.Must(template.New("phone").Parse(phoneHTML))

func (s *Stage) phonePage(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = phone.Execute(w, map[string]any{ // the reader may be gone; the template is tested
		"App": s.play.App, "Token": r.URL.Query().Get("qr"), "Codes": s.QRs(), "Owners": s.play.Owners(),
		"Captchas": s.play.Captchas(), "Said": r.URL.Query().Get("said"),
	})
}

func (s *Stage) phonePressed(w http.ResponseWriter, r *http.Request) {
	said, err := "好了", s.PressPhone(r.FormValue("qr"), r.FormValue("do"), r.FormValue("owner"))
	if err != nil {
		said = "不行：二维码已失效，或没有这个账号"
	}
	http.Redirect(w, r, "/phone?qr="+template.URLQueryEscaper(r.FormValue("qr"))+"&said="+template.URLQueryEscaper(said), http.StatusSeeOther)
}
