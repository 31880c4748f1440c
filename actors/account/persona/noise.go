package persona

import (
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

//go:embed noise.js
var noiseJS string

// Script is what every context runs before its first line of script, "" for a persona without noise. Running it twice
// in one context is the same as running it once.
func Script(p Persona) string {
	if p.Noise != NoiseSeed {
		return ""
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "noise of %d", p.Seed))
	return strings.NewReplacer(
		`"KEY"`, `"`+hex.EncodeToString(sum[:16])+`"`,
		`"SEED"`, fmt.Sprint(binary.BigEndian.Uint32(sum[16:])),
	).Replace(noiseJS)
}
