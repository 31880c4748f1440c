package api

import (
	"context"
	"net/http"

	"troupe/actors"
	"troupe/messages"
)

// Key is one key of the ring that seals logins and passwords, by name. The key itself is never shown.
type Key struct {
	ID        string `json:"id"`
	CreatedAt int64  `json:"created_at,omitempty"` // absent = not known
	Newest    bool   `json:"newest"`               // all that is new is sealed with it
	Missing   bool   `json:"missing,omitempty"`    // something is sealed with it, and the ring does not have it
	Logins    int64  `json:"logins"`               // that are sealed with it
	Passwords int64  `json:"passwords"`            // of proxies, that are sealed with it
}

// Keys is the answer to GET /keys.
type Keys struct {
	Keys []Key `json:"keys"` // oldest first
}

// Rotated is the answer of POST /keys/rotate.
type Rotated struct {
	Key      string `json:"key"`      // the newest one
	Resealed int64  `json:"resealed"` // logins and passwords that are sealed with it now
	Already  int64  `json:"already"`  // that were before
	Failed   int64  `json:"failed"`   // that no key of the ring opens; they stay as they are
}

func (a *API) listKeys(w http.ResponseWriter, r *http.Request) error {
	return a.answerKeys(w, r, &messages.ListKeys{})
}

func (a *API) rotateKeys(w http.ResponseWriter, r *http.Request) error {
	if err := decode(r, &struct{}{}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), pageTime)
	defer cancel()
	done, err := actors.Ask[*messages.KeysRotated](ctx, a.Root, a.Master, &messages.RotateKeys{})
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, Rotated{done.GetKeyId(), done.GetResealed(), done.GetAlready(), done.GetFailed()})
}

func (a *API) retireKey(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("key")
	if r.URL.Query().Get("confirm") != id {
		return &Problem{http.StatusBadRequest, "confirm", "older backups that are sealed with this key cannot be opened any more: repeat with ?confirm=" + id}
	}
	return a.answerKeys(w, r, &messages.RetireKey{KeyId: id})
}

// answerKeys asks the master and answers with the keys as they are then.
func (a *API) answerKeys(w http.ResponseWriter, r *http.Request, command any) error {
	ctx, cancel := context.WithTimeout(r.Context(), commandTime)
	defer cancel()
	listed, err := actors.Ask[*messages.KeysListed](ctx, a.Root, a.Master, command)
	if err != nil {
		return err
	}
	keys := make([]Key, 0, len(listed.GetKeys()))
	for _, k := range listed.GetKeys() {
		keys = append(keys, Key{k.GetId(), k.GetCreatedAt(), k.GetNewest(), k.GetMissing(), k.GetStates(), k.GetSecrets()})
	}
	return answer(w, http.StatusOK, Keys{keys})
}
