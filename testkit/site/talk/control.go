package talk

import (
	"net/http"

	"troupe/testkit/site/stage"
)

// CtlID names what an operation is about.
type CtlID struct {
	ID    string `json:"id"`
	Title string `json:"title"` // of a new work
}

// CtlFill is how much is put on the site.
type CtlFill struct {
	Works    int `json:"works"`
	Comments int `json:"comments"`
	Letters  int `json:"letters"`
}

// controlRoutes are the operations beyond those of every stage.
func (t *Talk) controlRoutes(mux *http.ServeMux) {
	for name, do := range map[string]http.HandlerFunc{
		"work":    stage.Op(func(in CtlID) (Work, error) { return t.AddWork(in.Title), nil }),
		"comment": stage.Op(t.AddComment),
		"letter":  stage.Op(func(in NewLetter) (Letter, error) { return t.AddLetter(in), nil }),
		"fill":    stage.Act(func(in CtlFill) error { t.Fill(in.Works, in.Comments, in.Letters); return nil }),
		"delete":  stage.Act(func(in CtlID) error { t.Delete(in.ID); return nil }),
		"logout":  stage.Act(func(struct{}) error { t.Logout(); return nil }),
		"faults":  stage.Act(func(in Faults) error { t.SetFaults(func(f *Faults) { *f = in }); return nil }),
	} {
		mux.HandleFunc("POST /__ctl/"+name, do)
	}
	mux.HandleFunc("GET /__ctl/said", stage.Show(func(*http.Request) (any, error) {
		return map[string]any{"works": t.Works(), "comments": t.Comments(), "letters": t.Letters()}, nil
	}))
}
