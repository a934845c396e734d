package manifesttext_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/manifest/manifesttext"
)

func TestWrite(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	day := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	p := &manifest.Predicate{
		Name: "card\x1b[31m", Vendor: "maker", Sequence: 2, Status: "current", Issued: day, Expires: day.AddDate(1, 0, 0),
		Devices:   []manifest.Device{{VendorID: "10de", DeviceID: "2684"}},
		Firmware:  []manifest.Firmware{{Kind: manifest.OptionROM, Version: "95.02", StableSHA256: sum}, {Kind: manifest.RuntimeFile, File: "gsp.bin", SHA256: sum}},
		Drivers:   []manifest.Driver{{Module: "nvidia", Version: "550.54", MinimumVersion: "550", SHA256: sum}},
		Functions: &[]manifest.Function{{VendorID: "10de", DeviceID: "2684", ClassCode: "030000"}},
		MemoryMiB: []int{24564},
		Imported:  []manifest.Import{{Format: "corim", File: "a\nb", Signature: "verified", Signer: "maker", Detail: "by a key", Unmapped: []string{"a value"}}},
	}
	var b bytes.Buffer
	manifesttext.Write(&b, p, "UNSIGNED")
	text := b.String()
	for _, want := range []string{
		"UNSIGNED  card", "edition 2, by maker", "issued 2026-11-24, expires 2027-11-24", "device    10de:2684 board any:any rev any",
		"firmware  95.02, images: 0, stable sha256:" + sum, "file      gsp.bin , sha256:" + sum, "driver    nvidia 550.54 at least 550 sha256:" + sum,
		"function  10de:2684 class 030000", "memory    24564 MiB", "signature verified by maker", "by a key", "not taken: a value",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if strings.ContainsRune(text, '\x1b') || strings.Contains(text, "a\nb") {
		t.Errorf("what a manifest says reaches the terminal as it is: %q", text)
	}
}
