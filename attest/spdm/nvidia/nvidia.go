// Package nvidia verifies attestation reports of NVIDIA's GPUs and NVSwitches, Hopper to
// Rubin: SPDM measurements, with what NVIDIA adds to them. A device's chain leads to
// NVIDIA's pinned root; the chip is told by the certificate of its boot ROM and never by
// a label; the firmware that signed is bound by its digest in the leaf certificate.
//
// A report that verifies proves that some genuine device answered the nonce. It does not
// prove that this device sits in the host that delivered it: see [Relay].
package nvidia

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/comid"
	"github.com/gpuaudit/gpuaudit/attest/spdm"
)

// Relay is what every report leaves open until devices prove their place (TDISP).
const Relay = "a genuine device answered; that it sits in this host is not proven by its report"

// Names of the checks, after those of package spdm and in their order.
const (
	CheckOpaque = "opaque-form"
	CheckFWID   = "firmware-id"
	CheckChip   = "chip-id"
	CheckLabel  = "evidence-label"
)

// Evidence is what a device answered.
type Evidence struct {
	spdm.Evidence
	// Label is the architecture that whoever made the file wrote beside the evidence,
	// such as HOPPER; "" for none. It is a hint, which must not lie.
	Label string
}

// Result is what the evidence proves.
type Result struct {
	Checks check.List `json:"checks"`
	// Measured and Device are nil where the signature does not verify.
	Measured *spdm.Measured `json:"measured,omitempty"`
	Device   *Device        `json:"device,omitempty"`
	// Path is the chain up to the root that vouches for it, leaf first; nil where none
	// does.
	Path []*x509.Certificate `json:"-"`
}

// Device is what a report says of the device that signed it. A field is nil where the
// report does not say it.
type Device struct {
	// Chip and Arch are of the certificate; Arch is "" for a chip that is not known.
	Chip string `json:"chip"`
	Arch string `json:"arch,omitempty"`
	// Switch says that this is an NVSwitch.
	Switch bool `json:"switch"`
	// ID is the chip's id (PDI), 16 hexadecimal digits, of the certificate.
	ID string `json:"id"`
	// Driver and VBIOS are versions, such as 590.12 and 96.00.A5.00.01.
	Driver *string `json:"driver,omitempty"`
	VBIOS  *string `json:"vbios,omitempty"`
	// Project, ProjectSKU and ChipSKU name the board, for its reference manifest.
	Project    *string `json:"project,omitempty"`
	ProjectSKU *string `json:"project_sku,omitempty"`
	ChipSKU    *string `json:"chip_sku,omitempty"`
	// Model is the chip as the report calls it, such as GB202; newer drivers state it.
	Model *string `json:"model,omitempty"`
	// NVDEC says whether the video decoder is on: where it is off, NVIDIA's index 35 is
	// not measured.
	NVDEC *bool `json:"nvdec,omitempty"`
	// ProtectedPCIe says whether that mode is on; Mode is 0 for one GPU, 1 for several,
	// 2 for protected PCIe.
	ProtectedPCIe *bool `json:"protected_pcie,omitempty"`
	Mode          *int  `json:"mode,omitempty"`
	// CertifiedDebug says that a certificate of the device's states debug mode (DiceTcbInfo).
	CertifiedDebug bool `json:"certified_debug,omitempty"`
	// Links are the ids of the devices at the other end of the links: of a GPU its
	// switches, of a switch its GPUs.
	Links []string `json:"links,omitempty"`
	// Locators are where the device says that its reference manifests are; newer ones do.
	Locators []string `json:"manifest_locators,omitempty"`
	// Components are what newer devices say of their parts, and their certificates of
	// what started; CoRIM states what they should be.
	Components []comid.Triple `json:"-"`
	// Opaque are all records as they are.
	Opaque *Opaque `json:"opaque"`
}

// Verify judges the report of a device. Without roots in the policy, NVIDIA's pinned one
// counts. It reads no clock, no file and no network; its error is of the policy alone.
func Verify(e Evidence, p spdm.Policy) (*Result, error) {
	if p.Roots == nil {
		p.Roots = Roots(e.Chain)
	}
	proven, err := spdm.Verify(e.Evidence, p)
	if err != nil {
		return nil, err
	}
	r := &Result{Checks: proven.Checks, Measured: proven.Measured, Path: proven.Path}
	if c := r.Checks.Find(spdm.CheckChain); c.Code == "no-roots" && len(e.Chain) > 0 {
		c.Status, c.Code, c.Detail = check.Fail, "unknown-root", "the chain does not end in NVIDIA's root"
	}
	if proven.Measured == nil {
		for _, name := range []string{CheckOpaque, CheckFWID, CheckChip, CheckLabel} {
			r.add(check.Check{Name: name, Status: check.Unknown, Code: check.NotReached})
		}
		return r, nil
	}
	opaque, err := ParseOpaque(proven.Measured.Opaque, proven.Measured.OpaqueAt)
	if err != nil {
		r.add(spdm.Fault(CheckOpaque, err))
	} else {
		r.add(check.Check{Name: CheckOpaque, Status: check.Pass})
		r.Device = deviceOf(opaque)
	}
	r.firmwareID(e.Chain[0], opaque)
	r.chip(proven.Path, opaque)
	r.label(e.Label)
	r.contents()
	return r, nil
}

func (r *Result) add(c check.Check) { r.Checks = append(r.Checks, c) }

// deviceOf reads what the opaque data say; what the certificate says comes after.
func deviceOf(o *Opaque) *Device {
	d := &Device{Opaque: o, Driver: o.text(recordDriver), VBIOS: o.vbios(), Project: o.text(recordProject), ProjectSKU: o.text(recordProjectSKU),
		ChipSKU: o.text(recordChipSKU), Model: o.text(recordChip), NVDEC: o.status(recordNVDEC), ProtectedPCIe: o.status(recordProtectedPCIe)}
	if m := o.Record(recordMode); m != nil && len(m.Value) == 2 {
		d.Mode = new(int(m.Value[0]) | int(m.Value[1])<<8)
	}
	return d
}

// firmwareID compares the digest that the device reports with that of its certificate.
func (r *Result) firmwareID(leaf *x509.Certificate, o *Opaque) {
	c := check.Check{Name: CheckFWID, Status: check.Pass}
	stated, err := fwid(leaf)
	var reported *Record
	if o != nil {
		reported = o.Record(recordFWID)
	}
	switch {
	case err != nil:
		c.Status, c.Code, c.Detail = check.Fail, "malformed", err.Error()
	case o == nil:
		c.Status, c.Code = check.Unknown, check.NotReached
	case reported == nil:
		c.Status, c.Code, c.Detail = check.Unknown, "not-reported", "the report holds no digest of the firmware that signed, as some do not, such as those of switches and of old drivers"
	case stated == nil:
		c.Status, c.Code, c.Detail = check.Unknown, "not-certified", "the certificate states no digest of firmware"
	case !bytes.Equal(stated, reported.Value):
		c.Status, c.Code, c.Detail = check.Fail, "firmware-id", "the report names other firmware than its certificate was made for"
	}
	r.add(c)
}

// chip binds the report to a chip: the boot ROM's certificate, which signed that of the
// firmware, and where the device states its own id, that.
func (r *Result) chip(path []*x509.Certificate, o *Opaque) {
	c := check.Check{Name: CheckChip, Status: check.Pass}
	defer func() { r.add(c) }()
	if len(path) < 2 {
		c.Status, c.Code, c.Detail = check.Unknown, check.NotReached, "no root vouches for the chain"
		return
	}
	ch, err := chipOf(path[1])
	if err != nil {
		c.Status, c.Code, c.Detail = check.Fail, "not-a-chip", err.Error()
		return
	}
	d := r.Device
	if d == nil {
		c.Status, c.Code = check.Unknown, check.NotReached
		return
	}
	d.Chip, d.Arch, d.Switch, d.ID = ch.name, ch.arch(), ch.isSwitch(), ch.id
	own := o.Record(recordSwitches)
	switch {
	case d.Switch && own == nil:
		c.Status, c.Code, c.Detail = check.Unknown, "not-reported", "the switch states no id of its own"
	case d.Switch && strings.ToUpper(hex.EncodeToString(own.Value)) != ch.id:
		c.Status, c.Code, c.Detail = check.Fail, "chip-id", fmt.Sprintf("the report says chip %X, its certificate %s", own.Value, ch.id)
	}
	switch links := o.Record(recordLinkedGPUs); {
	case d.Switch && links != nil:
		d.Links = ids(links.Value[:min(len(links.Value), 64)], false)
	case !d.Switch && own != nil:
		d.Links = ids(own.Value, true)
	}
}

// label compares what somebody wrote beside the evidence with the certificate.
func (r *Result) label(label string) {
	c := check.Check{Name: CheckLabel, Status: check.Pass}
	switch d := r.Device; {
	case label == "":
	case d == nil || d.Chip == "":
		c.Status, c.Code = check.Unknown, check.NotReached
	case d.Arch == "":
		c.Status, c.Code, c.Detail = check.Unknown, "unknown-chip", fmt.Sprintf("of which architecture the chip %s is, this program does not know", d.Chip)
	case !strings.EqualFold(label, d.Arch):
		c.Status, c.Code, c.Detail = check.Fail, "label", fmt.Sprintf("labelled %s, the chip is %s (%s)", label, d.Chip, d.Arch)
	}
	r.add(c)
}
