// Package waive lets people accept a finding: for a card or a machine, for a
// reason, with a name, for a time. A waived finding stays in every report; it no
// longer decides the verdict. It does not change what a card is.
package waive

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/strictyaml"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// ErrFile says that a waiver file cannot be used; the text names the line.
var ErrFile = errors.New("invalid waiver file")

// Limits of a waiver file. Days is the longest time for which a waiver may be
// given where the file states no shorter one.
const (
	fileLimit = 1 << 20
	Days      = 365
)

// The findings on waivers themselves.
const (
	expiredID   = "GA-WV-001"
	unmatchedID = "GA-WV-002"
)

// FindingIDs are the ids of findings about waivers themselves.
func FindingIDs() []string { return []string{expiredID, unmatchedID} }

// File is the form of a waiver file.
type File struct {
	Version int `yaml:"version" json:"version"`
	// MaxDays is the longest time from issue to expiry, 365 by default.
	MaxDays int `yaml:"max_days,omitempty" json:"max_days,omitempty"`
	// TwoPerson demands that owner and approver are not the same.
	TwoPerson bool    `yaml:"two_person,omitempty" json:"two_person,omitempty"`
	Waivers   []Entry `yaml:"waivers" json:"waivers"`
}

// Entry is one waiver.
type Entry struct {
	Finding string `yaml:"finding" json:"finding"` // GA-PR-015
	// Unknown waives the finding also where its rule lacks facts: what is not
	// known is accepted then, too.
	Unknown bool `yaml:"unknown,omitempty" json:"unknown,omitempty"`
	// UnknownOnly waives it where its rule lacks facts and there alone: once the facts are
	// known, they decide.
	UnknownOnly bool   `yaml:"unknown_only,omitempty" json:"unknown_only,omitempty"`
	Scope       Scope  `yaml:"scope" json:"scope"`
	Reason      string `yaml:"reason" json:"reason"`
	Owner       string `yaml:"owner" json:"owner"`
	Approver    string `yaml:"approver" json:"approver"`
	// Issued and Expires are RFC 3339 times or days. A day begins, and as an
	// expiry ends, at midnight UTC: 2027-01-31 counts through that day.
	Issued  string `yaml:"issued" json:"issued"`
	Expires string `yaml:"expires" json:"expires"`

	issued, expires time.Time
	line            int
}

// Scope says where a waiver counts: all that is given must be so, and something
// must be given.
type Scope struct {
	Device      string `yaml:"device,omitempty" json:"device,omitempty"`           // PCI address, or host
	Serial      string `yaml:"serial,omitempty" json:"serial,omitempty"`           // serial number or unique id
	Model       string `yaml:"model,omitempty" json:"model,omitempty"`             // vendor:device, "1002:67df"
	Fleet       string `yaml:"fleet,omitempty" json:"fleet,omitempty"`             // label given with --fleet
	Fingerprint string `yaml:"fingerprint,omitempty" json:"fingerprint,omitempty"` // of the finding
}

// Set is a waiver file that was read.
type Set struct {
	entries   []Entry
	sha256    string
	twoPerson bool
	signers   *Signers // nil where nobody's signature was looked at
}

var (
	findingForm = lazyregexp.New(`^[A-Z]{2,8}-[A-Z]{2,4}-[0-9]{3,5}$`)
	// timeForm is RFC 3339, section 5.6; time.Parse takes more.
	timeForm  = lazyregexp.New(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`)
	modelForm = lazyregexp.New(`^[0-9a-f]{4}:[0-9a-f]{4}$`)
)

// Parse reads a waiver file of which nothing is asked.
func Parse(text []byte) (*Set, error) { return ParseUnder(text, Demands{}) }

// ParseUnder reads a waiver file that has to meet demands. One entry that is incomplete refuses the file:
// nobody should believe that it waives what it does not.
func ParseUnder(text []byte, d Demands) (*Set, error) {
	var f File
	if err := strictyaml.Unmarshal(text, fileLimit, &f); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	if f.Version != 1 {
		return nil, fmt.Errorf("%w: version is %d, not 1", ErrFile, f.Version)
	}
	if f.MaxDays < 0 || f.MaxDays > Days {
		return nil, fmt.Errorf("%w: max_days is %d, use 1 to %d", ErrFile, f.MaxDays, Days)
	}
	if f.MaxDays == 0 {
		f.MaxDays = Days
	}
	if d.MaxDays > 0 {
		f.MaxDays = min(f.MaxDays, d.MaxDays)
	}
	f.TwoPerson = f.TwoPerson || d.TwoPerson
	s := &Set{sha256: digest(text), twoPerson: f.TwoPerson}
	lines := strictyaml.Lines(text, "waivers")
	for i, e := range f.Waivers {
		if i < len(lines) {
			e.line = lines[i]
		}
		if err := e.check(&f); err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrFile, e.line, err)
		}
		s.entries = append(s.entries, e)
	}
	return s, nil
}

func (e *Entry) check(f *File) (err error) {
	switch {
	case !findingForm.MatchString(e.Finding):
		return fmt.Errorf("finding %.40q has not the form GA-BD-001", e.Finding)
	case strings.HasPrefix(e.Finding, "GA-WV-"):
		return errors.New("findings on waivers cannot be waived")
	case e.Scope == (Scope{}):
		return errors.New("scope is empty: name a device, serial, model, fleet or fingerprint")
	case e.Scope.Model != "" && !modelForm.MatchString(e.Scope.Model):
		return fmt.Errorf("scope.model %.40q is not vendor:device, such as 1002:67df", e.Scope.Model)
	case len(strings.TrimSpace(e.Reason)) < 10:
		return errors.New("reason is missing or says too little")
	case e.Unknown && e.UnknownOnly:
		return errors.New("unknown and unknown_only exclude each other: the one waives a failure, too, the other does not")
	case strings.TrimSpace(e.Owner) == "" || strings.TrimSpace(e.Approver) == "":
		return errors.New("owner and approver are required")
	case f.TwoPerson && strings.EqualFold(strings.TrimSpace(e.Owner), strings.TrimSpace(e.Approver)):
		return errors.New("two_person: owner and approver are the same")
	}
	if e.issued, err = moment(e.Issued, false); err != nil {
		return fmt.Errorf("issued: %w", err)
	}
	if e.expires, err = moment(e.Expires, true); err != nil {
		return fmt.Errorf("expires: %w", err)
	}
	longest := e.issued.AddDate(0, 0, f.MaxDays)
	if !timeForm.MatchString(e.Expires) { // a day counts to its end
		longest = longest.AddDate(0, 0, 1)
	}
	if !e.expires.After(e.issued) || e.expires.After(longest) {
		return fmt.Errorf("it would count from %s to %s; it must end after it begins, and within %d days", e.Issued, e.Expires, f.MaxDays)
	}
	return nil
}

// moment reads an RFC 3339 time, or a day: its beginning, or its end.
func moment(s string, end bool) (time.Time, error) {
	if exact, err := time.Parse(time.RFC3339, s); err == nil && timeForm.MatchString(s) {
		return exact.UTC(), nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%.40q is neither a day (2027-01-31) nor an RFC 3339 time", s)
	}
	if end {
		t = t.AddDate(0, 0, 1)
	}
	return t, nil
}

// Apply waives the findings of a report that entries match at the report's
// clock, and adds findings on entries that have expired or match nothing. fleet is
// the label of the machine, "" for none.
func (s *Set) Apply(r *report.Report, fleet string) {
	r.Waivers = &report.WaiverSet{SHA256: s.sha256, Entries: len(s.entries), Fleet: fleet}
	if s.signers != nil {
		r.Waivers.Signers = s.signers.Names
	}
	for i := range s.entries {
		e := &s.entries[i]
		counts := !r.Now.Before(e.issued) && r.Now.Before(e.expires)
		matched := 0
		for j := range r.Findings {
			f := &r.Findings[j]
			if !e.matches(f, r, fleet) || !s.covers(f, r) {
				continue
			}
			matched++
			if counts {
				was := f.Status
				if f.Waiver != nil { // two entries may match one finding
					was = f.Waiver.Status
				}
				f.Status = finding.Waived
				f.Waiver = &finding.Waiver{Reason: e.Reason, Owner: e.Owner, Approver: e.Approver, Expires: e.expires, Status: was,
					Covers: e.covered(f, r)}
			}
		}
		switch {
		case matched == 0:
			r.Findings = append(r.Findings, e.finding(unmatchedID, finding.Info, "A waiver matches nothing here",
				fmt.Sprintf("The waiver of %s (line %d) matches no finding of this machine.", e.Finding, e.line),
				"Take the waiver out of the file when no machine needs it any more."))
		case !counts:
			r.Findings = append(r.Findings, e.finding(expiredID, finding.Medium, "A waiver does not count at this time",
				fmt.Sprintf("The waiver of %s (line %d) counts from %s to %s. What it waived decides the verdict again.", e.Finding, e.line, e.Issued, e.Expires),
				"Look at the finding again. Renew the waiver with a new date if it is still acceptable."))
		}
	}
}

// covers says that those who signed may speak for the device of a finding. The
// host is the operator's own.
func (s *Set) covers(f *finding.Finding, r *report.Report) bool {
	if s.signers == nil || f.Device == "host" {
		return true
	}
	d := r.Inventory.Device(f.Device)
	return d != nil && s.signers.mayWaive(inventory.Text(d.PCI.VendorID), inventory.Text(d.PCI.SubsystemVendorID))
}

// covered says in words whom a waiver by fingerprint is for. A fingerprint holds what
// the card states of itself: without a serial number it is that of every card of the
// model with the same finding.
func (e *Entry) covered(f *finding.Finding, r *report.Report) string {
	if e.Scope.Fingerprint == "" {
		return ""
	}
	d := r.Inventory.Device(f.Device)
	if d == nil {
		return "this machine"
	}
	var serials []string
	for _, c := range d.Identity {
		if inventory.Unique(c.Value) && !slices.Contains(serials, c.Value) {
			serials = append(serials, c.Value)
		}
	}
	if len(serials) > 0 {
		slices.Sort(serials)
		return "the card with serial number " + strings.Join(serials, ", ")
	}
	ids := d.PCI.IDs()
	model := fmt.Sprintf("every card of model %s:%s on boards %s:%s", ids.Vendor, ids.Device, ids.SubsystemVendor, ids.SubsystemDevice)
	switch {
	case e.Scope.Device != "":
		return model + " at " + e.Scope.Device + ", for no serial number is known"
	case e.Scope.Fleet != "":
		return model + " in " + e.Scope.Fleet + ", for no serial number is known"
	}
	return model + ", for no serial number is known"
}

// matches says that the entry is about a finding that is still open.
func (e *Entry) matches(f *finding.Finding, r *report.Report, fleet string) bool {
	open := f.Status == finding.Fail && !e.UnknownOnly || f.Status == finding.Unknown && (e.Unknown || e.UnknownOnly)
	if !open || f.ID != e.Finding {
		return false
	}
	sc := e.Scope
	switch {
	case sc.Device != "" && sc.Device != f.Device,
		sc.Fleet != "" && sc.Fleet != fleet,
		sc.Fingerprint != "" && sc.Fingerprint != f.Fingerprint:
		return false
	case sc.Serial == "" && sc.Model == "":
		return true
	}
	d := r.Inventory.Device(f.Device)
	if d == nil {
		return false
	}
	if sc.Model != "" && (d.PCI.VendorID == nil || d.PCI.DeviceID == nil || sc.Model != *d.PCI.VendorID+":"+*d.PCI.DeviceID) {
		return false
	}
	return sc.Serial == "" || slices.ContainsFunc(d.Identity, func(c inventory.IdentityClaim) bool { return c.Value == sc.Serial && c.Value != inventory.Redacted })
}

func (e *Entry) finding(id string, severity finding.Severity, title, detail, remediation string) finding.Finding {
	return finding.Finding{
		ID: id, Category: finding.Policy, Severity: severity, Status: finding.Fail, Device: "host", Title: title, Detail: detail,
		Remediation: remediation, Fingerprint: finding.Fingerprint(id, "", fmt.Sprintf("%s %+v", e.Finding, e.Scope)),
	}
}
