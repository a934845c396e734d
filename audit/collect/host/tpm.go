package host

import (
	"fmt"
	"io/fs"
	"path"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const (
	tpmClass   = "sys/class/tpm"
	acpiTables = "sys/firmware/acpi/tables"
)

// tpm reads whether the kernel drives a TPM. An empty class folder means that
// there is none, unless firmware's ACPI tables announce one that lacks a driver.
func (r *reader) tpm() inventory.TPM {
	chips, err := names(r.fsys, tpmClass)
	switch {
	case err != nil:
		r.gap("/tpm/present", tpmClass, err)
		return inventory.TPM{}
	case len(chips) == 0 && r.announced():
		r.because("/tpm/present", tpmClass, inventory.ReasonNotSupported, "firmware announces a TPM, but no driver runs it")
		return inventory.TPM{}
	case len(chips) == 0:
		return inventory.TPM{Present: new(false)}
	}
	t := inventory.TPM{Present: new(true)}
	source := path.Join(tpmClass, chips[0], "tpm_version_major")
	major, err := collect.Attr(r.fsys, source)
	switch {
	case err != nil:
		r.gap("/tpm/version", source, err)
	case major == "2":
		t.Version = new("2.0")
	case major == "1":
		t.Version = new("1.2")
	default:
		r.gap("/tpm/version", source, fmt.Errorf("%w: %.40q is no TPM version", collect.ErrMalformed, major))
	}
	return t
}

// announced says that firmware describes a TPM 2.0 or 1.2 to the kernel.
func (r *reader) announced() bool {
	for _, table := range [...]string{"TPM2", "TCPA"} {
		if _, err := fs.Stat(r.fsys, path.Join(acpiTables, table)); err == nil {
			return true
		}
	}
	return false
}
