package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"troupe/messages"
)

// ErrSealBroken means that a sealed state was changed, belongs elsewhere, or was sealed with another key.
var ErrSealBroken = errors.New("the sealed state does not open: changed, moved, or sealed with another key")

// purpose names the sub-key for states; other uses of the ring take other names.
const purpose = "troupe account state"

// Seal closes s for that account, epoch and counter with the ring's newest key.
func Seal(ring *KeyRing, account messages.AccountID, epoch messages.Epoch, counter uint64, s *State) (*messages.SealedState, error) {
	packed, err := pack(s)
	if err != nil {
		return nil, err
	}
	key := ring.newest()
	aead, err := key.aead(purpose)
	if err != nil {
		return nil, err
	}
	sealed := &messages.SealedState{
		Account: string(account), Epoch: uint64(epoch), Counter: counter,
		KeyId: key.ID, Nonce: make([]byte, aead.NonceSize()),
	}
	rand.Read(sealed.Nonce) // never fails
	sealed.Ciphertext = aead.Seal(nil, sealed.Nonce, packed, binding(sealed))
	return sealed, nil
}

// Open gives back what Seal closed. It refuses a state whose account, epoch or counter is not the one that it
// was sealed for (ErrSealBroken), and one whose key the ring does not have.
func Open(ring *KeyRing, sealed *messages.SealedState) (*State, error) {
	key, ok := ring.find(sealed.GetKeyId())
	if !ok {
		return nil, fmt.Errorf("open sealed state: key %q is not in the ring", sealed.GetKeyId())
	}
	aead, err := key.aead(purpose)
	if err != nil {
		return nil, err
	}
	if len(sealed.GetNonce()) != aead.NonceSize() {
		return nil, ErrSealBroken
	}
	packed, err := aead.Open(nil, sealed.GetNonce(), sealed.GetCiphertext(), binding(sealed))
	if err != nil {
		return nil, ErrSealBroken
	}
	return unpack(packed)
}

// binding is the authenticated data: form | account | epoch | counter.
func binding(s *messages.SealedState) []byte {
	b := []byte{StateVersion}
	b = binary.BigEndian.AppendUint32(b, uint32(len(s.GetAccount())))
	b = append(b, s.GetAccount()...)
	b = binary.BigEndian.AppendUint64(b, s.GetEpoch())
	return binary.BigEndian.AppendUint64(b, s.GetCounter())
}

// aead is the cipher under the key's sub-key for that purpose.
func (k key) aead(purpose string) (cipher.AEAD, error) {
	sub, err := hkdf.Key(sha256.New, k.Secret, nil, purpose, 32)
	if err != nil {
		return nil, fmt.Errorf("derive key: %w", err)
	}
	block, err := aes.NewCipher(sub)
	if err != nil {
		return nil, fmt.Errorf("derive key: %w", err)
	}
	return cipher.NewGCM(block)
}
