package apitest

import (
	"google.golang.org/protobuf/proto"

	"troupe/actors/master/board"
	"troupe/messages"
)

// sandbox is the platform that there is from the beginning: version 2 from the folder runs, version 1 is built in.
func sandbox() *board.Platform {
	return &board.Platform{
		Name: "sandbox", Title: map[string]string{"zh": "演示平台", "en": "Sandbox"}, Digest: "2222222222222222", Version: 2,
		Versions: []board.Version{
			{Digest: "2222222222222222", Version: 2, TakenAt: 1795328493882},
			{Digest: "1111111111111111", Version: 1, BuiltIn: true},
		},
	}
}

// RefuseDefinition names a fault of the version that lies in the definitions folder.
func (m *Master) RefuseDefinition(platform, problem string) {
	for i, p := range m.Platforms {
		if string(p.Name) == platform {
			next := *p
			next.Problem = problem
			m.Platforms[i] = &next
		}
	}
}

// definitions carries out what is asked of definitions: a rollback goes to the built-in version, a trial goes well.
func (m *Master) definitions(command any) proto.Message {
	switch x := command.(type) {
	case *messages.RollBackDefinition:
		for i, p := range m.Platforms {
			if string(p.Name) == x.GetPlatform() {
				next := *p
				next.Digest, next.Version, next.BuiltIn, next.RolledBack = "1111111111111111", 1, true, true
				m.Platforms[i] = &next
			}
		}
		return &messages.DefinitionRolledBack{Platform: x.GetPlatform(), Digest: "1111111111111111", Version: 1}
	default:
		return &messages.DefinitionTried{
			Digest: "3333333333333333", Version: 3, CurrentDigest: "2222222222222222", CurrentVersion: 2, Outcome: "ok", CurrentOutcome: "ok", TookMs: 1200,
			Collections: []*messages.TriedCollection{{Collection: messages.Comments, Tried: 3, Current: 4, Missing: []string{"c7"}}},
			Steps:       []*messages.RoundStep{{Step: "collect.desk/await works", Matched: "works", TookMs: 12}},
			Unlisted:    map[string]int64{"img.other.test": 3},
		}
	}
}
