package policy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/gpuaudit/gpuaudit/audit/finding"
)

// keyByFirmware adds to a finding's key the digests of the firmware that its
// pointers lead to, where the rule has not put them there itself: whoever accepts a
// finding about one ROM has not accepted the next that the card is flashed with. The
// decision itself may be kept for other inputs, and stays as it is.
func (d *decision) keyByFirmware(input ast.Value) *decision {
	if d.status != finding.Fail && d.status != finding.Unknown {
		return d
	}
	var digests []string
	for _, pointer := range slices.Concat(d.evidence, d.missing) {
		for _, digest := range firmwareAt(input, pointer) {
			if !strings.Contains(d.key, digest) && !slices.Contains(digests, digest) {
				digests = append(digests, digest)
			}
		}
	}
	if len(digests) == 0 {
		return d
	}
	slices.Sort(digests)
	keyed := *d
	keyed.key = strings.Join(append([]string{d.key}, digests...), ";")
	return &keyed
}

// firmwareAt are the digests of what a pointer leads to: an image, a ROM or all ROMs
// of the device, or a driver that firmware ran. One that was not measured is in the
// ROMs.
func firmwareAt(input ast.Value, pointer string) []string {
	roms := func() []ast.Value { return elements(lookup(input, "device/firmware/roms")) }
	if driver, ok := strings.CutPrefix(pointer, "/attestation/boot/drivers/"); ok && lookup(input, "device") != nil {
		number, _, _ := strings.Cut(driver, "/")
		if d := element(elements(lookup(input, "attestation/boot/drivers")), number); text(d, "digest") != "" {
			return []string{text(d, "digest")}
		}
		return digestsOf(roms())
	}
	if !strings.HasPrefix(pointer+"/", "/device/firmware/roms/") {
		return nil
	}
	path := strings.Split(pointer, "/")
	if len(path) == 4 {
		return digestsOf(roms())
	}
	rom := element(roms(), path[4])
	if len(path) > 6 && path[5] == "images" {
		if digest := text(element(elements(lookup(rom, "images")), path[6]), "sha256"); digest != "" {
			return []string{digest}
		}
	}
	return digestsOf([]ast.Value{rom})
}

// digestsOf are those that tell ROMs again over rescans: of what does not change
// while the card runs, or of the whole where that is not told apart.
func digestsOf(roms []ast.Value) (digests []string) {
	for _, rom := range roms {
		digest := text(rom, "stable_sha256")
		if digest == "" {
			digest = text(rom, "sha256")
		}
		if digest != "" {
			digests = append(digests, digest)
		}
	}
	return digests
}

func elements(v ast.Value) (list []ast.Value) {
	if array, ok := v.(*ast.Array); ok {
		array.Foreach(func(t *ast.Term) { list = append(list, t.Value) })
	}
	return list
}

// element is the one of a number in a pointer, nil where there is none.
func element(list []ast.Value, number string) ast.Value {
	i, err := strconv.Atoi(number)
	if err != nil || i < 0 || i >= len(list) {
		return nil
	}
	return list[i]
}
