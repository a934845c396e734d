package machine

import (
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/capture"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/input"
)

// ReadEvidence reads evidence of a TPM in a file of its own, or in a capture; own says that
// it was a capture.
func ReadEvidence(name string) (e *tpm.Evidence, own bool, err error) {
	var archive *capture.Archive
	if name != "-" { // which can be read once, and a capture is a file
		archive, err = openArchive(name)
	}
	if archive == nil || err != nil {
		e, err = EvidenceFile(name)
		return e, false, err
	}
	text, asked, err := archive.TPM()
	if err != nil || !asked {
		return nil, true, fault.AsIncomplete(fmt.Errorf("%s holds no evidence of a TPM: capture with --attest tpm; what GPUs signed in a capture is judged by scan --capture", name))
	}
	if e, err = tpm.ParseEvidence(text); err != nil {
		return nil, true, fault.AsSignature(fmt.Errorf("%s: %w", name, err))
	}
	return e, true, nil
}

// EvidenceFile reads evidence of a TPM in a file of its own.
func EvidenceFile(name string) (*tpm.Evidence, error) {
	f, err := input.Read(name, tpm.EvidenceLimit)
	if err != nil {
		return nil, err
	}
	e, err := tpm.ParseEvidence(f.Data)
	if err != nil {
		return nil, fault.AsSignature(fmt.Errorf("%s: %w", name, err))
	}
	return e, nil
}

// CoveredBy is the digest that the evidence must cover, nil for none: that of the
// report that was given, or of a capture. A capture that brings its own evidence
// is what that covers, or somebody changed it since; other evidence may as well
// be for a report that is not here.
func CoveredBy(e *tpm.Evidence, name string, own bool, given []byte) ([]byte, error) {
	if name == "" {
		return given, nil
	}
	archive, err := openArchive(name)
	if err != nil {
		return nil, err
	}
	digest := archive.Digest()
	covered := digest != nil && hex.EncodeToString(digest) == e.ReportDigest
	switch {
	case own && digest != nil && !covered, given == nil && covered:
		return digest, nil
	}
	return given, nil
}

func openArchive(name string) (*capture.Archive, error) {
	f, err := input.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	archive, err := capture.Open(filepath.Base(name), f, capture.DefaultLimits())
	if e, ok := errors.AsType[*capture.Error](err); ok && archive == nil {
		return nil, NoCapture(name, e)
	}
	return archive, err
}
