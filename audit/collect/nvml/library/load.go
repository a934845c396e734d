package library

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/ebitengine/purego"
)

// functions are those of the library, with the types of NVIDIA's nvml.h. One
// that the library lacks is nil: releases differ in what they have.
type functions struct {
	init, shutdown             func() int32
	driverVersion, nvmlVersion func(*byte, uint32) int32
	count                      func(*uint32) int32
	handle                     func(uint32, *uintptr) int32
	pci                        func(uintptr, *pciInfo) int32
	vbios, serial, uuid        func(uintptr, *byte, uint32) int32
	board, inforom, name       func(uintptr, *byte, uint32) int32
	memory                     func(uintptr, *memory) int32
	// errors takes the kind of error (0 corrected, 1 not) and the time it is
	// counted over (0 since the driver was loaded, 1 the life of the card).
	errors  func(uintptr, uint32, uint32, *uint64) int32
	rows    func(device uintptr, corrected, uncorrected, pending, failed *uint32) int32
	replays func(uintptr, *uint32) int32
	// fields asks for values by their numbers; validate checks the InfoROM.
	fields   func(uintptr, int32, *fieldValue) int32
	validate func(uintptr) int32
	// report and certificate are what a GPU signs and by which key; settings and state
	// are of the machine.
	report      func(uintptr, *report) int32
	certificate func(uintptr, *certificate) int32
	pdi         func(uintptr, *pdi) int32
	settings    func(*settings) int32
	state       func(*state) int32
}

// fieldValue is nvmlFieldValue_t.
type fieldValue struct {
	Field, Scope uint32
	_            [2]int64 // when it was read, and how long that took
	Type         uint32
	Return       int32
	Value        [8]byte
	_            [64]byte // not of the type: for one that grew
}

// pciInfo is nvmlPciInfo_t. The ids hold the device's in the upper half.
type pciInfo struct {
	_                                          [16]byte
	Domain, Bus, Device, DeviceID, SubsystemID uint32
	_                                          [32]byte
	_                                          [64]byte // not of the type: for one that grew
}

// memory is nvmlMemory_t, bytes.
type memory struct {
	Total, Free, Used uint64
	_                 [8]uint64 // not of the type: for one that grew
}

func load(path string) (*functions, error) {
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", path, err)
	}
	lib := &functions{}
	for _, f := range []struct {
		name     string
		to       any
		required bool
	}{
		{"nvmlInit_v2", &lib.init, true}, {"nvmlShutdown", &lib.shutdown, false},
		{"nvmlSystemGetDriverVersion", &lib.driverVersion, false}, {"nvmlSystemGetNVMLVersion", &lib.nvmlVersion, false},
		{"nvmlDeviceGetCount_v2", &lib.count, true}, {"nvmlDeviceGetHandleByIndex_v2", &lib.handle, true}, {"nvmlDeviceGetPciInfo_v3", &lib.pci, true},
		{"nvmlDeviceGetVbiosVersion", &lib.vbios, false}, {"nvmlDeviceGetSerial", &lib.serial, false}, {"nvmlDeviceGetUUID", &lib.uuid, false},
		{"nvmlDeviceGetBoardPartNumber", &lib.board, false}, {"nvmlDeviceGetInforomImageVersion", &lib.inforom, false},
		{"nvmlDeviceGetMemoryInfo", &lib.memory, false}, {"nvmlDeviceGetTotalEccErrors", &lib.errors, false},
		{"nvmlDeviceGetRemappedRows", &lib.rows, false}, {"nvmlDeviceGetPcieReplayCounter", &lib.replays, false},
		{"nvmlDeviceGetName", &lib.name, false}, {"nvmlDeviceGetFieldValues", &lib.fields, false}, {"nvmlDeviceValidateInforom", &lib.validate, false},
		{"nvmlDeviceGetConfComputeGpuAttestationReport", &lib.report, false}, {"nvmlDeviceGetConfComputeGpuCertificate", &lib.certificate, false},
		{"nvmlDeviceGetPdi", &lib.pdi, false}, {"nvmlSystemGetConfComputeSettings", &lib.settings, false}, {"nvmlSystemGetConfComputeState", &lib.state, false},
	} {
		symbol, err := purego.Dlsym(handle, f.name)
		switch {
		case err == nil && symbol != 0:
			purego.RegisterFunc(f.to, symbol)
		case f.required:
			return nil, fmt.Errorf("%s lacks %s: %w; it is older than driver 450, or no NVML", path, f.name, errors.ErrUnsupported)
		}
	}
	return lib, nil
}

// code makes an error of an nvmlReturn_t, with the class that the caller acts on.
func code(n int32) error {
	if n == 0 {
		return nil
	}
	for _, c := range codes {
		if c.code == n {
			return fmt.Errorf("%s (NVML error %d)%w", c.text, n, class{c.is})
		}
	}
	return fmt.Errorf("NVML error %d", n)
}

// class carries the class of an error without a text of its own.
type class struct{ is error }

func (c class) Error() string { return "" }
func (c class) Unwrap() error { return c.is }

// Some of nvmlReturn_t.
const (
	corruptInfoROM = 14
	gpuIsLost      = 15
	unknownError   = 999
)

var codes = []struct {
	code int32
	text string
	is   error
}{
	{1, "not initialised", nil}, {2, "invalid argument", nil}, {3, "not supported", errors.ErrUnsupported},
	{4, "no permission", fs.ErrPermission}, {6, "not found", fs.ErrNotExist}, {9, "the driver is not loaded", fs.ErrNotExist},
	{12, "the library was not found", fs.ErrNotExist}, {13, "the driver lacks the function", errors.ErrUnsupported},
	{corruptInfoROM, "the InfoROM is corrupted", nil}, {gpuIsLost, "the GPU has fallen off the bus", nil}, {16, "the GPU requires a reset", nil}, {18, "library and driver have different versions: reboot, or load the new driver", nil}, {25, "the driver has another version of the structure", errors.ErrUnsupported}, {unknownError, "unknown error", nil},
}
