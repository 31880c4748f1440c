package people

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

func chainOf(n int) (*messages.AuditEnd, []*messages.AuditEntry) {
	end := &messages.AuditEnd{First: 1}
	var list []*messages.AuditEntry
	for i := range n {
		e := &messages.AuditEntry{At: int64(i), Who: "anna", From: "127.0.0.1", What: "POST /x", Targets: []string{"a", "b"}, Outcome: OK}
		seal(e, end.GetLast()+1, end.GetHash())
		end.Last, end.Hash = e.GetSeq(), e.GetHash()
		list = append(list, e)
	}
	return end, list
}

// TestEveryChangeOfTheLogIsFound alters, removes, adds and swaps entries, each at every place.
func TestEveryChangeOfTheLogIsFound(t *testing.T) {
	end, whole := chainOf(12)
	if f := Verify(end, whole); f != nil {
		t.Fatalf("the untouched log: %v", f)
	}
	harms := map[string]func(list []*messages.AuditEntry, i int) []*messages.AuditEntry{
		"who":     func(l []*messages.AuditEntry, i int) []*messages.AuditEntry { l[i].Who = "ben"; return l },
		"when":    func(l []*messages.AuditEntry, i int) []*messages.AuditEntry { l[i].At++; return l },
		"outcome": func(l []*messages.AuditEntry, i int) []*messages.AuditEntry { l[i].Outcome = "forbidden"; return l },
		"targets": func(l []*messages.AuditEntry, i int) []*messages.AuditEntry { l[i].Targets = []string{"ab"}; return l },
		"removed": func(l []*messages.AuditEntry, i int) []*messages.AuditEntry { return slices.Delete(l, i, i+1) },
		"doubled": func(l []*messages.AuditEntry, i int) []*messages.AuditEntry { return slices.Insert(l, i, l[i]) },
		"resealed": func(l []*messages.AuditEntry, i int) []*messages.AuditEntry {
			l[i].Who = "ben"
			l[i].Hash = digest(l[i])
			return l
		},
		"cut": func(l []*messages.AuditEntry, i int) []*messages.AuditEntry { return l[:i] },
		"cut front": func(l []*messages.AuditEntry, i int) []*messages.AuditEntry {
			return l[i+1:]
		},
	}
	for name, harm := range harms {
		for i := range whole {
			list := make([]*messages.AuditEntry, len(whole))
			for j, e := range whole {
				list[j] = proto.CloneOf(e)
			}
			f := Verify(end, harm(list, i))
			if f == nil {
				t.Errorf("%s at %d was not found", name, i+1)
				continue
			}
			if want := uint64(i + 1); name != "doubled" && name != "cut front" && name != "resealed" && f.Seq != want {
				t.Errorf("%s at %d: said %v", name, i+1, f)
			}
		}
	}
}
