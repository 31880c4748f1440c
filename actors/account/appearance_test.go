package account

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"troupe/actors/account/persona"
	"troupe/actors/account/vault"
	"troupe/messages"
	"troupe/testkit"
)

func TestPersonaIsStoredBeforeTheFirstLookAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.begin()
		saved := testkit.Expect[*messages.SaveVault](s.master, nil).GetSealed()
		state, err := vault.Open(s.ring, "sb_1", saved)
		if err != nil {
			t.Fatal(err)
		}
		drawn, err := persona.Decode(state.Persona)
		if err != nil {
			t.Fatal(err)
		}

		other := newScene(t)
		drawn.Width, drawn.Height = 1234, 777 // as none would be drawn
		stored := sealWith(t, other, drawn)
		other.sealed = stored
		other.begin()
		status := testkit.Expect(other.master, func(m *messages.AccountStatus) bool { return m.GetPersona() != nil })
		if p := status.GetPersona(); p.GetWidth() != 1234 || p.GetHeight() != 777 {
			t.Errorf("another persona was drawn: %v", p)
		}
		other.state(messages.Watching)
	})
}

func TestStoredPersonaThatIsNotUnderstoodStopsTheAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.sealed = sealWith(t, s, persona.Persona{Version: 99})
		s.begin()
		if failed := testkit.Expect[*messages.AccountFailed](s.master, nil); !strings.Contains(failed.GetReason(), "persona") {
			t.Errorf("%v", failed)
		}
		time.Sleep(time.Minute)
		if len(s.browsers) != 0 {
			t.Error("a browser was started all the same")
		}
	})
}

// sealWith is a sealed state of the scene's account that holds that persona and nothing else.
func sealWith(t *testing.T, s *scene, p persona.Persona) *messages.SealedState {
	t.Helper()
	encoded, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := vault.Seal(s.ring, "sb_1", 6, 1, &vault.State{Version: vault.StateVersion, ExportedAt: time.Now(), Persona: encoded})
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}
