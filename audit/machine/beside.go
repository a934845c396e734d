package machine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/nvml"
	"github.com/gpuaudit/gpuaudit/audit/collect/witness"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// romLimit caps a ROM dump given by the user; the largest expansion ROM BAR is
// 16 MiB.
const romLimit = 16 << 20

// Beside are files that speak of a machine's devices, beside what is read of it.
type Beside struct {
	ROMs []Dump
	NVML *input.File
	// NVMLFailed is why NVIDIA's library, which was asked, gave no answers.
	NVMLFailed error
	// NoNVML leaves the answers of NVIDIA's library in a capture aside.
	NoNVML    bool
	Witnesses []Recording
}

// Dump is a ROM that the user says is of the device at an address.
type Dump struct {
	Address string
	*input.File
	// Flash says that it is of all of the card's flash, as its maker's tool or a
	// programmer reads it, and not only of what the card shows of it.
	Flash bool
}

// Flag is the flag that gives it, without its hyphens.
func (d *Dump) Flag() string {
	if d.Flash {
		return "flash"
	}
	return "rom"
}

// Recording is what another program said of the machine.
type Recording struct {
	*input.File
	// TooLarge says that the file was not read: the report says so, as of one that does
	// not parse.
	TooLarge bool
}

// ReadDumps reads ROM dumps that are named as BDF=FILE, and dumps of flash.
func ReadDumps(roms, flash []string) ([]Dump, error) {
	list, err := readDumps(roms, false)
	if err != nil {
		return nil, err
	}
	more, err := readDumps(flash, true)
	return append(list, more...), err
}

func readDumps(specs []string, flash bool) ([]Dump, error) {
	var list []Dump
	seen := map[string]bool{}
	for _, spec := range specs {
		d := Dump{Flash: flash}
		address, name, ok := strings.Cut(spec, "=")
		if !ok || !inventory.ValidAddress(address) || name == "" {
			return nil, fmt.Errorf("--%s %s: want BDF=FILE, such as 0000:01:00.0=card.rom", d.Flag(), spec)
		}
		if seen[address] {
			return nil, fmt.Errorf("--%s %s: a second file for the same device", d.Flag(), spec)
		}
		seen[address] = true
		f, err := input.Read(name, romLimit)
		if err != nil {
			return nil, fmt.Errorf("--%s %s: %w", d.Flag(), address, err)
		}
		d.Address, d.File = address, f
		list = append(list, d)
	}
	return list, nil
}

// ReadNVML reads what NVIDIA's library said; nil where no file is named.
func ReadNVML(name string) (*input.File, error) {
	f, err := input.Optional(name, nvml.Limit)
	if err != nil {
		return nil, fmt.Errorf("--nvml: %w", err)
	}
	return f, nil
}

// ReadRecordings reads what other programs said. A file that cannot be opened is a
// mistake of the command's; one that is too large cannot be understood.
func ReadRecordings(names []string) ([]Recording, error) {
	var list []Recording
	for _, name := range names {
		f, err := input.Read(name, witness.Limit)
		switch {
		case errors.Is(err, input.ErrTooLarge):
			list = append(list, Recording{File: &input.File{Name: name}, TooLarge: true})
			continue
		case err != nil:
			if pe, ok := errors.AsType[*fs.PathError](err); ok {
				err = pe.Err // the path as it was given is enough
			}
			return nil, fmt.Errorf("--witness %s: %w", name, err)
		}
		list = append(list, Recording{File: f})
	}
	return list, nil
}

// Parse reads what the program said.
func (r *Recording) Parse() (*witness.Statement, error) {
	if r.TooLarge {
		return nil, fmt.Errorf("%s: %w of %d bytes", r.Base(), collect.ErrLimit, witness.Limit)
	}
	return witness.Parse(r.Base(), r.Data)
}

// Bring lets collectors see the files that were given. Answers of NVIDIA's library go
// on in canonical form, so that what a capture redacts cannot hide in another
// spelling.
func (m *Machine) Bring(b *Beside) error {
	m.Env.ROMFiles, m.Env.FlashFiles = map[string]collect.ROMFile{}, map[string]collect.ROMFile{}
	for _, d := range b.ROMs {
		into := m.Env.ROMFiles
		if d.Flash {
			into = m.Env.FlashFiles
		}
		into[d.Address] = collect.ROMFile{Name: d.Base(), Data: d.Data}
	}
	switch {
	case b.NVML != nil && b.NoNVML:
		return errors.New("--nvml and --no-nvml exclude each other")
	case b.NoNVML:
		m.Env.NVML = nil
	case b.NVMLFailed != nil:
		m.Env.NVML = func(context.Context) ([]byte, error) { return nil, b.NVMLFailed }
	case b.NVML != nil:
		answers, err := nvml.Decode(b.NVML.Data)
		var text []byte
		if err == nil {
			text, err = answers.Encode()
		}
		if err != nil {
			return fmt.Errorf("--nvml %s: %w", b.NVML.Name, err)
		}
		m.Env.NVML = func(context.Context) ([]byte, error) { return text, nil }
	}
	return nil
}

// CheckNVML says why answers of NVIDIA's library are not to be used.
func CheckNVML(f *input.File) error {
	_, err := nvml.Decode(f.Data)
	return err
}

// NVML is what NVIDIA's library said, in canonical form, and of which GPUs; nil where
// there is none. Why is for the collector to say.
func (m *Machine) NVML(ctx context.Context) (text []byte, addresses []string) {
	if m.Env.NVML == nil {
		return nil, nil
	}
	text, err := m.Env.NVML(ctx)
	if err != nil {
		return nil, nil
	}
	answers, err := nvml.Decode(text)
	if err != nil {
		return text, nil
	}
	return text, answers.Addresses()
}
