// Package apart runs a verb of a program in a process without rights, a judge. What that may
// ask for is planned from the verb's command line before anything is parsed, and refused
// beyond that; what it reads, writes, signs or connects to, the process outside opens and
// does for it.
package apart

import (
	"context"
	"fmt"
	"io/fs"
	"slices"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/broker"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
)

// Plan is what a judge may ask for. The zero value grants nothing.
type Plan struct {
	// Grants are what is read and written, and the hosts that are connected to.
	Grants []broker.Grant
	// Only are the names in folders that are granted, where that is not all.
	Only map[string][]string
	// Machine is the one that is audited, nil for none. ROM says that ROMs are enabled and
	// read, and NVML is the program that asks NVIDIA's library, "" for none.
	Machine *broker.Machine
	ROM     bool
	NVML    string
	// Commands are those that the TPM at Device gets; nil where none is asked.
	Commands []uint32
	Device   string
	// Sign signs for the judge, nil for nothing; Never are files that are not opened for it,
	// whatever is granted.
	Sign  Sign
	Never []string
	// Create opens what is written.
	Create func(name string, mode fs.FileMode) (broker.Output, error)
	// Listed says that standard input names further inputs, and Watches that the judge goes
	// on until a signal ends it.
	Listed, Watches bool
	// Errand is what the judge is told.
	Errand Errand
}

// Grant lets the judge do one thing.
func (p *Plan) Grant(kind broker.Kind, name string) {
	p.Grants = append(p.Grants, broker.Grant{Kind: kind, Name: name})
}

// Part grants some names of a folder; all of it where that is granted already.
func (p *Plan) Part(kind broker.Kind, folder string, names []string) {
	if whole := slices.ContainsFunc(p.Grants, func(g broker.Grant) bool { return g.Kind == broker.ReadFolder && g.Name == folder }); !whole {
		if p.Only == nil {
			p.Only = map[string][]string{}
		}
		p.Only[folder] = names
	}
	p.Grant(kind, folder)
}

// Read grants a file; - is standard input.
func (p *Plan) Read(name string) {
	if name == "-" {
		name = "/dev/stdin"
	}
	p.Grant(broker.ReadFile, name)
}

// ErrOneOutput is for two outputs of which the later would replace the other.
func ErrOneOutput(name string) error { return fmt.Errorf("two outputs are one file, %s", name) }

// WritesApart refuses two outputs that are one file.
func (p *Plan) WritesApart() error {
	var outputs []string
	for _, g := range p.Grants {
		if g.Kind != broker.WriteFile || g.Name == "-" {
			continue
		}
		for _, other := range outputs {
			if outfile.SamePlace(g.Name, other) {
				return ErrOneOutput(g.Name)
			}
		}
		outputs = append(outputs, g.Name)
	}
	return nil
}

// rights are what the plan allows beside reading: the server gets them as functions.
func (p *Plan) rights() (broker.Rights, error) {
	r := broker.Rights{Machine: p.Machine, Only: p.Only, Create: p.Create, Told: p.Errand.text(), Never: p.Never, Sign: p.Sign}
	if p.ROM {
		var err error
		if r.ROM, err = machine.LiveROM(); err != nil {
			return r, err
		}
	}
	if p.Commands != nil {
		r.TPM = func() (broker.TPM, error) { return tpm.Open(p.Device) }
		r.Commands = p.Commands
	}
	if p.NVML != "" {
		r.NVML = func(ctx context.Context, nonce []byte) ([]byte, error) {
			answers, err := machine.AskNVML(ctx, p.NVML, nonce)
			if err != nil {
				return nil, err
			}
			return answers.Data, nil
		}
	}
	return r, nil
}
