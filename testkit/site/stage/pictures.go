package stage

import (
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	"image/png"
	"net/http"
)

// Pictures serves avatars, covers and photos under a host, made from their names.
func Pictures(mux *http.ServeMux, host string) {
	mux.HandleFunc("GET "+host+"/avatar/{name}", svg(func(hue int) string {
		return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" fill="hsl(%d 60%% 82%%)"/>`+
			`<circle cx="32" cy="25" r="12" fill="hsl(%d 50%% 45%%)"/><path d="M8 64c2-18 12-24 24-24s22 6 24 24z" fill="hsl(%d 50%% 45%%)"/></svg>`, hue, hue, hue)
	}))
	mux.HandleFunc("GET "+host+"/cover/{name}", svg(func(hue int) string {
		return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 200"><rect width="320" height="200" fill="hsl(%d 55%% 75%%)"/>`+
			`<circle cx="%d" cy="60" r="28" fill="hsl(%d 80%% 90%%)"/><path d="M0 200l90-90 60 50 80-100 90 140z" fill="hsl(%d 35%% 45%%)"/></svg>`,
			hue, 40+hue*2/3, hue, hue)
	}))
	mux.HandleFunc("GET "+host+"/photo/{name}", func(w http.ResponseWriter, r *http.Request) {
		picture := image.NewRGBA(image.Rect(0, 0, 160, 120))
		h := hueOf(r.PathValue("name"))
		for y := range 120 {
			for x := range 160 {
				picture.SetRGBA(x, y, color.RGBA{uint8(h % 256), uint8(100 + x/2), uint8(255 - y), 255})
			}
		}
		w.Header().Set("Content-Type", "image/png")
		_ = png.Encode(w, picture) // the reader may be gone
	})
}

func svg(draw func(hue int) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/svg+xml")
		w.Header().Set("Cache-Control", "max-age=86400")
		_, _ = w.Write([]byte(draw(hueOf(r.PathValue("name"))))) // the reader may be gone
	}
}

func hueOf(name string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // a hash never fails
	return int(h.Sum32() % 360)
}
