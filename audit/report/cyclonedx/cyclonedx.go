// Package cyclonedx writes reports as a hardware bill of materials, CycloneDX 1.7 in JSON:
// each card with its firmware and its driver, with digests, and what was found as
// vulnerabilities. What failed has a rating, and what could not be decided is in triage.
// What passed is not in it, for the format has no place for that.
package cyclonedx

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// Encode writes one bill of materials for all reports of a set. A report without devices
// is a machine without components, whose verdict says so.
func Encode(w io.Writer, s *report.Set) error {
	e := encoder{bom: cdx.NewBOM(), found: []cdx.Vulnerability{}}
	machines := make([]cdx.Component, len(s.Reports))
	for i, r := range s.Reports {
		machines[i] = e.machine(i, &r)
	}
	tools := make([]cdx.Component, 0, 1)
	for i, r := range s.Reports {
		if i == 0 || r.Tool.Version != s.Reports[0].Tool.Version {
			tools = append(tools, cdx.Component{BOMRef: fmt.Sprintf("tool/%d", i), Type: cdx.ComponentTypeApplication, Name: "gpuaudit", Version: report.Clean(r.Tool.Version)})
		}
	}
	e.bom.Metadata = &cdx.Metadata{Tools: &cdx.ToolsChoice{Components: &tools}}
	if len(s.Reports) == 1 {
		e.bom.Metadata.Timestamp = s.Reports[0].Now.UTC().Format(time.RFC3339)
	}
	e.bom.Components, e.bom.Vulnerabilities = &machines, &e.found
	// The library's encoder holds three copies of the text.
	return report.EncodeJSON(w, e.bom, "  ")
}

type encoder struct {
	bom   *cdx.BOM
	found []cdx.Vulnerability
}

// machine is the component that holds all of one report.
func (e *encoder) machine(n int, r *report.Named) cdx.Component {
	ref := fmt.Sprintf("machine/%d", n)
	c := component(ref, cdx.ComponentTypePlatform, orElse(r.Name, "machine"))
	var p properties
	p.add("verdict", string(r.Verdict.Status))
	p.add("exit_code", fmt.Sprint(r.Verdict.ExitCode))
	p.add("judged", r.Now.UTC().Format(time.RFC3339))
	for _, reason := range r.Verdict.Reasons {
		p.add("reason", reason)
	}
	c.Properties = (*[]cdx.Property)(&p)
	parts := []cdx.Component{}
	for i, o := range r.Owners() {
		of := ref
		if o.Device != nil {
			of = fmt.Sprintf("%s/device/%d", ref, i)
			parts = append(parts, card(of, r, &o))
		}
		for j := range o.Findings {
			e.finding(fmt.Sprintf("%s/finding/%d/%d", ref, i, j), of, r, &o.Findings[j])
		}
	}
	c.Components = &parts
	return c
}

// card is a device, with what runs on it and for it.
func card(ref string, r *report.Named, o *report.Owner) cdx.Component {
	c := component(ref, cdx.ComponentTypeDevice, o.Title)
	var p properties
	p.add("pci:address", o.Address)
	p.add("verdict", string(o.Device.Status))
	p.add("identity", string(o.Device.Identity.Verdict))
	for _, a := range o.Device.Answers {
		p.add("answer:"+report.Clean(string(a.Question)), a.Word)
	}
	parts := []cdx.Component{}
	if d := r.Inventory.Device(o.Address); d != nil {
		if d.Names.Vendor != nil {
			c.Manufacturer = &cdx.OrganizationalEntity{Name: report.Clean(*d.Names.Vendor)}
		}
		p.add("pci:id", inventory.TextOr(d.PCI.VendorID, "?")+":"+inventory.TextOr(d.PCI.DeviceID, "?"))
		p.add("pci:subsystem", inventory.TextOr(d.PCI.SubsystemVendorID, "?")+":"+inventory.TextOr(d.PCI.SubsystemDeviceID, "?"))
		for _, claim := range d.Identity {
			p.add("claimed:"+report.Clean(claim.Kind), claim.Value)
		}
		parts = append(parts, code(ref, d)...)
	}
	c.Properties, c.Components = (*[]cdx.Property)(&p), &parts
	return c
}

// code is the firmware of a card, in its ROM and of files that its driver loads, and the driver.
func code(ref string, d *inventory.Device) []cdx.Component {
	var list []cdx.Component
	for i, rom := range d.Firmware.ROMs {
		c := component(fmt.Sprintf("%s/rom/%d", ref, i), cdx.ComponentTypeFirmware, "ROM read through "+rom.Source)
		c.Version = report.Clean(inventory.TextOr(rom.Version, ""))
		c.Hashes = hashes(cdx.HashAlgoSHA256, rom.SHA256, cdx.HashAlgoSHA384, rom.SHA384)
		list = append(list, c)
	}
	for i, file := range d.Firmware.Runtime {
		if file.SHA256 != nil { // installed
			c := component(fmt.Sprintf("%s/runtime/%d", ref, i), cdx.ComponentTypeFirmware, file.Name)
			c.Hashes = hashes(cdx.HashAlgoSHA256, *file.SHA256)
			list = append(list, c)
		}
	}
	if d.Driver == nil {
		return list
	}
	c := component(ref+"/driver", cdx.ComponentTypeDeviceDriver, d.Driver.Name)
	if m := d.Driver.Module; m != nil {
		c.Version = report.Clean(inventory.TextOr(m.Version, ""))
		if m.File != nil {
			c.Hashes = hashes(cdx.HashAlgoSHA256, m.File.ContentSHA256)
		}
	}
	return append(list, c)
}

func component(ref string, kind cdx.ComponentType, name string) cdx.Component {
	return cdx.Component{BOMRef: ref, Type: kind, Name: orElse(report.Clean(name), "unnamed")}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// hashes are digests, of which a stored report may state others than there are.
func hashes(pairs ...any) *[]cdx.Hash {
	var list []cdx.Hash
	for i := 0; i+1 < len(pairs); i += 2 {
		kind, value := pairs[i].(cdx.HashAlgorithm), pairs[i+1].(string)
		size := map[cdx.HashAlgorithm]int{cdx.HashAlgoSHA256: 32, cdx.HashAlgoSHA384: 48}[kind]
		if b, err := hex.DecodeString(value); err == nil && len(b) == size {
			list = append(list, cdx.Hash{Algorithm: kind, Value: value})
		}
	}
	if list == nil {
		return nil
	}
	return &list
}

// finding adds what failed or could not be decided.
func (e *encoder) finding(ref, of string, r *report.Named, f *finding.Finding) {
	v := cdx.Vulnerability{BOMRef: ref, ID: orElse(report.Clean(f.ID), "unnamed"), Source: &cdx.Source{Name: "gpuaudit", URL: "https://github.com/gpuaudit/gpuaudit"},
		Description: report.Clean(f.Title), Detail: report.Clean(f.Detail), Recommendation: report.Clean(f.Remediation),
		Ratings: &[]cdx.VulnerabilityRating{{Severity: severity(f.Severity), Method: cdx.ScoringMethodOther}},
		Affects: &[]cdx.Affects{{Ref: of}}}
	var p properties
	switch f.Status {
	case finding.Pass, finding.NotApplicable, finding.Disabled:
		return
	case finding.Fail:
	case finding.Waived: // by whom and why, the format has a sentence for
		v.Analysis = &cdx.VulnerabilityAnalysis{Detail: "waived"}
		if w := f.Waiver; w != nil {
			v.Analysis.Detail = report.Clean("waived by " + w.Approver + " until " + w.Expires.UTC().Format(time.DateOnly) + ": " + w.Reason)
		}
	default:
		v.Analysis = &cdx.VulnerabilityAnalysis{State: cdx.IASInTriage, Detail: "not decided: facts are missing"}
	}
	p.add("status", string(f.Status))
	p.add("fingerprint", f.Fingerprint)
	if r.Decides(f) {
		p.add("decides", "yes")
	}
	v.Properties = (*[]cdx.Property)(&p)
	e.found = append(e.found, v)
}

func severity(s finding.Severity) cdx.Severity {
	if s.Rank() == 0 {
		return cdx.SeverityUnknown
	}
	return cdx.Severity(s)
}

// properties are names and values of the project.
type properties []cdx.Property

func (p *properties) add(name, value string) {
	if value = strings.TrimSpace(report.Clean(value)); value != "" {
		*p = append(*p, cdx.Property{Name: "gpuaudit:" + name, Value: value})
	}
}
