package browser

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-rod/rod/lib/cdp"
	"github.com/go-rod/rod/lib/proto"
)

// The functions that read pages. They run in isolated worlds: their own prototypes, the page's document.
var (
	//go:embed js/find.js
	findJS string
	//go:embed js/reveal.js
	revealJS string
	//go:embed js/hit.js
	hitJS string
)

// maxAnswer bounds what is read from a page at once, in bytes.
const maxAnswer = 1 << 20

// errTooLarge means that a page has more to say than is read.
var errTooLarge = errors.New("the answer is too large")

// frame is one document to search: a page's own, or that of an iframe in it.
type frame struct {
	target *target
	id     proto.PageFrameID
	owner  *element // the iframe element around it; nil for a page's own

	// entered is the isolated world of the one document that is meant; 0 means whichever stands there.
	entered proto.RuntimeExecutionContextID
}

// inWorld does something in the frame's isolated world. A world that went away with a navigation is replaced once, unless
// that document was meant: what is done only reads.
func (f frame) inWorld(ctx context.Context, do func(proto.RuntimeExecutionContextID) (*proto.RuntimeRemoteObject, error)) (*proto.RuntimeRemoteObject, error) {
	if f.entered != 0 {
		return do(f.entered)
	}
	for again := false; ; again = true {
		world, err := f.target.world(ctx, f.id)
		if err == nil {
			var result *proto.RuntimeRemoteObject
			if result, err = do(world); err == nil {
				return result, nil
			}
		}
		if !lost(err) || again {
			return nil, err
		}
		f.target.forgetWorld(f.id)
	}
}

// run calls a function in the frame's isolated world and returns its result, by value or by reference.
func (f frame) run(ctx context.Context, function string, byValue bool, args ...any) (*proto.RuntimeRemoteObject, error) {
	return f.inWorld(ctx, func(world proto.RuntimeExecutionContextID) (*proto.RuntimeRemoteObject, error) {
		return f.target.callFunction(ctx, map[string]any{"executionContextId": world}, function, byValue, args...)
	})
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
	expression, err := asking(function, args)
	if err != nil {
		return nil, err
	}
	result, err := f.inWorld(ctx, func(world proto.RuntimeExecutionContextID) (*proto.RuntimeRemoteObject, error) {
		return f.target.evaluate(ctx, expression, world)
	})
	if err != nil {
		return nil, moved(err)
	}
	return answerOf(result)
}

// evaluateInPage is evaluate in the world of the page's own scripts.
func (f frame) evaluateInPage(ctx context.Context, function string, args any) (json.RawMessage, error) {
	expression, err := asking(function, args)
	if err != nil {
		return nil, err
	}
	var result *proto.RuntimeRemoteObject
	if f.id == f.target.doc.main && f.entered == 0 {
		result, err = f.target.evaluate(ctx, expression, 0)
	} else {
		result, err = f.callInPage(ctx, "function() { return "+expression+"; }")
	}
	if err != nil {
		return nil, moved(err)
	}
	return answerOf(result)
}

// callInPage calls a function in the world of the page's own scripts, which Chromium does not name unless all worlds are
// watched, which a page could notice: a node that is resolved without naming a world stands in it.
func (f frame) callInPage(ctx context.Context, function string) (*proto.RuntimeRemoteObject, error) {
	document, err := f.run(ctx, `function() { return document; }`, false)
	if err != nil {
		return nil, err
	}
	node, err := proto.DOMDescribeNode{ObjectID: document.ObjectID}.Call(f.target.in(ctx))
	if err != nil {
		return nil, err
	}
	resolved, err := proto.DOMResolveNode{BackendNodeID: node.Node.BackendNodeID}.Call(f.target.in(ctx))
	if err != nil {
		return nil, err
	}
	return f.target.callFunction(ctx, map[string]any{"objectId": resolved.Object.ObjectID}, function, true)
}

// evaluate runs an expression in a world (0 is that of the page's own scripts). When ctx's deadline comes while it runs, it
// is cut, and the page goes on.
func (t *target) evaluate(ctx context.Context, expression string, world proto.RuntimeExecutionContextID) (*proto.RuntimeRemoteObject, error) {
	limit := callLimit
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline))
	}
	params := map[string]any{
		"expression": expression, "returnByValue": true, "awaitPromise": true, "silent": true, "timeout": max(1, limit.Milliseconds()),
	}
	if world != 0 {
		params["contextId"] = world
	}
	var answer proto.RuntimeEvaluateResult
	began := time.Now()
	if err := t.call(ctx, "Runtime.evaluate", params, &answer); err != nil {
		return nil, outOfTime(err, time.Since(began) >= limit.Truncate(time.Millisecond))
	}
	if answer.ExceptionDetails != nil {
		return nil, thrown(answer.ExceptionDetails)
	}
	return answer.Result, nil
}

// outOfTime tells a function that Chromium ended at its time limit from one that failed: Chromium's watch may be ahead of ours, and its answer
// then says no more than "Internal error" (156, seen 2026-11).
func outOfTime(err error, late bool) error {
	var refused *cdp.Error
	if late && errors.As(err, &refused) && refused.Code == internalError {
		return fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
	}
	return err
}

// internalError is JSON-RPC's code for what the other side cannot name.
const internalError = -32603

// asking is the call of a pure function, so that it answers with JSON of a bounded size.
func asking(function string, args any) (string, error) {
	written, err := json.Marshal(args)
	if err != nil {
		return "", fmt.Errorf("page function: arguments: %w", err)
	}
	return fmt.Sprintf(`(async (args) => {
	const answer = JSON.stringify((await (%s)(args)) ?? null);
	if (answer.length > %d) throw new RangeError("the answer is too large");
	return answer;
})(%s)`, function, maxAnswer, written), nil
}

func answerOf(result *proto.RuntimeRemoteObject) (json.RawMessage, error) {
	answer := json.RawMessage(result.Value.Str())
	if len(answer) > maxAnswer {
		return nil, fmt.Errorf("page function: %w", errTooLarge)
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
