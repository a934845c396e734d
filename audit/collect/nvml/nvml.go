// Package nvml adds what NVIDIA's management library says of its GPUs. The
// library is not loaded here: package library does that, in a program of its own
// (gpuaudit-nvml), whose recorded answers are the input. They are claims of the
// driver, and another witness of what was read from the bus and the ROM.
package nvml

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// Schema names the version of the JSON form of [Answers]. Version 2 has the
// product's name, what the driver asks for, and whether the InfoROM is sound; version 3
// what GPUs sign of themselves, and the state of confidential computing; version 4 what
// NVSwitches sign. Recordings of the older versions are read, too.
const Schema = "gpuaudit.nvml/v4"

var olderSchemas = []string{"gpuaudit.nvml/v1", "gpuaudit.nvml/v2", "gpuaudit.nvml/v3"}

// Limits of a recording. MaxGPUs and MaxSwitches are also what package library asks for
// at most; MaxText is the length of a sentence in it.
const (
	Limit       = 4 << 20 // bytes: 256 GPUs with evidence have 3 MiB
	MaxGPUs     = 256
	MaxSwitches = 64
	MaxText     = 200
	maxFailures = 32
)

// Answers are what the library said in one run.
type Answers struct {
	Schema string `json:"schema"`
	// Library is the path of the file that was loaded, links resolved.
	Library       string  `json:"library"`
	DriverVersion *string `json:"driver_version,omitempty"`
	NVMLVersion   *string `json:"nvml_version,omitempty"`
	// Nonce is the one that the GPUs were asked to sign, 64 hexadecimal digits; nil where
	// nobody asked them to prove themselves.
	Nonce *string `json:"nonce,omitempty"`
	// Confidential is the state of confidential computing, of the whole machine; nil where
	// the library does not say.
	Confidential *Confidential `json:"confidential_computing,omitempty"`
	GPUs         []GPU         `json:"gpus"`
	// Unreached counts the GPUs that the library knows of and could not reach, so
	// that it could not say where they are.
	Unreached int `json:"unreached,omitempty"`
	// Switches are the NVSwitches that were asked to sign, and SwitchesUnasked says why
	// none was, on a machine that has some.
	Switches        []Switch `json:"switches,omitempty"`
	SwitchesUnasked *string  `json:"switches_unasked,omitempty"`
}

// Switch is an NVSwitch, by the name that its library (NSCQ) gives it.
type Switch struct {
	UUID     string    `json:"uuid"`
	Evidence *Evidence `json:"evidence,omitempty"`
	Failures []Failure `json:"failures,omitempty"`
}

// GPU is what the library said of one GPU. A fact that it did not give is nil,
// and Failures says why. Ids are four lower-case hexadecimal digits.
type GPU struct {
	Address           string  `json:"address"` // as sysfs writes it
	VendorID          string  `json:"vendor_id"`
	DeviceID          string  `json:"device_id"`
	SubsystemVendorID string  `json:"subsystem_vendor_id"`
	SubsystemDeviceID string  `json:"subsystem_device_id"`
	VBIOSVersion      *string `json:"vbios_version,omitempty"`
	Serial            *string `json:"serial,omitempty"`
	UUID              *string `json:"uuid,omitempty"`
	BoardPartNumber   *string `json:"board_part_number,omitempty"`
	InfoROMVersion    *string `json:"inforom_version,omitempty"` // nvmlDeviceGetInforomImageVersion
	MemoryBytes       *uint64 `json:"memory_bytes,omitempty"`    // nvmlMemory_t total
	Name              *string `json:"name,omitempty"`            // nvmlDeviceGetName
	// RecoveryAction is "none" or what the driver asks for: "reset", "reboot", …
	// (NVML_FI_DEV_GET_GPU_RECOVERY_ACTION).
	RecoveryAction *string `json:"recovery_action,omitempty"`
	// InfoROMValid says that its checksums hold (nvmlDeviceValidateInforom).
	InfoROMValid *bool `json:"inforom_valid,omitempty"`
	// PDI is the chip's id, 16 hexadecimal digits (nvmlDeviceGetPdi).
	PDI      *string   `json:"pdi,omitempty"`
	Evidence *Evidence `json:"evidence,omitempty"`
	Health   Health    `json:"health,omitzero"`
	Failures []Failure `json:"failures,omitempty"`
}

// Health are the library's counts of errors and of wear. Those of memory are
// over the life of the card (NVML_AGGREGATE_ECC).
type Health struct {
	Corrected       *uint64 `json:"corrected,omitempty"`   // nvmlDeviceGetTotalEccErrors
	Uncorrected     *uint64 `json:"uncorrected,omitempty"` // nvmlDeviceGetTotalEccErrors
	RowsCorrected   *uint64 `json:"rows_remapped_corrected,omitempty"`
	RowsUncorrected *uint64 `json:"rows_remapped_uncorrected,omitempty"`
	RowsPending     *uint64 `json:"rows_pending,omitempty"`          // 1 or 0
	RowsFailed      *uint64 `json:"rows_remapping_failed,omitempty"` // 1 or 0
	Replays         *uint64 `json:"pcie_replays,omitempty"`          // nvmlDeviceGetPcieReplayCounter
}

// Failure is a fact that the library did not give.
type Failure struct {
	Fact string `json:"fact"` // as the field is called
	// Unsupported says that the GPU does not have it, which is no fault.
	Unsupported bool   `json:"unsupported,omitempty"`
	Text        string `json:"text"`
}

// Word is the form of the texts that are taken from the library, and Text of those
// that may have spaces.
var (
	Word = lazyregexp.New(`^[!-~]{1,80}$`)
	Text = lazyregexp.New(`^[!-~](?:[ -~]{0,78}[!-~])?$`)
)

var (
	idForm   = lazyregexp.New(`^[0-9a-f]{4}$`)
	sentence = lazyregexp.New(`^[ -~]{1,200}$`)
)

// Decode reads a recording and checks the form of everything in it.
func Decode(data []byte) (*Answers, error) {
	if len(data) > Limit {
		return nil, fmt.Errorf("answers of NVML: %w of %d bytes", collect.ErrLimit, Limit)
	}
	var a Answers
	err := strictjson.Unmarshal(data, Limit, &a)
	if err == nil {
		err = a.check()
	}
	if err != nil {
		return nil, fmt.Errorf("answers of NVML: %w: %w; record them with gpuaudit-nvml", collect.ErrMalformed, err)
	}
	return &a, nil
}

// Encode writes the canonical form: equal answers give equal bytes.
func (a *Answers) Encode() ([]byte, error) {
	b, err := json.MarshalIndent(a, "", "  ")
	return append(b, '\n'), err
}

// Addresses are those of the GPUs.
func (a *Answers) Addresses() []string {
	var list []string
	for i := range a.GPUs {
		list = append(list, a.GPUs[i].Address)
	}
	return list
}

func (a *Answers) check() error {
	switch {
	case a.Schema != Schema && !slices.Contains(olderSchemas, a.Schema):
		return fmt.Errorf("schema is %.40q, this version reads %q", a.Schema, Schema)
	case len(a.GPUs) > MaxGPUs || a.Unreached < 0 || a.Unreached > MaxGPUs:
		return fmt.Errorf("%d GPUs and %d unreached, at most %d", len(a.GPUs), a.Unreached, MaxGPUs)
	case !sentence.MatchString(a.Library):
		return fmt.Errorf("library is %.80q", a.Library)
	}
	if err := words(a.DriverVersion, a.NVMLVersion); err != nil {
		return err
	}
	if err := a.checkEvidence(); err != nil {
		return err
	}
	if err := a.checkSwitches(); err != nil {
		return err
	}
	seen := map[string]bool{}
	for i := range a.GPUs {
		g := &a.GPUs[i]
		if !inventory.ValidAddress(g.Address) || seen[g.Address] {
			return fmt.Errorf("address %.40q is malformed, or there twice", g.Address)
		}
		seen[g.Address] = true
		if err := g.check(); err != nil {
			return fmt.Errorf("%s: %w", g.Address, err)
		}
	}
	return nil
}

func (g *GPU) check() error {
	for _, id := range []string{g.VendorID, g.DeviceID, g.SubsystemVendorID, g.SubsystemDeviceID} {
		if !idForm.MatchString(id) {
			return fmt.Errorf("id %.40q is not four hexadecimal digits", id)
		}
	}
	if err := checkFailures(g.Failures); err != nil {
		return err
	}
	for _, text := range []*string{g.Name, g.RecoveryAction} {
		if text != nil && !Text.MatchString(*text) {
			return fmt.Errorf("%.80q is no printable text", *text)
		}
	}
	if g.PDI != nil && !pdiForm.MatchString(*g.PDI) {
		return fmt.Errorf("pdi %.40q is not 16 hexadecimal digits", *g.PDI)
	}
	return words(g.VBIOSVersion, g.Serial, g.UUID, g.BoardPartNumber, g.InfoROMVersion)
}

func checkFailures(list []Failure) error {
	if len(list) > maxFailures {
		return fmt.Errorf("%d failures, at most %d", len(list), maxFailures)
	}
	for _, f := range list {
		if !Word.MatchString(f.Fact) || !sentence.MatchString(f.Text) {
			return fmt.Errorf("failure %.40q: %.40q is malformed", f.Fact, f.Text)
		}
	}
	return nil
}

func words(list ...*string) error {
	for _, w := range list {
		if w != nil && !Word.MatchString(*w) {
			return fmt.Errorf("%.80q is no printable word", *w)
		}
	}
	return nil
}
