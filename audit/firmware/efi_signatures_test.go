package firmware

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// entryOf is an entry of a certificate table.
func entryOf(kind uint16, blob []byte) []byte {
	entry := make([]byte, certHeaderBytes, certHeaderBytes+len(blob)+7)
	binary.LittleEndian.PutUint32(entry, uint32(certHeaderBytes+len(blob)))
	binary.LittleEndian.PutUint16(entry[4:], 0x200)
	binary.LittleEndian.PutUint16(entry[6:], kind)
	entry = append(entry, blob...)
	return append(entry, make([]byte, -len(entry)&7)...)
}

// TestSeveralSignatures: firmware takes a program if one of its signatures is of an
// authority that it trusts, wherever that stands; one that does not hold beside it counts
// for nothing, and two that lead nowhere are judged by the first.
func TestSeveralSignatures(t *testing.T) {
	b := dumps(t)["nv-gp106-gtx1060-msi-trimmed.rom"]
	payload, err := Payload(b, &Parse(b).Images[1])
	if err != nil {
		t.Fatal(err)
	}
	pe, err := parsePE(payload)
	if err != nil {
		t.Fatal(err)
	}
	body, genuine := slices.Clone(pe.b[:pe.certs.start]), pe.b[pe.certs.start:pe.certs.end]
	own := entryOf(certPKCS7, signedBlob(t, pe.digest(newSHA256())))
	other := entryOf(certPKCS7, signedBlob(t, make([]byte, 32)))
	with := func(entries ...[]byte) []byte {
		table := slices.Concat(entries...)
		out := slices.Concat(body, table)
		binary.LittleEndian.PutUint32(out[pe.directory:], uint32(len(body)))
		binary.LittleEndian.PutUint32(out[pe.directory+4:], uint32(len(table)))
		return out
	}
	for _, tc := range []struct {
		name   string
		pe     []byte
		signer string
		anchor bool
	}{
		{"one", with(genuine), "Microsoft", true},
		{"another's in front", with(own, genuine), "Microsoft", true},
		{"another's behind", with(genuine, own), "Microsoft", true},
		{"one of another program in front", with(other, own, genuine), "Microsoft", true},
		{"no DER in front", with(entryOf(certPKCS7, []byte{0xff, 0xff}), genuine), "Microsoft", true},
		{"two of nobody's", with(own, other), "a test's signer", false},
		{"behind more than are read", with(own, own, own, own, genuine), "a test's signer", false},
	} {
		e, fault := parseEFI(t, efiROM(tc.pe, 1))
		if strings.HasPrefix(fault, "efi") || !strings.Contains(inventory.Text(e.Signer), tc.signer) || e.Chain == nil || (e.Chain.Anchor != nil) != tc.anchor || !*e.DigestMatches {
			t.Errorf("%s: %s, chain %+v, fault %q", tc.name, inventory.Text(e.Signer), e.Chain, fault)
		}
	}
}
