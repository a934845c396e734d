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
	"maps"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/attest/eventlog"
	"github.com/gpuaudit/gpuaudit/audit/facts"
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
	// NeverMeasured: the ROM holds a driver, and no event of the device has its digest.
	NeverMeasured Verdict = "present-never-measured"
	// Unresolved: a driver ran and the device that brought it is not certain.
	Unresolved Verdict = "unresolved"
	// OtherDevice: the driver came from a function of the machine that is no device
	// of the inventory.
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
	ReasonUndecoded    = "driver-undecoded"   // an EFI image is there and its driver could not be decoded
	ReasonNotRead      = "not-read"           // no ROM and no gap that says why
	ReasonFunction     = "other-function"     // another function of the card brought it, whose ROM is not read
	ReasonNoDevice     = "no-device-path"     // the event names no PCI device: firmware's own or loaded from disk
	ReasonNoFunction   = "no-such-function"   // the path leads to no function of the machine
	ReasonByDigest     = "device-by-digest"   // the event names no PCI device, and its digest one
	ReasonElsewhere    = "measured-elsewhere" // the log has the driver's digest, under another place
	ReasonOfCard       = "driver-of-a-card"   // the event names another device, and the digest is of a card's driver
	ReasonMore         = "path-leads-on"      // the path begins like the device's and goes on to something else
	ReasonMalformed    = "malformed-event"
	ReasonBank         = "bank-not-computed"
)

// Result is the answer for one measured driver, or of one that was never measured.
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

	// candidates are the places that an event may be of, of which only a digest
	// can tell which.
	candidates []place
	at         *eventlog.OffsetRange
	// machine is what a driver that was never measured is for; elsewhere is its
	// digest, where the log has it under another place.
	machine, elsewhere string
}

// Report is everything that the log says of option ROMs.
type Report struct {
	Bank    string   `json:"bank"`
	Results []Result `json:"results"`
	// Others are events of PCR 2 that are no driver: code or configuration that was
	// measured there and that this package does not explain.
	Others []facts.UnexplainedEvent `json:"others,omitempty"`
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
			r.Results = append(r.Results, corroborate(e, bank, places, inv.Host.FunctionPaths))
		case e.PCR == 2 && e.Type != eventlog.Separator && e.Type != eventlog.NoAction:
			r.Others = append(r.Others, facts.UnexplainedEvent{Event: e.Index, Type: e.Type.String(), Digest: hex.EncodeToString(e.Digest(bank))})
		}
	}
	r.byDigest(bank)
	r.neverMeasured(bank, inv)
	return r
}

// fromROM says that an event of another PCR measures something out of a ROM.
func fromROM(e *eventlog.Event) bool {
	img, err := e.Image()
	return err == nil && img.Path.Range != nil
}

func corroborate(e *eventlog.Event, bank eventlog.Algorithm, places []place, functions [][]string) Result {
	r := Result{Event: e.Index, Offset: e.Offset, Digest: hex.EncodeToString(e.Digest(bank))}
	img, err := e.Image()
	if err != nil {
		r.Verdict, r.Reason = Unresolved, ReasonMalformed
		return r
	}
	r.Path = img.Path.Text
	r.at = img.Path.Range
	if img.Path.Root == nil || len(img.Path.PCI) == 0 {
		r.Verdict, r.Reason, r.candidates = Unresolved, ReasonNoDevice, primary(places)
		return r
	}
	found, certain := resolve(&img.Path, places)
	switch {
	case len(found) == 0 && exists(&img.Path, functions):
		r.Verdict = OtherDevice
		return r
	case len(found) == 0:
		r.Verdict, r.Reason = Unresolved, ReasonNoFunction
		return r
	case img.Path.More:
		r.Verdict, r.Reason = Unresolved, ReasonMore
		return r
	case len(found) == 1:
		return r.against(found[0], img.Path.Range, bank, certain)
	}
	r.Verdict, r.Reason, r.candidates = Unresolved, ReasonAmbiguous, found
	return r
}

// primary are the devices themselves, without the other functions of their slots.
func primary(places []place) []place {
	return slices.DeleteFunc(slices.Clone(places), func(p place) bool { return p.address != p.device.Address })
}

// byDigest looks for the devices of events whose path fits several, or names
// none: the digest may tell. Firmware that measures the same driver of two cards
// has two events of one digest, and as many devices whose ROM holds it.
func (r *Report) byDigest(bank eventlog.Algorithm) {
	groups := map[string][]int{}
	for i := range r.Results {
		if one := &r.Results[i]; len(one.candidates) > 0 {
			key := one.Digest + one.Reason + addresses(one.candidates)
			groups[key] = append(groups[key], i)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		group := groups[key]
		var fits []place
		for _, p := range r.Results[group[0]].candidates {
			one := r.Results[group[0]].against(p, nil, bank, true)
			if (one.Verdict == Corroborated || one.Verdict == OtherForm) && !r.has(p.device.Address, one.Digest) {
				fits = append(fits, p)
			}
		}
		if len(fits) > len(group) {
			continue
		}
		for i, p := range fits {
			one := &r.Results[group[i]]
			why := map[string]string{ReasonNoDevice: ReasonByDigest, ReasonAmbiguous: ReasonRootByDigest}[one.Reason]
			*one = one.against(p, one.at, bank, true)
			one.Reason = why
		}
	}
}

func addresses(places []place) string {
	var b strings.Builder
	for _, p := range places {
		b.WriteString(" " + p.address)
	}
	return b.String()
}

// has says that an event of a device has a digest.
func (r *Report) has(device, digest string) bool {
	return slices.ContainsFunc(r.Results, func(one Result) bool {
		return one.Event >= 0 && one.Device == device && one.Digest == digest
	})
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

// neverMeasured asks for every driver of every ROM by its digest, and adds those
// that no event of their device measures. The path beside a digest is not
// measured: an event that names another place does not answer for a driver, and
// is itself of no certain device then.
func (r *Report) neverMeasured(bank eventlog.Algorithm, inv *inventory.Inventory) {
	events := len(r.Results)
	for i := range inv.Devices {
		d := &inv.Devices[i]
		ran, machine := r.unexplained(d), ""
		var missing []Result
		seen := map[string]bool{}
		for j := range d.Firmware.ROMs {
			for k := range d.Firmware.ROMs[j].Images {
				img := &d.Firmware.ROMs[j].Images[k]
				if !runs(img) || img.Chain != 0 || seen[identity(img)] {
					continue
				}
				seen[identity(img)] = true
				switch {
				case r.measures(d.Address, img):
					machine = img.EFI.Machine
				case (bank != eventlog.SHA256 || img.EFI.AuthenticodeSHA256 == nil) && ran > 0:
					ran-- // an event of the device that no other driver explains
				default:
					missing = append(missing, r.missing(d, j, img, events))
				}
			}
		}
		for _, m := range missing {
			// Firmware passes over drivers for processors of another kind.
			if machine == "" || m.machine == machine {
				r.Results = append(r.Results, m)
			}
		}
	}
	for i := range r.Results[:events] {
		if one := &r.Results[i]; one.Verdict == OtherDevice && r.claimed(one.Digest, events) {
			one.Verdict, one.Reason = Unresolved, ReasonOfCard
		}
	}
}

// identity tells the drivers of several readings apart.
func identity(img *inventory.ROMImage) string {
	if img.EFI.AuthenticodeSHA256 != nil {
		return *img.EFI.AuthenticodeSHA256 + img.SHA256
	}
	return img.SHA256
}

// unexplained counts the events of a device that fit no driver of its ROM.
func (r *Report) unexplained(d *inventory.Device) (n int) {
	for i := range r.Results {
		if one := &r.Results[i]; one.Event >= 0 && one.Device == d.Address && one.Source == "" {
			n++
		}
	}
	return n
}

// measures says that an event of a device has a driver's digest.
func (r *Report) measures(device string, img *inventory.ROMImage) bool {
	return slices.ContainsFunc(r.Results, func(one Result) bool {
		_, fits := one.matches(img)
		return fits && one.Event >= 0 && one.Device == device
	})
}

func (r *Report) missing(d *inventory.Device, rom int, img *inventory.ROMImage, events int) Result {
	out := Result{Verdict: NeverMeasured, Event: -1, Device: d.Address, Function: d.Address, Source: d.Firmware.ROMs[rom].Source,
		ROMOffset: new(img.Offset - d.Firmware.ROMs[rom].LeadBytes), machine: img.EFI.Machine}
	for i := range r.Results[:events] {
		if _, fits := r.Results[i].matches(img); fits && r.Results[i].Source == "" {
			out.Reason, out.elsewhere = ReasonElsewhere, r.Results[i].Digest
		}
	}
	return out
}

// claimed says that a digest is of a driver that its own device did not measure.
func (r *Report) claimed(digest string, events int) bool {
	return slices.ContainsFunc(r.Results[events:], func(one Result) bool { return one.elsewhere == digest })
}

// runs says that firmware runs an image: it goes by the code type, and passes an
// EFI image over that calls itself something else.
func runs(img *inventory.ROMImage) bool { return img.EFI != nil && img.CodeType == "03" }
