package main

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// event is one server-sent event.
type event struct {
	id, kind string
	data     []byte
}

// errDone ends a stream without an error.
var errDone = errors.New("done")

// How a broken stream is taken up again.
const (
	reconnectPause = time.Second
	reconnectFor   = 30 * time.Second // without an answer; then the error is reported
)

// follow hands every event to handle until that returns an error (errDone for a good end) or ctx ends. A broken
// stream is taken up again where it broke.
func (cl *client) follow(ctx context.Context, query url.Values, handle func(event) error) error {
	last, lost := "", time.Time{}
	for {
		err := cl.followOnce(ctx, query, &last, func(e event) error {
			lost = time.Time{}
			return handle(e)
		})
		var gone *errUnreachable
		switch {
		case errors.Is(err, errDone):
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !errors.As(err, &gone):
			return err
		case lost.IsZero():
			lost = time.Now()
		case time.Since(lost) > reconnectFor:
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(reconnectPause):
		}
	}
}

// followOnce reads one connection to its end, which is no error; last keeps the newest id.
func (cl *client) followOnce(ctx context.Context, query url.Values, last *string, handle func(event) error) error {
	response, err := cl.do(ctx, http.MethodGet, "/events", query, nil, *last)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var e event
	for lines := bufio.NewReader(response.Body); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return nil // the connection broke; what was half read comes again
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case name == "id":
			e.id = value
		case name == "event":
			e.kind = value
		case name == "data":
			e.data = []byte(value)
		case line == "\n":
			if e.data != nil {
				if err := handle(e); err != nil {
					return err
				}
			}
			*last, e = e.id, event{id: e.id}
		}
	}
}
