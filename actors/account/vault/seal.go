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

	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

// ErrSealBroken means that what is sealed was changed, belongs elsewhere, or was sealed with a key that the ring does not have.
var ErrSealBroken = errors.New("the seal does not open: changed, moved, or sealed with another key")

// The purposes of the ring's keys: each has a sub-key of its own.
const (
	forState  = "troupe account state"
	forSecret = "troupe proxy secret"
)

// sealForm is the form of what is authenticated along with a seal.
const sealForm = 1

// Seal closes s for that account, epoch and counter with the ring's newest key.
func Seal(ring *KeyRing, account messages.AccountID, epoch messages.Epoch, counter uint64, s *State) (*messages.SealedState, error) {
	packed, err := pack(s)
	if err != nil {
		return nil, err
	}
	sealed := &messages.SealedState{Account: string(account), Epoch: uint64(epoch), Counter: counter}
	if err := sealState(ring, sealed, packed); err != nil {
		return nil, err
	}
	return sealed, nil
}

// Open gives back what Seal closed for that account. It refuses with ErrSealBroken a state of another account, one whose epoch or
// counter is not the one that it was sealed for, one that was changed, and one whose key the ring does not have.
func Open(ring *KeyRing, account messages.AccountID, sealed *messages.SealedState) (*State, error) {
	if sealed.GetAccount() != string(account) {
		return nil, fmt.Errorf("open sealed state: it belongs to another account: %w", ErrSealBroken)
	}
	packed, err := openState(ring, sealed)
	if err != nil {
		return nil, err
	}
	return unpack(packed)
}

// Reseal closes a sealed state anew, with the ring's newest key, without looking into it.
func (r *KeyRing) Reseal(sealed *messages.SealedState) (*messages.SealedState, error) {
	packed, err := openState(r, sealed)
	if err != nil {
		return nil, err
	}
	again := proto.CloneOf(sealed)
	if err := sealState(r, again, packed); err != nil {
		return nil, err
	}
	return again, nil
}

// SealSecret closes a small secret, such as a proxy's password, for its owner with the ring's newest key.
func SealSecret(ring *KeyRing, owner string, secret []byte) (*messages.SealedSecret, error) {
	sealed := &messages.SealedSecret{Owner: owner}
	var err error
	sealed.KeyId, sealed.Nonce, sealed.Ciphertext, err = ring.seal(forSecret, secret, ownerBinding(owner))
	if err != nil {
		return nil, fmt.Errorf("seal secret: %w", err)
	}
	return sealed, nil
}

// OpenSecret gives back what SealSecret closed for that owner. It refuses with ErrSealBroken what Open would.
func OpenSecret(ring *KeyRing, owner string, sealed *messages.SealedSecret) (messages.Secret, error) {
	if sealed.GetOwner() != owner {
		return nil, fmt.Errorf("open sealed secret: it belongs to another: %w", ErrSealBroken)
	}
	secret, err := ring.open(forSecret, sealed.GetKeyId(), sealed.GetNonce(), sealed.GetCiphertext(), ownerBinding(owner))
	if err != nil {
		return nil, fmt.Errorf("open sealed secret: %w", err)
	}
	return secret, nil
}

// ResealSecret closes a sealed secret anew, with the ring's newest key.
func (r *KeyRing) ResealSecret(sealed *messages.SealedSecret) (*messages.SealedSecret, error) {
	secret, err := OpenSecret(r, sealed.GetOwner(), sealed)
	if err != nil {
		return nil, err
	}
	return SealSecret(r, sealed.GetOwner(), secret)
}

// sealState fills in the seal of packed for the account, epoch and counter that stand in sealed.
func sealState(ring *KeyRing, sealed *messages.SealedState, packed []byte) (err error) {
	sealed.KeyId, sealed.Nonce, sealed.Ciphertext, err = ring.seal(forState, packed, binding(sealed))
	if err != nil {
		return fmt.Errorf("seal state: %w", err)
	}
	return nil
}

func openState(ring *KeyRing, sealed *messages.SealedState) ([]byte, error) {
	packed, err := ring.open(forState, sealed.GetKeyId(), sealed.GetNonce(), sealed.GetCiphertext(), binding(sealed))
	if err != nil {
		return nil, fmt.Errorf("open sealed state: %w", err)
	}
	return packed, nil
}

// seal encrypts plain with the newest key's sub-key for that purpose; bound is authenticated along.
func (r *KeyRing) seal(purpose string, plain, bound []byte) (keyID string, nonce, ciphertext []byte, err error) {
	k := r.newest()
	aead, err := k.aead(purpose)
	if err != nil {
		return "", nil, nil, err
	}
	nonce = make([]byte, aead.NonceSize())
	rand.Read(nonce) // never fails
	return k.ID, nonce, aead.Seal(nil, nonce, plain, bound), nil
}

func (r *KeyRing) open(purpose, keyID string, nonce, ciphertext, bound []byte) ([]byte, error) {
	k, ok := r.find(keyID)
	if !ok {
		return nil, fmt.Errorf("the ring lacks its key: %w", ErrSealBroken)
	}
	aead, err := k.aead(purpose)
	if err != nil {
		return nil, err
	}
	if len(nonce) != aead.NonceSize() {
		return nil, ErrSealBroken
	}
	plain, err := aead.Open(nil, nonce, ciphertext, bound)
	if err != nil {
		return nil, ErrSealBroken
	}
	return plain, nil
}

// binding is what a state's seal authenticates: form | account | epoch | counter.
func binding(s *messages.SealedState) []byte {
	b := ownerBinding(s.GetAccount())
	b = binary.BigEndian.AppendUint64(b, s.GetEpoch())
	return binary.BigEndian.AppendUint64(b, s.GetCounter())
}

// ownerBinding is what a secret's seal authenticates: form | owner.
func ownerBinding(owner string) []byte {
	b := []byte{sealForm}
	b = binary.BigEndian.AppendUint32(b, uint32(len(owner)))
	return append(b, owner...)
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
