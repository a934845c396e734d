package library

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/nvml"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// Read loads the library at an absolute path and asks it about every GPU. It
// returns when ctx ends, even if the library hangs; its thread is then lost, and
// the program had better end. With a nonce, of [nvml.NonceBytes] bytes, each GPU is asked
// to sign what it measured; nil asks none.
func Read(ctx context.Context, path string, nonce []byte) (*nvml.Answers, error) {
	type result struct {
		answers *nvml.Answers
		err     error
	}
	done := make(chan result, 1)
	go func() {
		answers, err := read(path, nonce)
		done <- result{answers, err}
	}()
	select {
	case r := <-done:
		return r.answers, r.err
	case <-ctx.Done():
		return nil, fmt.Errorf("%s does not answer: %w", path, ctx.Err())
	}
}

func read(path string, nonce []byte) (*nvml.Answers, error) {
	lib, err := load(path)
	if err != nil {
		return nil, err
	}
	if err := code(lib.init()); err != nil {
		return nil, fmt.Errorf("nvmlInit_v2: %w", err)
	}
	if lib.shutdown != nil {
		defer lib.shutdown()
	}
	a := &nvml.Answers{Schema: nvml.Schema, Library: path, GPUs: []nvml.GPU{}}
	a.DriverVersion, _ = text(lib.driverVersion, nvml.Word)
	a.NVMLVersion, _ = text(lib.nvmlVersion, nvml.Word)
	a.Confidential = lib.confidential()
	if nonce != nil {
		a.Nonce = new(hex.EncodeToString(nonce))
	}
	var count uint32
	if err := code(lib.count(&count)); err != nil {
		return nil, fmt.Errorf("nvmlDeviceGetCount_v2: %w", err)
	}
	if count > nvml.MaxGPUs {
		return nil, fmt.Errorf("NVML says that there are %d GPUs: %w of %d", count, collect.ErrLimit, nvml.MaxGPUs)
	}
	for i := range count {
		gpu, err := lib.gpu(i, nonce)
		if errors.Is(err, errUnreached) {
			a.Unreached++
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("GPU %d: %w", i, err)
		}
		a.GPUs = append(a.GPUs, *gpu)
	}
	slices.SortFunc(a.GPUs, func(x, y nvml.GPU) int { return strings.Compare(x.Address, y.Address) })
	return a, nil
}

// gpu asks about one GPU. Without an address nothing can be said of it; any
// other fact may be missing.
func (lib *functions) gpu(index uint32, nonce []byte) (*nvml.GPU, error) {
	var handle uintptr
	switch n := lib.handle(index, &handle); n {
	case 0:
	case gpuIsLost, unknownError: // the others are there, and worth their record
		return nil, errUnreached
	default:
		return nil, fmt.Errorf("nvmlDeviceGetHandleByIndex_v2: %w", code(n))
	}
	var pci pciInfo
	if err := code(lib.pci(handle, &pci)); err != nil {
		return nil, fmt.Errorf("nvmlDeviceGetPciInfo_v3: %w", err)
	}
	if pci.Bus > 0xff || pci.Device > 0x1f {
		return nil, fmt.Errorf("%w: PCI bus %#x, device %#x", collect.ErrMalformed, pci.Bus, pci.Device)
	}
	g := &nvml.GPU{
		// A GPU is function 0; NVML has no field for it.
		Address:  fmt.Sprintf("%04x:%02x:%02x.0", pci.Domain, pci.Bus, pci.Device),
		VendorID: fmt.Sprintf("%04x", pci.DeviceID&0xffff), DeviceID: fmt.Sprintf("%04x", pci.DeviceID>>16),
		SubsystemVendorID: fmt.Sprintf("%04x", pci.SubsystemID&0xffff), SubsystemDeviceID: fmt.Sprintf("%04x", pci.SubsystemID>>16),
	}
	for _, fact := range []struct {
		name string
		to   **string
		ask  func(uintptr, *byte, uint32) int32
		form *lazyregexp.Regexp
	}{
		{"vbios_version", &g.VBIOSVersion, lib.vbios, nvml.Word}, {"serial", &g.Serial, lib.serial, nvml.Word}, {"uuid", &g.UUID, lib.uuid, nvml.Word},
		{"board_part_number", &g.BoardPartNumber, lib.board, nvml.Word}, {"inforom_version", &g.InfoROMVersion, lib.inforom, nvml.Word},
		{"name", &g.Name, lib.name, nvml.Text},
	} {
		var ask func(*byte, uint32) int32
		if fact.ask != nil {
			ask = func(to *byte, n uint32) int32 { return fact.ask(handle, to, n) }
		}
		value, err := text(ask, fact.form)
		*fact.to = value
		fail(g, fact.name, err)
	}
	var m memory
	err := errMissing
	if lib.memory != nil {
		err = code(lib.memory(handle, &m))
	}
	if err == nil {
		g.MemoryBytes = &m.Total
	}
	fail(g, "memory_bytes", err)
	lib.health(handle, g)
	lib.states(handle, g)
	if nonce != nil {
		lib.prove(handle, g, nonce)
	}
	lib.chipID(handle, g)
	return g, nil
}

// fail notes why a fact is missing; nil is no failure.
func fail(g *nvml.GPU, fact string, err error) {
	if err != nil {
		g.Failures = append(g.Failures, nvml.Failure{Fact: fact, Unsupported: errors.Is(err, errors.ErrUnsupported), Text: err.Error()})
	}
}

var errUnreached = errors.New("the library could not reach the GPU")

var errMissing = fmt.Errorf("the library lacks the function: %w", errors.ErrUnsupported)

// textBytes is the size of the buffer that is offered: NVML's largest is 96.
// Those behind it catch a library that writes a little more than it may.
const textBytes = 96

// text asks for a text. One that has no end or not this form is refused.
func text(ask func(*byte, uint32) int32, form *lazyregexp.Regexp) (*string, error) {
	if ask == nil {
		return nil, errMissing
	}
	var buf [4 * textBytes]byte
	for i := range buf {
		buf[i] = 0xff
	}
	if err := code(ask(&buf[0], textBytes)); err != nil {
		return nil, err
	}
	n := bytes.IndexByte(buf[:textBytes], 0)
	if n < 0 {
		return nil, fmt.Errorf("%w: the text has no end", collect.ErrMalformed)
	}
	if said := string(buf[:n]); form.MatchString(said) {
		return &said, nil
	}
	return nil, fmt.Errorf("%w: %.40q is no printable word", collect.ErrMalformed, buf[:n])
}
