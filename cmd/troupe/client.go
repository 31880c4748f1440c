package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"troupe/actors/gateway/api"
)

// requestTime is how long any request but a stream may take; a screenshot or a removal takes longest.
const requestTime = 60 * time.Second

// client speaks the JSON API of one node.
type client struct {
	base  string // http://host:port/api/v1
	token string // TROUPE_TOKEN, sent to an address; the socket needs none
	http  *http.Client
	// patience is how long a request may take; zero means requestTime.
	patience time.Duration
	slow     func() // tells a person that an answer takes longer than slowAfter
}

// slowAfter is how long a person waits for an answer without a word.
const slowAfter = time.Second

// errUnreachable is the reason when no node answers; its text says what to do.
type errUnreachable struct{ text string }

func (e *errUnreachable) Error() string { return e.text }

// client finds the node: the address given by flag, else the Unix socket in the data folder.
func (c *cli) client() (*client, error) {
	slow := func() { c.progress("waiting for the node's answer ...") }
	if c.addr != "" {
		base := c.addr
		if !strings.Contains(base, "://") {
			base = "http://" + base
		}
		return &client{base: strings.TrimSuffix(base, "/") + api.Prefix, token: c.getenv("TROUPE_TOKEN"), http: &http.Client{}, slow: slow}, nil
	}
	path, err := c.socket()
	if err != nil {
		return nil, err
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	return &client{base: "http://localhost" + api.Prefix, http: &http.Client{Transport: &http.Transport{DialContext: dial}}, slow: slow}, nil
}

// socket finds the socket of the node that runs in the data folder, or in a folder below it (DATA_DIR/WORKER_ID).
func (c *cli) socket() (string, error) {
	below, _ := filepath.Glob(filepath.Join(c.dataDir, "*", api.SocketName)) // only a bad pattern is an error
	var alive []string
	for _, path := range append([]string{filepath.Join(c.dataDir, api.SocketName)}, below...) {
		if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
			conn.Close()
			alive = append(alive, path)
		} else if errors.Is(err, os.ErrPermission) {
			return "", &errUnreachable{c.f("%s belongs to another user: run this command as the user that runs the node", path)}
		}
	}
	switch len(alive) {
	case 1:
		return alive[0], nil
	case 0:
		return "", &errUnreachable{c.f("no node is running in DATA_DIR %s: start one with \"troupe serve\", or name it with --data-dir or --addr", c.dataDir)}
	}
	return "", &errUsage{c.f("several nodes run in DATA_DIR %s: choose one with --data-dir %s", c.dataDir, filepath.Dir(alive[0]))}
}

// get reads path into answer.
func (cl *client) get(ctx context.Context, path string, query url.Values, answer any) error {
	return cl.call(ctx, http.MethodGet, path, query, nil, answer)
}

// post sends body, nil for none, and reads into answer, nil when nothing is wanted.
func (cl *client) post(ctx context.Context, path string, body, answer any) error {
	return cl.call(ctx, http.MethodPost, path, nil, body, answer)
}

func (cl *client) call(ctx context.Context, method, path string, query url.Values, body, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(cl.patience, requestTime))
	defer cancel()
	defer time.AfterFunc(slowAfter, cl.slow).Stop()
	response, err := cl.do(ctx, method, path, query, body, "")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if picture, ok := answer.(*[]byte); ok {
		*picture, err = io.ReadAll(response.Body)
	} else if answer != nil && response.StatusCode != http.StatusNoContent {
		err = json.NewDecoder(response.Body).Decode(answer)
	}
	if err != nil {
		return fmt.Errorf("read answer of %s: %w", path, err)
	}
	return nil
}

// do makes one request. A refusal comes back as *api.Problem, a node that does not answer as *errUnreachable.
func (cl *client) do(ctx context.Context, method, path string, query url.Values, body any, lastEvent string) (*http.Response, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
		content = bytes.NewReader(text)
	}
	address := cl.base + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return nil, &errUsage{err.Error()}
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if cl.token != "" {
		request.Header.Set("Authorization", "Bearer "+cl.token)
	}
	if lastEvent != "" {
		request.Header.Set("Last-Event-ID", lastEvent)
	}
	response, err := cl.http.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &errUnreachable{fmt.Sprintf("%s: %v", cl.base, err)}
	}
	if response.StatusCode >= 400 {
		defer response.Body.Close()
		return nil, problemIn(response)
	}
	return response, nil
}

func problemIn(response *http.Response) error {
	var body api.ProblemBody
	if err := json.NewDecoder(response.Body).Decode(&body); err != nil || body.Error == nil {
		return fmt.Errorf("the node answered %s; is this a troupe node?", response.Status)
	}
	body.Error.Status = response.StatusCode
	return body.Error
}
