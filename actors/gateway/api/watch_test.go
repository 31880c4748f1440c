package api_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
	"troupe/actors/gateway/people"
)

func TestReadinessNamesWhatIsMissing(t *testing.T) {
	lacks := []api.Lack{{Code: "lease", Message: "the master does not answer"}}
	n := apitest.Start(t, func(c *api.Config) { c.Lacks = func() []api.Lack { return lacks } })
	r := read[api.Readiness](t, call(t, n, "GET", "/readyz", nil), http.StatusServiceUnavailable)
	if r.Ready || len(r.Reasons) != 1 || r.Reasons[0] != lacks[0] {
		t.Errorf("%+v", r)
	}
	lacks = nil
	if r := read[api.Readiness](t, call(t, n, "GET", "/readyz", nil), http.StatusOK); !r.Ready || r.Reasons == nil {
		t.Errorf("%+v", r)
	}
	if a := call(t, n, "GET", "/healthz", nil); a.status != http.StatusOK {
		t.Errorf("a process that lives is not healthy: %d", a.status)
	}
}

// TestMetricsAreForThisMachineNamedNetworksAndOperators asks from three addresses over TLS.
func TestMetricsAreForThisMachineNamedNetworksAndOperators(t *testing.T) {
	n := apitest.Start(t, func(c *api.Config) {
		c.Door = people.NewDoor(people.DoorConfig{People: c.Door.People()})
		c.Near = []netip.Prefix{netip.MustParsePrefix("10.0.7.0/24")}
	})
	viewer, operator := n.AddToken("viewer", people.Viewer, 0), n.AddToken("operator", people.Operator, 0)
	for _, tc := range []struct {
		from, token string
		want        int
	}{
		{"127.0.0.1:5", "", http.StatusOK},
		{"[::1]:5", "", http.StatusOK},
		{"10.0.7.9:5", "", http.StatusOK},
		{"10.0.8.9:5", "", http.StatusUnauthorized},
		{"10.0.8.9:5", viewer, http.StatusForbidden},
		{"10.0.8.9:5", operator, http.StatusOK},
		{"10.0.7.9:5", "made up", http.StatusUnauthorized},
	} {
		r := httptest.NewRequest(http.MethodGet, "https://localhost/metrics", nil)
		r.RemoteAddr, r.TLS = tc.from, &tls.ConnectionState{}
		if tc.token != "" {
			r.Header.Set("Authorization", "Bearer "+tc.token)
		}
		w := httptest.NewRecorder()
		n.Handler().ServeHTTP(w, r)
		if w.Code != tc.want {
			t.Errorf("from %s: %d, want %d", tc.from, w.Code, tc.want)
		}
	}
}
