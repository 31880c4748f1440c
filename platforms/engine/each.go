package engine

import (
	"context"
	"fmt"
	"maps"

	"troupe/platforms"
	"troupe/platforms/definition"
)

// each makes steps for one row after another. A row that was gone through before and looks the same is passed over; one
// whose page is gone is left for another time. What is left when the bound is reached is the next round's.
func (f *flow) each(ctx context.Context, e *definition.Each) (string, error) {
	if e.Reads && f.client.ReadOnly {
		return "nothing is marked as read here", nil
	}
	if f.last[e.Of] == nil {
		return "", fmt.Errorf("%s was not awaited before: %w", e.Of, errMissing)
	}
	rows, err := f.rowsOf(ctx, e)
	if err != nil {
		return "", err
	}
	names, made, passed := f.names, 0, 0
	defer func() { f.names = names }()
	id := f.name + "/" + e.Of
	seen := make(map[string]bool)
	for _, row := range rows {
		key, stamp := row["key"], row["stamp"]
		if seen[key] || stamp != "" && f.client.Memory.stamp(id, key) == stamp {
			passed++
			continue
		}
		if made == e.AtMost {
			f.left = true
			break
		}
		seen[key] = true
		f.names = maps.Clone(names)
		for name, value := range row {
			f.names["each."+name] = value
		}
		gone, err := f.eachRow(ctx, e)
		if err != nil {
			return "", err
		}
		if !gone { // a list that was read too soon is no reason to pass over the row for ever
			f.client.Memory.done(id, key, stamp)
		}
		made++
	}
	return fmt.Sprintf("%d rows, %d passed over", made, passed), nil
}

// eachRow makes the steps for one row; gone says that its page was not there.
func (f *flow) eachRow(ctx context.Context, e *definition.Each) (gone bool, err error) {
	f.row = nil
	err = f.walk(ctx, e.Steps)
	if platforms.KindOf(err) == platforms.TargetGone {
		f.client.Log.Info("row is gone, passing over", "step", platforms.StepOf(err))
		return true, nil
	}
	return false, err
}
