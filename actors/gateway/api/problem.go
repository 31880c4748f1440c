package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
)

// Problem is an error as a client sees it: {"error": {"code", "message"}}. Code is for programs and stays the same;
// Message is for people and says what to do.
type Problem struct {
	Status  int    `json:"-"` // of HTTP
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (p *Problem) Error() string { return p.Message }

// ProblemBody is the JSON that carries a Problem.
type ProblemBody struct {
	Error *Problem `json:"error"`
}

func invalid(format string, args ...any) *Problem {
	return &Problem{http.StatusBadRequest, "invalid", fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) *Problem {
	return &Problem{http.StatusNotFound, "not_found", fmt.Sprintf(format, args...)}
}

func loading(account string) *Problem {
	return &Problem{http.StatusServiceUnavailable, "loading", "the items of account " + account + " are still being read from disk: ask again in a second"}
}

// statusOf maps the codes of messages.Refused.
var statusOf = map[string]int{
	"not_found":   http.StatusNotFound,
	"invalid":     http.StatusBadRequest,
	"conflict":    http.StatusConflict,
	"unsupported": http.StatusUnprocessableEntity,
	"unavailable": http.StatusServiceUnavailable,
}

// problemOf says what a client is told of err. What is not understood is kept from the client.
func problemOf(err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if refused, ok := errors.AsType[*actors.RefusedError](err); ok {
		code := refused.Refused.GetCode()
		status, known := statusOf[code]
		if !known {
			status = http.StatusConflict
		}
		return &Problem{status, code, refused.Error()}
	}
	switch {
	case errors.Is(err, actor.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return &Problem{http.StatusGatewayTimeout, "timeout", "no answer in time; it may still happen: look at the account's state before trying again"}
	case errors.Is(err, actor.ErrDeadLetter):
		return &Problem{http.StatusServiceUnavailable, "unavailable", "the node is starting or stopping: try again in a few seconds"}
	}
	return &Problem{http.StatusInternalServerError, "internal", "the node could not answer; its log says why"}
}

// refuse answers with the problem that err means.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError && p.Code != "loading" && r.Context().Err() == nil {
		a.Log.Warn("request not answered", "method", r.Method, "pattern", r.Pattern, "code", p.Code, "err", err)
	}
	if p.Code == "loading" {
		w.Header().Set("Retry-After", "1")
	}
	_ = answer(w, p.Status, ProblemBody{p})
}

// answer writes v as JSON. An error means that the client is gone; nobody can be told.
func answer(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
	return nil
}

func join(words []string) string { return strings.Join(words, ", ") }
