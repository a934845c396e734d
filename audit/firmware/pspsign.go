package firmware

import (
	"bytes"
	"compress/zlib"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"io"
	"math/big"
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Signatures of programs for AMD's platform security processor (PSPReverse/PSPTool,
// header_file.py and pubkey_file.py; coreboot, psp_integration): RSA-PSS over the
// header and as much of the body as the header says, the body decompressed. The key is
// in the same directory, entry 00: a header, exponent and modulus, little-endian.
// Proven on a Vega 10: what of it is not encrypted verifies, and signatures over what
// is have the form that only the holder of the key can give them.
const (
	pspTypeKey     = "00"
	pspKeyHeader   = 0x40
	pspKeyID       = 0x04
	pspKeyBits     = 0x3c
	pspKeyIDBytes  = 16
	pspSignedBytes = 0x14
	pspCompressed  = 0x48
	pspStored      = 0x6c
	pspBlobHeader  = 0x100
)

// pspRoots are the SHA-256 of moduli, as they are stored, of keys that are known as
// AMD's, with the chip (docs/data-sources.md).
func pspRoots() map[string]string {
	return map[string]string{
		"a81329db7e6d3bbbf9fc99ad0ccf78dc2a49f2e2e54f60e4336eb3cad401fc09": "Vega 10",
		"6a0c9e5958adc422dcb5b4ff999481b118d1fe04ecf8869be89441d9c7c2705d": "Navi 10",
	}
}

// pspPublic is the key of a directory.
type pspPublic struct {
	id     string
	key    rsa.PublicKey
	known  string // the chip of a pinned key, "" for others
	digest string
}

// pspSignatures checks the programs of a directory whose key is at hand.
func (p *parser) pspSignatures() {
	var root *pspPublic
	for i := range p.rom.PSP {
		if e := &p.rom.PSP[i]; isPSPKey(e) && e.Read {
			root = readPSPKey(p.b[e.Offset:e.Offset+e.Bytes], p.pspRoots)
			break
		}
	}
	if root == nil {
		return
	}
	for i := range p.rom.PSP {
		e := &p.rom.PSP[i]
		if isPSPKey(e) {
			e.KeySHA256, e.KnownKey = new(root.digest), inventory.Fact(root.known)
		}
		if e.Read && e.Signed != nil && *e.Signed && e.Key != nil {
			e.State = inventory.Fact(root.check(p.b[e.Offset:e.Offset+e.Bytes], e))
		}
	}
}

// isPSPKey says that an entry is the key of the processor's own directories.
func isPSPKey(e *inventory.PSPEntry) bool {
	return e.Type == pspTypeKey && (e.Directory == "$PSP" || e.Directory == "$PL2")
}

// readPSPKey reads a key of 2048 or 4096 bits; nil for anything else.
func readPSPKey(b []byte, roots map[string]string) *pspPublic {
	if len(b) < pspKeyHeader {
		return nil
	}
	bits := int(binary.LittleEndian.Uint32(b[pspKeyBits:]))
	if bits != 2048 && bits != 4096 || len(b) < pspKeyHeader+bits/4 {
		return nil
	}
	exponent := littleEndian(b[pspKeyHeader : pspKeyHeader+bits/8])
	stored := b[pspKeyHeader+bits/8 : pspKeyHeader+bits/4]
	modulus := littleEndian(stored)
	const most = 1<<31 - 1 // what crypto/rsa takes
	if modulus.BitLen() != bits || modulus.Bit(0) == 0 || !exponent.IsInt64() || exponent.Int64() < 3 || exponent.Int64() > most || exponent.Bit(0) == 0 {
		return nil
	}
	sum := sha256.Sum256(stored)
	k := &pspPublic{id: hex.EncodeToString(b[pspKeyID : pspKeyID+pspKeyIDBytes]), key: rsa.PublicKey{N: modulus, E: int(exponent.Int64())}, digest: hex.EncodeToString(sum[:])}
	k.known = roots[k.digest]
	return k
}

func littleEndian(b []byte) *big.Int {
	r := bytes.Clone(b)
	slices.Reverse(r)
	return new(big.Int).SetBytes(r)
}

// check says what the signature of a blob is worth; "" where that cannot be told.
func (k *pspPublic) check(b []byte, e *inventory.PSPEntry) string {
	switch {
	case k.known == "":
		return inventory.PSPUnknownKey
	case *e.Key != k.id:
		return inventory.PSPOtherKey
	}
	size, covered, stored := k.key.Size(), int(binary.LittleEndian.Uint32(b[pspSignedBytes:])), int(binary.LittleEndian.Uint32(b[pspStored:]))
	if stored < pspBlobHeader+size || stored > len(b) || covered < 0 {
		return inventory.PSPChanged
	}
	body, signature := b[pspBlobHeader:stored-size], b[stored-size:stored]
	if e.Encrypted == nil || *e.Encrypted {
		if k.formed(signature) {
			return inventory.PSPEncrypted
		}
		return inventory.PSPChanged
	}
	if binary.LittleEndian.Uint32(b[pspCompressed:]) == 1 {
		body = unzipped(body, covered)
	}
	if covered > len(body) {
		return inventory.PSPChanged
	}
	algorithm, digest := k.digestOf(b[:pspBlobHeader], body[:covered])
	if rsa.VerifyPSS(&k.key, algorithm, digest, signature, &rsa.PSSOptions{SaltLength: algorithm.Size()}) != nil {
		return inventory.PSPChanged
	}
	return inventory.PSPAuthentic
}

// digestOf hashes with the algorithm that goes with the size of the key.
func (k *pspPublic) digestOf(parts ...[]byte) (crypto.Hash, []byte) {
	algorithm, h := crypto.SHA256, sha256.New()
	if k.key.Size() == 512 {
		algorithm, h = crypto.SHA384, sha512.New384()
	}
	for _, part := range parts {
		h.Write(part)
	}
	return algorithm, h.Sum(nil)
}

// unzipped is a body decompressed, no more of it than is signed, and no more than any
// program packs.
func unzipped(b []byte, covered int) []byte {
	r, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	out, err := io.ReadAll(io.LimitReader(r, int64(min(covered, 4*len(b)+4096))))
	if err != nil {
		return nil
	}
	return out
}

// formed says that a signature opens to the form of PSS (RFC 8017, section 9.1.2,
// steps 4 to 11) with a salt as long as the digest. Whoever lacks the private key hits
// that by chance once in a power of two of more than a thousand.
func (k *pspPublic) formed(signature []byte) bool {
	c := new(big.Int).SetBytes(signature)
	if c.Cmp(k.key.N) >= 0 {
		return false
	}
	em := c.Exp(c, big.NewInt(int64(k.key.E)), k.key.N).FillBytes(make([]byte, k.key.Size()))
	algorithm, _ := k.digestOf()
	n := algorithm.Size()
	if em[len(em)-1] != 0xbc || em[0]&0x80 != 0 {
		return false
	}
	db, seed := em[:len(em)-n-1], em[len(em)-n-1:len(em)-1]
	for at, counter := 0, uint32(0); at < len(db); counter++ {
		_, mask := k.digestOf(seed, binary.BigEndian.AppendUint32(nil, counter))
		for i := 0; i < len(mask) && at < len(db); i, at = i+1, at+1 {
			db[at] ^= mask[i]
		}
	}
	db[0] &= 0x7f
	pad := len(db) - n - 1
	return bytes.Count(db[:pad], []byte{0}) == pad && db[pad] == 1
}
