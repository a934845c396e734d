package firmware

import (
	"errors"
	"fmt"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// ErrNoPayload says that an image carries no EFI payload that can be read.
var ErrNoPayload = errors.New("no readable EFI payload")

// Payload returns the PE or TE image inside an EFI image of a ROM, decompressed
// (UEFI Specification 2.10, section 14.4.2). The image must be one that [Parse]
// found in the same bytes.
func Payload(rom []byte, img *inventory.ROMImage) ([]byte, error) {
	if img.EFI == nil || img.Offset < 0 || img.Bytes < 0 || img.Offset > len(rom)-img.Bytes {
		return nil, fmt.Errorf("image %d: %w", img.Index, ErrNoPayload)
	}
	j := &efiJob{image: rom[img.Offset : img.Offset+img.Bytes], offset: img.Offset, efi: new(inventory.EFIImage)}
	payload, ok := j.header()
	if !ok {
		return nil, fmt.Errorf("image %d: offset %#x: %w: %s", img.Index, img.Offset, ErrNoPayload, j.faults[0].Detail)
	}
	if j.efi.Compression == 1 {
		out, _, err := decompress(payload)
		if err != nil {
			return nil, fmt.Errorf("image %d: offset %#x: %w: %w", img.Index, img.Offset, ErrNoPayload, err)
		}
		payload = out
	}
	return payload, nil
}
