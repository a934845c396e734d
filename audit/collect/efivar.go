package collect

import (
	"fmt"
	"io/fs"
)

// SecureBootVariable reads the Secure Boot database db or dbx from efivarfs,
// without the four bytes of attributes that the kernel puts before a variable,
// and names its file. The GUID is EFI_IMAGE_SECURITY_DATABASE (UEFI
// Specification 2.10, section 32.6.1).
func SecureBootVariable(fsys fs.FS, name string, limit int64) (value []byte, file string, err error) {
	const attributes = 4
	file = "sys/firmware/efi/efivars/" + name + "-d719b2cb-3d3a-4596-a3bc-dad00e67656f"
	b, err := Read(fsys, file, limit+attributes)
	switch {
	case err != nil:
		return nil, file, err
	case len(b) < attributes:
		return nil, file, fmt.Errorf("%w: %d bytes, want 4 of attributes first", ErrMalformed, len(b))
	}
	return b[attributes:], file, nil
}
