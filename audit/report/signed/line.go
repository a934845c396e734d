package signed

import (
	"time"

	"github.com/gpuaudit/gpuaudit/audit/report"
)

// Line is what is said of one report that was to be verified, in a line of JSON.
type Line struct {
	Input    string `json:"input"`
	Verified bool   `json:"verified"`
	ExitCode int    `json:"exit_code"`
	Error    string `json:"error,omitempty"`
	// Signer is whose key it is by the trust file, Seen when the signature was witnessed.
	Signer string    `json:"signer,omitempty"`
	Seen   time.Time `json:"seen,omitzero"`
	// Of is the time of the report, Verdict what it says, and Devices of which cards.
	Of      time.Time     `json:"of,omitzero"`
	Verdict report.Status `json:"verdict,omitempty"`
	Devices []LineDevice  `json:"devices,omitempty"`
}

// LineDevice is what the report says of a card.
type LineDevice struct {
	Address  string                 `json:"address"`
	Name     string                 `json:"name"`
	Status   report.Status          `json:"status"`
	Identity report.IdentityVerdict `json:"identity"`
}

// Line is what is said of a report that verified, by the name of what it was read from.
func (v *Verified) Line(name string) *Line {
	line := &Line{Input: name, Verified: true, Signer: v.Signer, Seen: v.Seen, Of: v.Report.Now, Verdict: v.Report.Verdict.Status}
	for _, d := range v.Report.Devices {
		line.Devices = append(line.Devices, LineDevice{d.Address, v.Report.Title(d.Address), d.Status, d.Identity.Verdict})
	}
	return line
}
