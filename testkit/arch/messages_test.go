package arch

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// carried are messages that are parts of others or records, and so are handled where those are.
var carried = map[string]bool{
	"Content": true, "Statistics": true, "Comment": true, "Discussion": true, "Person": true, "Conversation": true, "DirectMessage": true,
	"Notification": true, "Profile": true, "Item": true, "StoredItem": true, "Counts": true, "Metadata": true, "Account": true, "Held": true,
	"Beat": true, "Grant": true, "SealedState": true, "LoginSession": true, "ReplyTarget": true, "Reply": true, "Alarm": true, "Put": true, "StoredSummary": true, "StoredChange": true, "Round": true, "RoundStep": true,
	"GateCounts": true, "Persona": true, "SealedSecret": true, "Proxy": true, "Upstream": true, "SealingKey": true,
	"DefinitionVersion": true, "DefinitionChoice": true, "TriedCollection": true, "QueuedLogin": true, "Tags": true,
	"Letter": true, "Decision": true, "Node": true, "Unmoved": true,
	"User": true, "AccessToken": true, "Session": true, "AuditEntry": true, "AuditEnd": true,
}

// TestEveryMessageIsHandledSomewhere finds a case, or a typed answer, for each message that actors send.
func TestEveryMessageIsHandledSomewhere(t *testing.T) {
	defined := map[string]bool{}
	for _, file := range []string{"actors.proto", "entities.proto", "letters.proto", "people.proto"} {
		text, err := os.ReadFile(root + "/messages/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^message (\w+)`).FindAllStringSubmatch(string(text), -1) {
			defined[m[1]] = true
		}
	}
	handled := map[string]bool{}
	use := regexp.MustCompile(`(?:case [^:\n]*|\.\(|\[)\*messages\.(\w+)`)
	name := regexp.MustCompile(`\*messages\.(\w+)`)
	sources(t, func(path, text string) {
		if !strings.HasPrefix(path, "actors/") && !strings.HasPrefix(path, "cluster/") && !strings.HasPrefix(path, "cmd/") || strings.HasSuffix(path, "_test.go") {
			return
		}
		for _, line := range use.FindAllString(text, -1) {
			for _, m := range name.FindAllStringSubmatch(line, -1) {
				handled[m[1]] = true
			}
		}
	})
	for m := range defined {
		if !handled[m] && !carried[m] {
			t.Errorf("nobody handles messages.%s", m)
		}
	}
}
