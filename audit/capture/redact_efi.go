package capture

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"sync"

	"github.com/gpuaudit/gpuaudit/audit/firmware"
)

//go:embed published_dbx.txt
var publishedList string

// publishedCertificates are what computers are sold with in db and dbx, by the
// SHA-256 of their DER bytes: Microsoft's (docs/data-sources.md).
var publishedCertificates = []string{
	"48e99b991f57fc52f76149599bff0a58c47154229b9f8d603ac40d3500248507", // Microsoft Corporation UEFI CA 2011
	"e8e95f0733a55e8bad7be0a1413ee23c51fcea64b3c8fa6a786935fddcc71961", // Microsoft Windows Production PCA 2011
	"e5be3e64c6e66a281457ecdece0d6d0787577aad2a3a0144262c10c14ba8d8f1", // Microsoft Option ROM UEFI CA 2023
	"f6124e34125bee3fe6d79a574eaa7b91c0e7bd9d929c1a321178efd611dad901", // Microsoft UEFI CA 2023
	"076f1fea90ac29155ebf77c17682f75f1fdd1be196da302dc8461e350a9ae330", // Windows UEFI CA 2023
}

// published are the digests of images and of certificates that many machines have.
var published = sync.OnceValue(func() map[[sha256.Size]byte]bool {
	set := map[[sha256.Size]byte]bool{}
	add := func(digest string) {
		if b, err := hex.DecodeString(strings.TrimSpace(digest)); err == nil && len(b) == sha256.Size {
			set[[sha256.Size]byte(b)] = true
		}
	}
	for line := range strings.Lines(publishedList) {
		add(line)
	}
	for _, c := range publishedCertificates {
		add(c)
	}
	return set
})

const efiAttributes = 4

// efiState keeps a variable that is 0 or 1.
func efiState(data []byte) ([]byte, bool) {
	if len(data) != efiAttributes+1 || data[efiAttributes] > 1 || bytes.Count(data[1:efiAttributes], []byte{0}) != efiAttributes-1 {
		return nil, false
	}
	return data, true
}

// secureBoot keeps the published entries of db or dbx, with their owner zeroed. Each
// other entry becomes one that says only that it was there.
func secureBoot(data []byte) ([]byte, bool) {
	if len(data) < efiAttributes || bytes.Count(data[1:efiAttributes], []byte{0}) != efiAttributes-1 {
		return nil, false
	}
	out := bytes.Clone(data[:efiAttributes])
	own, seen := 0, map[[sha256.Size]byte]bool{}
	entries, err := firmware.SignatureEntries(data[efiAttributes:])
	if err != nil {
		return nil, false
	}
	for _, e := range entries {
		digest := sha256.Sum256(e.Data)
		if e.IsDigest() {
			digest = [sha256.Size]byte(e.Data)
		}
		if !published()[digest] {
			own++
			continue
		}
		if !seen[digest] {
			out = appendList(out, e.Type, e.Data)
		}
		seen[digest] = true
	}
	if own > 0 {
		out = appendList(out, firmware.RedactedEntry, make([][]byte, own)...)
	}
	return out, true
}

// appendList adds a list of entries without an owner, all of them as long as the
// first (UEFI Specification 2.10, section 32.4.1). An entry has at least a byte.
func appendList(out []byte, kind string, entries ...[]byte) []byte {
	const header, owner = 28, 16
	each := owner + max(len(entries[0]), 1)
	out = append(out, kind...)
	out = binary.LittleEndian.AppendUint32(out, uint32(header+len(entries)*each))
	out = binary.LittleEndian.AppendUint32(out, 0)
	out = binary.LittleEndian.AppendUint32(out, uint32(each))
	for _, e := range entries {
		at := len(out)
		out = append(out, make([]byte, each)...)
		copy(out[at+owner:], e)
	}
	return out
}

// vfct keeps the ACPI table by which firmware hands an AMD card's ROM over, without
// what its header says of the machine. The bytes sum up to what they did.
func vfct(data []byte) ([]byte, bool) {
	const checksum, names, end = 9, 10, 0x34 // OEM and creator, then a UUID
	if len(data) < 0x4c || !bytes.HasPrefix(data, []byte("VFCT")) {
		return nil, false
	}
	kept := bytes.Clone(data)
	for i := names; i < end; i++ {
		kept[checksum] += kept[i]
		kept[i] = 0
	}
	return kept, true
}
