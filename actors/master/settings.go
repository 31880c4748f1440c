package master

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/messages"
)

// Bounds of an account's tags.
const (
	tagsMost = 20
	tagMost  = 30 // characters
)

// checkTags says what is wrong with tags, nil when nothing is.
func checkTags(tags []string) error {
	if len(tags) > tagsMost {
		return fmt.Errorf("an account may have at most %d tags", tagsMost)
	}
	for _, t := range tags {
		if t = strings.TrimSpace(t); t == "" || utf8.RuneCountInString(t) > tagMost || strings.ContainsAny(t, ",;|\r\n\t") {
			return fmt.Errorf("a tag has 1 to %d characters and no comma, semicolon, bar or line break", tagMost)
		}
	}
	return nil
}

// sortedTags is the form in which tags are kept.
func sortedTags(tags []string) []string {
	var kept []string
	for _, t := range tags {
		kept = append(kept, strings.TrimSpace(t))
	}
	slices.Sort(kept)
	return slices.Compact(kept)
}

// onChange changes what the operator calls an account, and how often it looks from its next start on.
func (m *master) onChange(c actor.Context, msg *messages.ChangeAccount, sender *actor.PID) {
	a := m.find(c, msg.GetAccount(), sender)
	if a == nil {
		return
	}
	name, tags := strings.TrimSpace(msg.GetName()), msg.GetTags().GetTags()
	switch interval := msg.GetMonitorInterval(); {
	case msg.Name != nil && (name == "" || utf8.RuneCountInString(name) > 50):
		refuse(c, sender, "invalid", "the account's name must have 1 to 50 characters")
		return
	case interval != 0 && (interval < 10 || interval > 300):
		refuse(c, sender, "invalid", "monitor_interval must be 10 to 300 seconds, or 0 for the platform's own pace")
		return
	case checkTags(tags) != nil:
		refuse(c, sender, "invalid", checkTags(tags).Error())
		return
	}
	var ch change
	m.edit(&ch, a, func(r *messages.Account) {
		if msg.Name != nil {
			r.Name = name
		}
		if msg.AccountId != nil {
			r.AccountId = msg.GetAccountId()
		}
		if msg.MonitorInterval != nil {
			r.MonitorInterval = msg.GetMonitorInterval()
		}
		if msg.Tags != nil {
			r.Tags = sortedTags(tags)
		}
	})
	m.persist(c, ch, func() { answerDone(c, sender, a) })
}
