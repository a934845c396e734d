package firmware

import (
	"encoding/binary"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/firmware/efitest"
)

// unsignedPE builds a PE32+ image of one section.
func unsignedPE(code []byte) []byte { return efitest.UnsignedPE(code) }

// signPE signs an image with a key of its own, the way Authenticode does.
func signPE(t testing.TB, image []byte) []byte {
	t.Helper()
	pe, err := parsePE(image)
	if err != nil {
		t.Fatal(err)
	}
	return efitest.WithCertificates(image, signedBlob(t, pe.digest(newSHA256())))
}

// signedBlob is the PKCS #7 structure over an image's digest.
func signedBlob(t testing.TB, digest []byte) []byte {
	t.Helper()
	blob, err := efitest.SignedBlob(digest, "a test's signer", "a test's signer")
	if err != nil {
		t.Fatal(err)
	}
	return blob
}

// efiROM puts a payload in an EFI option ROM.
func efiROM(payload []byte, compression byte) []byte {
	if compression == 1 {
		payload = store(payload, uefiBits)
	}
	const at = 0x40
	b := image(codeEFI, 0x1002, 0x73ff, (at+len(payload)+blockBytes-1)/blockBytes, true)
	clear(b[at:])
	binary.LittleEndian.PutUint32(b[4:], efiSignature)
	binary.LittleEndian.PutUint16(b[8:], 11)
	binary.LittleEndian.PutUint16(b[0x0a:], 0x8664)
	b[0x0c], b[0x16] = compression, at
	copy(b[at:], payload)
	return b
}
