package library

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/ebitengine/purego"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/nvml"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// NVSwitches are asked through a library of their own, NSCQ. Its functions and types are
// those of nscq_attestation.h (NVIDIA/nvtrust, nv_switch_verifier/nscq, API 2.0.0), and the
// order of calls is that of NVIDIA's own verifiers.
const switchFileName = "libnvidia-nscq.so.2"

// switchNode is there where the driver of NVSwitches is loaded.
const switchNode = "/dev/nvidia-nvswitchctl"

// mountDevices is NSCQ_SESSION_CREATE_MOUNT_DEVICES.
const mountDevices = 1

// Paths of NSCQ (nscq_attestation_path.h). That of a device begins with its label.
const (
	pathUUIDs       = "/drv/nvswitch/{device}/uuid"
	pathReport      = "/config/attestation_report"
	pathCertificate = "/config/certificate"
)

// label is nscq_label_t.
type label struct {
	Data [64]byte
	_    [64]byte // not of the type: for one that grew
}

// sessionResult is nscq_session_result_t.
type sessionResult struct {
	Code    int8
	Session uintptr
}

// switchReport is nscq_attestation_report_t, switchChain nscq_attestation_certificate_t. The
// library hands both to a callback by value.
type switchReport struct {
	Size   uint32
	Report [nvml.MaxReport]byte
}

type switchChain struct {
	Chain [nvml.MaxChain]byte
	Size  uint32
}

// switchFunctions are those of NSCQ that are called, all of them required.
type switchFunctions struct {
	create  func(uint32) sessionResult
	destroy func(uintptr)
	observe func(session uintptr, path string, callback uintptr, data uintptr, flags uint32) int8
	input   func(session uintptr, flags uint32, input *byte, size uint32) int8
	label   func(uuid uintptr, to *label, flags uint32) int8
}

// AddSwitches has the NVSwitches of this machine sign for a nonce, and adds what they
// answered, or why they were not asked, to answers. A machine without them is left as it is.
func AddSwitches(ctx context.Context, a *nvml.Answers, nonce []byte) {
	path, err := find(switchFileName, directories(), 0)
	if errors.Is(err, fs.ErrNotExist) {
		if _, stat := os.Stat(switchNode); errors.Is(stat, fs.ErrNotExist) {
			return
		}
		err = fmt.Errorf("%s is not installed, by which NVSwitches are asked", switchFileName)
	}
	if err == nil {
		a.Switches, err = ReadSwitches(ctx, path, nonce)
	}
	if err != nil {
		a.SwitchesUnasked = new(printable(err))
	}
}

// printable is an error in the form that answers keep.
func printable(err error) string {
	text := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, err.Error())
	return text[:min(len(text), nvml.MaxText)]
}

// ReadSwitches has every NVSwitch sign what it measured for a nonce, through the library at
// an absolute path. It returns when ctx ends, as [Read] does.
func ReadSwitches(ctx context.Context, path string, nonce []byte) ([]nvml.Switch, error) {
	type result struct {
		list []nvml.Switch
		err  error
	}
	done := make(chan result, 1)
	go func() {
		list, err := readSwitches(path, nonce)
		done <- result{list, err}
	}()
	select {
	case r := <-done:
		return r.list, r.err
	case <-ctx.Done():
		return nil, fmt.Errorf("%s does not answer: %w", path, ctx.Err())
	}
}

func readSwitches(path string, nonce []byte) ([]nvml.Switch, error) {
	lib, err := loadSwitches(path)
	if err != nil {
		return nil, err
	}
	r := lib.create(mountDevices)
	if err := switchCode(r.Code); err != nil {
		return nil, fmt.Errorf("nscq_session_create: %w", err)
	}
	if r.Session == 0 {
		return nil, fmt.Errorf("nscq_session_create: %w: no session", collect.ErrMalformed)
	}
	defer lib.destroy(r.Session)
	labels, err := lib.labels(r.Session)
	if err != nil {
		return nil, err
	}
	list := []nvml.Switch{}
	for _, name := range labels {
		s := nvml.Switch{UUID: name}
		if s.Evidence, err = lib.evidence(r.Session, name, nonce); err != nil {
			s.Failures = append(s.Failures, nvml.Failure{Fact: "evidence", Unsupported: errors.Is(err, errors.ErrUnsupported), Text: printable(err)})
		}
		list = append(list, s)
	}
	return list, nil
}

func loadSwitches(path string) (*switchFunctions, error) {
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", path, err)
	}
	lib := &switchFunctions{}
	for _, f := range []struct {
		name string
		to   any
	}{
		{"nscq_session_create", &lib.create}, {"nscq_session_destroy", &lib.destroy}, {"nscq_session_path_observe", &lib.observe},
		{"nscq_session_set_input", &lib.input}, {"nscq_uuid_to_label", &lib.label},
	} {
		symbol, err := purego.Dlsym(handle, f.name)
		if err != nil || symbol == 0 {
			return nil, fmt.Errorf("%s lacks %s: %w", path, f.name, errors.ErrUnsupported)
		}
		purego.RegisterFunc(f.to, symbol)
	}
	return lib, nil
}

// labelForm is that of the names of switches, which become a part of paths.
var labelForm = lazyregexp.New(`^[0-9A-Za-z-]{1,63}$`)

// labels are the names of the switches, in their order.
func (lib *switchFunctions) labels(session uintptr) ([]string, error) {
	var list []string
	var failed error
	callback := purego.NewCallback(func(_ uintptr, code int8, uuid uintptr, _ uintptr) {
		name, err := lib.labelOf(code, uuid)
		switch {
		case err != nil:
			failed = err
		case len(list) >= nvml.MaxSwitches:
			failed = fmt.Errorf("NSCQ lists more than %d switches: %w", nvml.MaxSwitches, collect.ErrLimit)
		default:
			list = append(list, name)
		}
	})
	if err := errors.Join(switchCode(lib.observe(session, pathUUIDs, callback, 0, 0)), failed); err != nil {
		return nil, fmt.Errorf("the names of the switches: %w", err)
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

func (lib *switchFunctions) labelOf(code int8, uuid uintptr) (string, error) {
	if err := switchCode(code); err != nil {
		return "", err
	}
	if uuid == 0 {
		return "", fmt.Errorf("%w: a switch without a UUID", collect.ErrMalformed)
	}
	var l label
	if err := switchCode(lib.label(uuid, &l, 0)); err != nil {
		return "", err
	}
	text, _, ended := bytes.Cut(l.Data[:], []byte{0})
	if !ended || !labelForm.Match(text) {
		return "", fmt.Errorf("%w: the name %.40q of a switch", collect.ErrMalformed, text)
	}
	return string(text), nil
}

// evidence has one switch sign for a nonce.
func (lib *switchFunctions) evidence(session uintptr, name string, nonce []byte) (*nvml.Evidence, error) {
	e := &nvml.Evidence{}
	var reported, certified error = errSilent, errSilent
	onReport := purego.NewCallback(func(_ uintptr, code int8, r switchReport, _ uintptr) {
		e.Report, reported = part(code, r.Report[:], r.Size, "a report")
	})
	onChain := purego.NewCallback(func(_ uintptr, code int8, c switchChain, _ uintptr) {
		chain, err := part(code, c.Chain[:], c.Size, "certificates")
		text, _, _ := bytes.Cut(chain, []byte{0}) // the text may end before its size says
		e.Chain, certified = string(text), err
	})
	given := bytes.Clone(nonce)
	if err := switchCode(lib.input(session, 0, &given[0], uint32(len(given)))); err != nil {
		return nil, fmt.Errorf("nonce: %w", err)
	}
	if err := cmp.Or(switchCode(lib.observe(session, "/"+name+pathReport, onReport, 0, 0)), reported); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	if err := cmp.Or(switchCode(lib.observe(session, "/"+name+pathCertificate, onChain, 0, 0)), certified); err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return e, nil
}

var errSilent = errors.New("the library gave no answer")

// part is what a callback was handed, whose size the library states.
func part(code int8, b []byte, size uint32, what string) ([]byte, error) {
	if err := switchCode(code); err != nil {
		return nil, err
	}
	if size == 0 || int64(size) > int64(len(b)) {
		return nil, fmt.Errorf("%w: %s of %d bytes, at most %d", collect.ErrMalformed, what, size, len(b))
	}
	return bytes.Clone(b[:size]), nil
}

// switchCode makes an error of an nscq_rc_t: those above zero are warnings.
func switchCode(n int8) error {
	if n >= 0 {
		return nil
	}
	text, is := "unknown error", error(nil)
	switch n {
	case -1:
		text, is = "not implemented", errors.ErrUnsupported
	case -2:
		text = "invalid UUID"
	case -3:
		text = "the switch cannot be mounted"
	case -4:
		text = "overflow"
	case -5:
		text = "unexpected value"
	case -6:
		text, is = "the driver is not supported", errors.ErrUnsupported
	case -7:
		text = "the driver reports an error"
	case -8:
		text = "the driver does not answer in time"
	}
	return fmt.Errorf("%s (NSCQ error %d)%w", text, n, class{is})
}
