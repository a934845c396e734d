package firmware

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const vega = "amd-vega10-vega56-msi.rom"

// pspStates are the states of the signed entries of a ROM, by type.
func pspStates(rom *inventory.ROM) map[string]string {
	states := map[string]string{}
	for _, e := range rom.PSP {
		if e.State != nil {
			states[e.Type] = *e.State
		}
	}
	return states
}

// TestPSPSignatures: a program of a real dump verifies, and each of its parts counts.
func TestPSPSignatures(t *testing.T) {
	b := dumps(t)[vega]
	stock := Parse(b)
	want := map[string]string{"01": inventory.PSPEncrypted, "12": inventory.PSPAuthentic, "14": inventory.PSPEncrypted}
	if got := pspStates(stock); got["01"] != want["01"] || got["12"] != want["12"] || got["14"] != want["14"] {
		t.Fatalf("stock: %v", got)
	}
	if k := stock.PSP[0]; k.KnownKey == nil || *k.KnownKey != "Vega 10" {
		t.Errorf("the key: %+v", k)
	}
	for i := range stock.PSP {
		e := &stock.PSP[i]
		if e.State == nil {
			continue
		}
		stored := int(binary.LittleEndian.Uint32(b[e.Offset+pspStored:]))
		for _, test := range []struct {
			what    string
			at      int
			noticed bool
		}{
			{"header", 0x60, e.Type == "12"}, {"body", pspBlobHeader + 20, e.Type == "12"},
			{"first byte of the signature", stored - 256, true}, {"last byte of the signature", stored - 1, true},
			{"size of what is signed", pspSignedBytes, e.Type == "12"}, {"stored size", pspStored + 3, true},
		} {
			c := bytes.Clone(b)
			c[e.Offset+test.at] ^= 0x10
			if got := pspStates(Parse(c))[e.Type]; (got == inventory.PSPChanged) != test.noticed {
				t.Errorf("type %s, %s changed: %s", e.Type, test.what, got)
			}
		}
		c := bytes.Clone(b)
		c[e.Offset+pspKey] ^= 1
		if got := pspStates(Parse(c))[e.Type]; got != inventory.PSPOtherKey {
			t.Errorf("type %s, another key named: %s", e.Type, got)
		}
	}
	// Whoever brings a key of their own is nobody who is known.
	c := bytes.Clone(b)
	c[stock.PSP[0].Offset+0x150] ^= 1
	if got := pspStates(Parse(c)); got["12"] != inventory.PSPUnknownKey {
		t.Errorf("another key: %v", got)
	}
}

// TestPSPForms: keys of both sizes, signatures over what is there and over noise.
func TestPSPForms(t *testing.T) {
	for _, bits := range []int{2048, 4096} {
		private, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		entry := make([]byte, pspKeyHeader+bits/4)
		binary.LittleEndian.PutUint32(entry[pspKeyBits:], uint32(bits))
		binary.LittleEndian.PutUint32(entry[pspKeyHeader:], 65537)
		modulus := private.N.Bytes()
		slices.Reverse(modulus)
		copy(entry[pspKeyHeader+bits/8:], modulus)
		k := readPSPKey(entry, nil)
		if k == nil || k.key.N.Cmp(private.N) != 0 {
			t.Fatalf("%d bits: the key was not read", bits)
		}
		algorithm, digest := k.digestOf([]byte("text"))
		signature, err := rsa.SignPSS(rand.Reader, private, algorithm, digest, &rsa.PSSOptions{SaltLength: algorithm.Size()})
		if err != nil {
			t.Fatal(err)
		}
		if !k.formed(signature) {
			t.Errorf("%d bits: a signature of this key has no form", bits)
		}
		if old, err := rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, bytes.Repeat([]byte{1}, 32)); err != nil || k.formed(old) {
			t.Errorf("%d bits: one of another form has it: %v", bits, err)
		}
		if k.formed(bytes.Repeat([]byte{0xff}, bits/8)) || k.formed(make([]byte, bits/8)) {
			t.Errorf("%d bits: numbers have the form", bits)
		}
		for _, n := range []int{0, pspKeyHeader - 1, pspKeyHeader, len(entry) - 1} {
			if readPSPKey(entry[:n], nil) != nil {
				t.Errorf("%d bits: a key of %d bytes was read", bits, n)
			}
		}
		binary.LittleEndian.PutUint32(entry[pspKeyHeader:], 65536)
		if readPSPKey(entry, nil) != nil {
			t.Errorf("%d bits: an even exponent was read", bits)
		}
	}
}
