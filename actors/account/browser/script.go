package browser

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/go-rod/rod/lib/proto"
)

// The functions that read pages. They run in isolated worlds: their own prototypes, the page's document.
var (
	//go:embed js/find.js
	findJS string
	//go:embed js/place.js
	placeJS string
	//go:embed js/hit.js
	hitJS string
)

// maxAnswer bounds what a page function may return, in UTF-16 units of JSON.
const maxAnswer = 1 << 20

// frame is one document to search: a page's own, or that of an iframe in it.
type frame struct {
	target *target
	id     proto.PageFrameID
	owner  *element // the iframe element around it; nil for a page's own
}

// run calls a function in the frame's isolated world and returns its result, by value or by reference. A world that
// went away with a navigation is replaced once: functions only read.
func (f frame) run(ctx context.Context, function string, byValue bool, args ...any) (*proto.RuntimeRemoteObject, error) {
	for again := false; ; again = true {
		world, err := f.target.world(ctx, f.id)
		if err == nil {
			var result *proto.RuntimeRemoteObject
			if result, err = f.target.callFunction(ctx, map[string]any{"executionContextId": world}, function, byValue, args...); err == nil {
				return result, nil
			}
		}
		if !lost(err) || again {
			return nil, err
		}
		f.target.forgetWorld(f.id)
	}
}

// callFunction calls a function on an object or in a world; where says on which. An *element among the
// arguments is passed by reference.
func (t *target) callFunction(ctx context.Context, where map[string]any, function string, byValue bool, args ...any) (*proto.RuntimeRemoteObject, error) {
	list := make([]map[string]any, len(args))
	for i, arg := range args {
		if el, ok := arg.(*element); ok {
			list[i] = map[string]any{"objectId": el.object}
		} else {
			list[i] = map[string]any{"value": arg}
		}
	}
	params := map[string]any{
		"functionDeclaration": function, "arguments": list, "returnByValue": byValue,
		"awaitPromise": byValue, "silent": true,
	}
	if !byValue {
		params["objectGroup"] = t.handles.group(ctx, t)
	}
	for key, value := range where {
		params[key] = value
	}
	var answer proto.RuntimeCallFunctionOnResult
	if err := t.call(ctx, "Runtime.callFunctionOn", params, &answer); err != nil {
		return nil, err
	}
	if answer.ExceptionDetails != nil {
		return nil, thrown(answer.ExceptionDetails)
	}
	return answer.Result, nil
}

// thrown is a page function's exception: its first line.
func thrown(d *proto.RuntimeExceptionDetails) error {
	text := d.Text
	if d.Exception != nil && d.Exception.Description != "" {
		text, _, _ = strings.Cut(d.Exception.Description, "\n")
	}
	return fmt.Errorf("page function: %s", text)
}

// evaluate runs a pure function (args) => JSON in the frame's isolated world and returns its answer.
func (f frame) evaluate(ctx context.Context, function string, args any) (json.RawMessage, error) {
	result, err := f.run(ctx, answering(function), true, args)
	if err != nil {
		return nil, err
	}
	return answerOf(result)
}

// answering wraps a pure function so that it answers with JSON of a bounded size.
func answering(function string) string {
	return fmt.Sprintf(`async function(args) {
	const answer = JSON.stringify((await (%s)(args)) ?? null);
	if (answer.length > %d) throw new RangeError("the answer is too large");
	return answer;
}`, function, maxAnswer)
}

func answerOf(result *proto.RuntimeRemoteObject) (json.RawMessage, error) {
	answer := json.RawMessage(result.Value.Str())
	if len(answer) > maxAnswer {
		return nil, fmt.Errorf("page function: answer of %d bytes is too large", len(answer))
	}
	return answer, nil
}

// handles numbers the groups in which Chromium keeps the elements that we hold, so that a page which is
// never left does not collect them for ever.
type handles struct {
	mu    sync.Mutex
	calls int
}

const (
	callsPerGroup = 256
	groupsKept    = 4
)

// group is the group for the next handles; an old one is released now and then.
func (h *handles) group(ctx context.Context, t *target) string {
	h.mu.Lock()
	h.calls++
	n, first := h.calls/callsPerGroup, h.calls%callsPerGroup == 0
	h.mu.Unlock()
	name := func(n int) string { return fmt.Sprintf("handles-%d", n) }
	if first && n >= groupsKept {
		proto.RuntimeReleaseObjectGroup{ObjectGroup: name(n - groupsKept)}.Call(t.in(ctx))
	}
	return name(n)
}
