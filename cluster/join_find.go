package cluster

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Place is where a master's cluster port is, as its gateway tells everybody.
type Place struct {
	Cluster   string `json:"cluster"`
	Authority string `json:"authority"` // SHA-256 of its certificate, in hex
	Address   string `json:"address"`   // host:port
}

const (
	placePath   = "/api/v1/cluster"
	gatewayPort = "3000"
	findLimit   = 5 * time.Second
)

// Find asks a master's gateway where its cluster port is; master is HOST, HOST:PORT or a URL. Nothing secret is asked, and the answer
// is only a hint: whoever listens at the place proves by its certificate that it is the master. So the gateway's own certificate,
// which may be of any authority, is not judged here.
func Find(ctx context.Context, master string) (Place, error) {
	addresses, err := gateways(master)
	if err != nil {
		return Place{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, findLimit)
	defer cancel()
	transport := &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true}, DisableKeepAlives: true}
	var problems []string
	for _, address := range addresses {
		place, err := askGateway(ctx, &http.Client{Transport: transport}, address)
		if err == nil {
			return place, nil
		}
		if why := reason(err); !slices.Contains(problems, why) {
			problems = append(problems, why)
		}
	}
	return Place{}, &UnansweredError{fmt.Sprintf("find the master at %s: %s", master, strings.Join(problems, "; "))}
}

// UnansweredError means that no master answered: it may be starting, or away. To try again may help.
type UnansweredError struct{ Reason string }

func (e *UnansweredError) Error() string { return e.Reason }

// reason is an error of an http.Client without the request, which each of its attempts repeats.
func reason(err error) string {
	if about := (*url.Error)(nil); errors.As(err, &about) {
		err = about.Err
	}
	return err.Error()
}

// gateways are the addresses that a master may have: with TLS, else without.
func gateways(master string) ([]string, error) {
	if strings.Contains(master, "://") {
		u, err := url.Parse(master)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, fmt.Errorf("%q is no address of a master such as 10.0.0.1:3000", master)
		}
		return []string{u.Scheme + "://" + u.Host}, nil
	}
	host, port, err := net.SplitHostPort(master)
	if err != nil {
		host, port = strings.Trim(master, "[]"), gatewayPort
	}
	if host == "" || strings.ContainsAny(host, "/ ") {
		return nil, fmt.Errorf("%q is no address of a master such as 10.0.0.1:3000", master)
	}
	at := net.JoinHostPort(host, port)
	return []string{"http://" + at, "https://" + at}, nil
}

func askGateway(ctx context.Context, client *http.Client, address string) (Place, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address+placePath, nil)
	if err != nil {
		return Place{}, err
	}
	r.Host = "localhost" // a gateway answers to names that it knows; this one every gateway does
	res, err := client.Do(r)
	if err != nil {
		return Place{}, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return Place{}, fmt.Errorf("%s answers %s", address, res.Status)
	}
	var place Place
	if err := json.NewDecoder(http.MaxBytesReader(nil, res.Body, 64<<10)).Decode(&place); err != nil || place.Address == "" {
		return Place{}, fmt.Errorf("%s is no master of a cluster", address)
	}
	return place, nil
}
