package eventlog

import (
	"crypto"
	_ "crypto/sha1" // banks of old logs
	_ "crypto/sha256"
	_ "crypto/sha512"
	"fmt"
)

// Algorithm is a hash algorithm by its TCG number (TCG Algorithm Registry
// 1.34, table 3).
type Algorithm uint16

const (
	SHA1   Algorithm = 0x0004
	SHA256 Algorithm = 0x000b
	SHA384 Algorithm = 0x000c
	SHA512 Algorithm = 0x000d
	SM3    Algorithm = 0x0012
)

// known lists size and name; hash is 0 where Go has none, and such a bank is
// read and cannot be replayed.
var known = map[Algorithm]struct {
	name string
	size int
	hash crypto.Hash
}{
	SHA1:   {"sha1", 20, crypto.SHA1},
	SHA256: {"sha256", 32, crypto.SHA256},
	SHA384: {"sha384", 48, crypto.SHA384},
	SHA512: {"sha512", 64, crypto.SHA512},
	SM3:    {"sm3-256", 32, 0},
	0x0027: {"sha3-256", 32, 0},
	0x0028: {"sha3-384", 48, 0},
	0x0029: {"sha3-512", 64, 0},
}

func (a Algorithm) String() string {
	if k, ok := known[a]; ok {
		return k.name
	}
	return fmt.Sprintf("algorithm-%04x", uint16(a))
}

// Hash is the algorithm's hash, and false where the project has none.
func (a Algorithm) Hash() (crypto.Hash, bool) {
	h := known[a].hash
	return h, h != 0
}

// AlgorithmNamed is the algorithm that String names; false for all others.
func AlgorithmNamed(name string) (Algorithm, bool) {
	for a, k := range known {
		if k.name == name {
			return a, true
		}
	}
	return 0, false
}

func (a Algorithm) sum(parts ...[]byte) []byte {
	h := known[a].hash.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}
