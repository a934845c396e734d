package host

import (
	"fmt"
	"io/fs"
	"path"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/firmware"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const (
	firmwareDir = "sys/firmware"
	efiDir      = "sys/firmware/efi"
	efivars     = "sys/firmware/efi/efivars"
	// globalGUID is EFI_GLOBAL_VARIABLE (UEFI Specification 2.10, section 3.3).
	globalGUID = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
)

func (r *reader) boot() inventory.Boot {
	b := inventory.Boot{Mode: r.mode()}
	switch {
	case b.Mode == nil:
		r.because("/boot/secure_boot", efivars, inventory.ReasonNotPresent, "the boot mode is not known")
	case *b.Mode == "bios":
		r.because("/boot/secure_boot", efivars, inventory.ReasonNotSupported, "the kernel was not started by UEFI")
	default:
		b.SecureBoot = r.efiFlag("/boot/secure_boot", "SecureBoot")
		b.SetupMode = r.efiFlag("/boot/setup_mode", "SetupMode")
		b.DB, b.DBX = r.database("/boot/db", "db"), r.database("/boot/dbx", "dbx")
	}
	return b
}

// mode is "uefi" where the kernel has EFI tables. Without them it is "bios" on
// a machine with PC firmware tables; a device-tree machine is neither.
func (r *reader) mode() *string {
	if _, err := fs.Stat(r.fsys, efiDir); err == nil {
		return new("uefi")
	} else if !collect.Absent(err) {
		r.gap("/boot/mode", efiDir, err)
		return nil
	}
	for _, table := range [...]string{"acpi", "memmap", "dmi"} {
		if _, err := fs.Stat(r.fsys, path.Join(firmwareDir, table)); err == nil {
			return new("bios")
		}
	}
	r.gap("/boot/mode", firmwareDir, fs.ErrNotExist)
	return nil
}

// efiFlag reads a one-byte variable: four bytes of attributes, then 0 or 1.
func (r *reader) efiFlag(fact, name string) *bool {
	file := path.Join(efivars, name+"-"+globalGUID)
	b, err := collect.Read(r.fsys, file, collect.AttrLimit)
	if err == nil && (len(b) != 5 || b[4] > 1) {
		err = fmt.Errorf("%w: %d bytes, want 4 of attributes and a 0 or 1", collect.ErrMalformed, len(b))
	}
	if err != nil {
		r.gap(fact, file, err)
		return nil
	}
	return new(b[4] == 1)
}

// database reads a Secure Boot database. A machine without the variable has no
// such list, which is a gap of the reason not-present.
func (r *reader) database(fact, name string) *inventory.SignatureDatabase {
	b, file, err := collect.SecureBootVariable(r.fsys, name, firmware.MaxSignatureDatabase)
	if err != nil {
		r.gap(fact, file, err)
		return nil
	}
	d, err := firmware.ParseSignatureDatabase(b)
	if err != nil {
		r.gap(fact, file, fmt.Errorf("%w: %w", collect.ErrMalformed, err))
		return nil
	}
	if n := d.Redacted(); n > 0 {
		r.because(fact+"/entries", file, inventory.ReasonRedacted, fmt.Sprintf("%d entries are of this machine alone, and were left out by redaction", n))
	}
	return d.Facts()
}
