// Package golden states what genuine cards signed that they measured: one's own reference
// for cards whose maker publishes none. It states what evidence proves, and nothing of any
// other evidence.
package golden

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// Errors, each of which says why nothing is stated.
var (
	ErrSilent  = errors.New("the card did not answer")
	ErrProof   = errors.New("its evidence does not count")
	ErrDiffers = errors.New("it measured something else than its maker states")
	ErrOther   = errors.New("what it signed does not fit the card that sits here")
	ErrNothing = errors.New("it signed nothing that a manifest can state")
)

// Of states what a card proves; nil is one that did not answer. Evidence that is not of a
// genuine device, that fails in any check, or that speaks against the maker's manifests
// states nothing.
func Of(d *facts.ProvenDevice) (*manifest.Measurements, error) {
	switch {
	case d == nil:
		return nil, ErrSilent
	case d.Outcome == facts.OutcomeDiffers:
		return nil, ErrDiffers
	case !d.Genuine() || d.State == facts.AttestationFailed:
		return nil, fmt.Errorf("%w: %s", ErrProof, fault(d))
	case len(d.Disagrees) > 0:
		return nil, fmt.Errorf("%w: %s", ErrOther, strings.Join(d.Disagrees, ", "))
	}
	m := &manifest.Measurements{Driver: inventory.Text(d.Driver), VBIOS: inventory.Text(d.VBIOS)}
	for _, v := range d.Measured {
		m.Values = append(m.Values, manifest.Measurement(v))
	}
	if len(m.Values) == 0 || m.Driver+m.VBIOS == "" {
		return nil, ErrNothing
	}
	return m, nil
}

// fault is the first check that failed, or else what the evidence comes to.
func fault(d *facts.ProvenDevice) string {
	for _, c := range d.Checks {
		if c.Status == "fail" {
			return c.Name + " (" + c.Code + ")"
		}
	}
	return d.Summary
}

// State adds to a statement of a card what it proves. The error says why it adds nothing;
// where nobody asked for a proof, which is nil then, there is none.
func State(p *manifest.Predicate, proof *facts.GPUProof, address string) error {
	if proof == nil {
		return nil
	}
	m, err := Of(proof.Of(address))
	if err != nil {
		return err
	}
	p.Measurements = []manifest.Measurements{*m}
	if err := p.Validate(); err != nil {
		p.Measurements = nil
		return fmt.Errorf("%w: %w", ErrNothing, err)
	}
	return nil
}

// Cards states each device of a machine by itself, and says what it leaves open of each. The
// machine goes by the name of what its facts were read from.
func Cards(name string, devices []*inventory.Device, proof *facts.GPUProof, b manifest.Baseline) (cards []manifest.Card, open []string, err error) {
	for _, d := range devices {
		p, err := manifest.FromDevice(d, b)
		if err != nil {
			return nil, nil, err
		}
		if err := State(p, proof, d.Address); err != nil {
			open = append(open, fmt.Sprintf("not stated of %s: measurements: %s", d.Address, strings.Join(strings.Fields(err.Error()), " ")))
		}
		cards = append(cards, manifest.Card{Name: filepath.Base(name) + " " + d.Address, Start: name, Predicate: p})
		for _, what := range manifest.Unstated(d, p) {
			open = append(open, fmt.Sprintf("not stated of %s: %s", d.Address, what))
		}
	}
	return cards, open, nil
}

// Devices are those of a machine that are to be stated: the one at an address, or the only
// one; all of them without an address, where all are meant.
func Devices(inv *inventory.Inventory, address string, all bool) ([]*inventory.Device, error) {
	if !all || address != "" || len(inv.Devices) == 0 {
		d, err := theDevice(inv, address)
		return []*inventory.Device{d}, err
	}
	var list []*inventory.Device
	for i := range inv.Devices {
		list = append(list, &inv.Devices[i])
	}
	return list, nil
}

// theDevice is the device at an address, or the only one.
func theDevice(inv *inventory.Inventory, address string) (*inventory.Device, error) {
	var have []string
	for i := range inv.Devices {
		d := &inv.Devices[i]
		if d.Address == address || address == "" && len(inv.Devices) == 1 {
			return d, nil
		}
		have = append(have, d.Address)
	}
	if len(have) == 0 {
		return nil, errors.New("it holds no GPU and no accelerator")
	}
	return nil, fmt.Errorf("choose one device with --device: it holds %s", strings.Join(have, ", "))
}
