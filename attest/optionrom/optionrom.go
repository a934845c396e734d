// Package optionrom joins two witnesses of the code that a card brings: what
// platform firmware measured before it ran it, and what the operating system
// reads from the card's ROM afterwards. A ROM can answer the second reader
// differently; the measurement is in the TPM.
//
// It trusts the log that it is given: the caller has replayed it and compared
// it with a quote. Even then only the digests are the TPM's word. The device
// path beside a digest is not measured, so whoever rules the operating system
// can name another device as its source; the digest then fits no ROM of that
// device.
package optionrom

import (
	"encoding/hex"
	"slices"

	"github.com/gpuaudit/gpuaudit/attest/eventlog"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Verdict is what the two witnesses say together.
type Verdict string

const (
	// Corroborated: the driver that ran is the one in the ROM.
	Corroborated Verdict = "corroborated"
	// OtherForm: firmware measured the whole image as it lies in the ROM
	// (compressed, say) and not the Authenticode digest; it is the same image.
	OtherForm Verdict = "corroborated-other-form"
	// Contradicted: the ROM as it reads now does not hold the driver that ran.
	Contradicted Verdict = "contradicted"
	// Unreadable: a driver ran and the ROM, or its driver, could not be read.
	Unreadable Verdict = "measured-unreadable"
	// NeverMeasured: the ROM holds a driver and no event measures one of the device.
	NeverMeasured Verdict = "present-never-measured"
	// Unresolved: a driver ran and the device that brought it is not certain.
	Unresolved Verdict = "unresolved"
	// OtherDevice: the driver came from a device that is none of the inventory.
	OtherDevice Verdict = "other-device"
	// NotComparable: the quoted bank's digest is not computed for ROMs.
	NotComparable Verdict = "not-comparable"
)

// Reasons beside a verdict, stable; the inventory's own reasons stand where a
// gap explains why a ROM was not read.
const (
	ReasonOtherOffset  = "other-offset"       // the driver stands at another place of the ROM than the event says
	ReasonReadings     = "readings-differ"    // one reading of the ROM holds the driver that ran, another one does not
	ReasonRootByDigest = "root-by-digest"     // the path fits several devices, the digest one
	ReasonRootUnproven = "root-bus-unproven"  // the path names a root bridge whose bus is not known
	ReasonAmbiguous    = "several-devices"    // the path fits several devices, and the digest not just one
	ReasonNoDriver     = "no-driver-in-rom"   // the ROM reads well and holds no EFI driver
	ReasonShadow       = "legacy-shadow-only" // what was read is the copy for the boot display, which has no EFI driver
	ReasonBlank        = "rom-blank"
	ReasonUndecoded    = "driver-undecoded" // an EFI image is there and its driver could not be decoded
	ReasonNotRead      = "not-read"         // no ROM and no gap that says why
	ReasonFunction     = "other-function"   // another function of the card brought it, whose ROM is not read
	ReasonNoDevice     = "no-device-path"   // the event names no PCI device: firmware's own or loaded from disk
	ReasonMore         = "path-leads-on"    // the path begins like the device's and goes on to something else
	ReasonMalformed    = "malformed-event"
	ReasonBank         = "bank-not-computed"
)

// Result is the judgement of one measured driver, or of one that was never measured.
type Result struct {
	Verdict Verdict `json:"verdict"`
	Reason  string  `json:"reason,omitempty"`
	// Event is the entry of the log, -1 for NeverMeasured; Offset its place.
	Event  int    `json:"event"`
	Offset int    `json:"offset,omitempty"`
	Path   string `json:"path,omitempty"`   // device path as the event states it
	Digest string `json:"digest,omitempty"` // measured, of the bank
	// Device is the inventory's device; Function the function that the path leads to.
	Device   string `json:"device,omitempty"`
	Function string `json:"function,omitempty"`
	// Source and ROMOffset are the image in the ROM that was compared.
	Source    string `json:"source,omitempty"`
	ROMOffset *int   `json:"rom_offset,omitempty"`
}

// Other is an event of PCR 2 that is no driver: code or configuration that
// was measured there and that this package does not explain.
type Other struct {
	Event  int    `json:"event"`
	Type   string `json:"type"`
	Digest string `json:"digest"`
}

// Report is everything that the log says of option ROMs.
type Report struct {
	Bank    string   `json:"bank"`
	Results []Result `json:"results"`
	Others  []Other  `json:"others,omitempty"`
}

// Corroborate compares the drivers that a log measured in one bank with the
// ROMs of an inventory. It has no state and looks at nothing else.
func Corroborate(l *eventlog.Log, bank eventlog.Algorithm, inv *inventory.Inventory) *Report {
	r := &Report{Bank: bank.String(), Results: []Result{}}
	places := placesOf(inv)
	for i := range l.Events {
		e := &l.Events[i]
		driver := e.Type == eventlog.EFIBootDriver || e.Type == eventlog.EFIRuntimeDriver
		switch {
		case driver && (e.PCR == 2 || fromROM(e)):
			r.Results = append(r.Results, judge(e, bank, places))
		case e.PCR == 2 && e.Type != eventlog.Separator && e.Type != eventlog.NoAction:
			r.Others = append(r.Others, Other{Event: e.Index, Type: e.Type.String(), Digest: hex.EncodeToString(e.Digest(bank))})
		}
	}
	r.neverMeasured(inv)
	return r
}

// fromROM says that an event of another PCR measures something out of a ROM.
func fromROM(e *eventlog.Event) bool {
	img, err := e.Image()
	return err == nil && img.Path.Range != nil
}

func judge(e *eventlog.Event, bank eventlog.Algorithm, places []place) Result {
	r := Result{Event: e.Index, Offset: e.Offset, Digest: hex.EncodeToString(e.Digest(bank))}
	img, err := e.Image()
	if err != nil {
		r.Verdict, r.Reason = Unresolved, ReasonMalformed
		return r
	}
	r.Path = img.Path.Text
	if img.Path.Root == nil || len(img.Path.PCI) == 0 {
		r.Verdict, r.Reason = OtherDevice, ReasonNoDevice
		return r
	}
	found, certain := resolve(&img.Path, places)
	switch {
	case len(found) == 0:
		r.Verdict = OtherDevice
		return r
	case img.Path.More:
		r.Verdict, r.Reason = Unresolved, ReasonMore
		return r
	case len(found) == 1:
		return r.against(found[0], img.Path.Range, bank, certain)
	}
	return r.among(found, img.Path.Range, bank)
}

// among judges a path that fits several devices: the digest may tell which.
func (r Result) among(found []place, at *eventlog.OffsetRange, bank eventlog.Algorithm) Result {
	var fits []Result
	for _, p := range found {
		if one := r.against(p, at, bank, true); one.Verdict == Corroborated || one.Verdict == OtherForm {
			one.Reason = ReasonRootByDigest
			fits = append(fits, one)
		}
	}
	if len(fits) == 1 {
		return fits[0]
	}
	r.Verdict, r.Reason = Unresolved, ReasonAmbiguous
	return r
}

// against compares the event with the ROM readings of one place. Every reading
// that holds a driver is a witness, and all of them must fit: where one does not,
// the card or one of the readers shows something that did not run.
func (r Result) against(p place, at *eventlog.OffsetRange, bank eventlog.Algorithm, certain bool) Result {
	r.Device, r.Function = p.device.Address, p.address
	switch {
	case p.address != p.device.Address:
		r.Verdict, r.Reason = Unreadable, ReasonFunction
		return r
	case bank != eventlog.SHA256:
		r.Verdict, r.Reason = NotComparable, ReasonBank
		return r
	}
	decoded, fits, differs := false, false, false
	for i := range p.device.Firmware.ROMs {
		holds, fit := r.reading(&p.device.Firmware.ROMs[i], at, fits)
		decoded, fits, differs = decoded || holds, fits || fit, differs || holds && !fit
	}
	switch why := unreadable(p.device); {
	case fits && differs:
		r.Verdict, r.Reason = Contradicted, ReasonReadings
	case fits:
	case !decoded && why != ReasonNoDriver:
		r.Verdict, r.Reason = Unreadable, why
	case !certain:
		r.Verdict, r.Reason = Unresolved, ReasonRootUnproven
	case !decoded:
		r.Verdict, r.Reason = Contradicted, ReasonNoDriver
	default:
		r.Verdict = Contradicted
	}
	return r
}

// reading looks for the driver in one reading of the ROM: whether it holds a
// driver that could be decoded, and whether one of them is the one that ran. The
// first reading that fits is named in the result.
func (r *Result) reading(rom *inventory.ROM, at *eventlog.OffsetRange, named bool) (holds, fits bool) {
	for j := range rom.Images {
		img := &rom.Images[j]
		if !runs(img) {
			continue
		}
		holds = holds || img.EFI.AuthenticodeSHA256 != nil
		verdict, ok := r.matches(img)
		if !ok || fits {
			continue
		}
		if fits = true; named {
			continue
		}
		r.Verdict, r.Source, r.ROMOffset = verdict, rom.Source, new(img.Offset-rom.LeadBytes)
		if at != nil && !covers(at, img, rom) {
			r.Reason = ReasonOtherOffset
		}
	}
	return holds, fits
}

func (r *Result) matches(img *inventory.ROMImage) (Verdict, bool) {
	switch {
	case img.EFI.AuthenticodeSHA256 != nil && *img.EFI.AuthenticodeSHA256 == r.Digest:
		return Corroborated, true
	case img.EFI.MeasuredSHA256 != nil && *img.EFI.MeasuredSHA256 == r.Digest:
		return Corroborated, true
	case img.SHA256 == r.Digest:
		return OtherForm, true
	}
	return "", false
}

// covers says that a range is exactly that of an image. Firmware counts from
// the first image, as the host sees the ROM.
func covers(at *eventlog.OffsetRange, img *inventory.ROMImage, rom *inventory.ROM) bool {
	start := uint64(img.Offset - rom.LeadBytes)
	return at.Start == start && at.End == start+uint64(img.Bytes)-1
}

// unreadable says why no driver of a device could be decoded.
func unreadable(d *inventory.Device) string {
	for _, g := range d.Gaps {
		if g.Fact == "/firmware/roms" && len(d.Firmware.ROMs) == 0 {
			return string(g.Reason)
		}
	}
	why := ReasonNotRead
	for i := range d.Firmware.ROMs {
		rom := &d.Firmware.ROMs[i]
		efi := slices.ContainsFunc(rom.Images, func(img inventory.ROMImage) bool { return runs(&img) })
		switch {
		case efi:
			return ReasonUndecoded
		case len(rom.Images) == 0:
			why = ReasonBlank
		case rom.Source == "vfct" || d.PCI.BootVGA != nil && *d.PCI.BootVGA:
			why = ReasonShadow
		default:
			return ReasonNoDriver
		}
	}
	return why
}

// neverMeasured adds the drivers of devices for which the log has no event.
func (r *Report) neverMeasured(inv *inventory.Inventory) {
	measured := map[string]bool{}
	for i := range r.Results {
		measured[r.Results[i].Device] = true
	}
	for i := range inv.Devices {
		d := &inv.Devices[i]
		if measured[d.Address] {
			continue
		}
		for j := range d.Firmware.ROMs {
			if found := drivers(&d.Firmware.ROMs[j], d.Address); len(found) > 0 {
				r.Results = append(r.Results, found...)
				break
			}
		}
	}
}

// runs says that firmware runs an image: it goes by the code type, and passes an
// EFI image over that calls itself something else.
func runs(img *inventory.ROMImage) bool { return img.EFI != nil && img.CodeType == "03" }

// drivers are those in the chain that a host follows.
func drivers(rom *inventory.ROM, address string) []Result {
	var out []Result
	for i := range rom.Images {
		img := &rom.Images[i]
		if !runs(img) || img.Chain != 0 {
			continue
		}
		out = append(out, Result{Verdict: NeverMeasured, Event: -1, Device: address, Function: address, Source: rom.Source, ROMOffset: new(img.Offset - rom.LeadBytes)})
	}
	return out
}
