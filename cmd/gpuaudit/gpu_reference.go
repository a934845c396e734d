package main

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/attest/revocation"
	"github.com/gpuaudit/gpuaudit/attest/rim"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia/appraise"
	"github.com/gpuaudit/gpuaudit/audit/collateral"
	"github.com/gpuaudit/gpuaudit/audit/gpuproof"
	"github.com/gpuaudit/gpuaudit/audit/input"
)

// gpuReferenceFlags name what GPUs are held against.
type gpuReferenceFlags struct {
	rim, ocsp                 []string
	deviceRoots, rimRoots     string
	collateral, collateralKey string
	acceptExpired             bool
}

func (f *gpuReferenceFlags) register(flags *pflag.FlagSet) {
	f.registerFiles(flags)
	flags.StringVar(&f.collateral, "collateral", "", "packed reference of GPUs (attest collateral pack): manifests, OCSP answers, roots")
	flags.StringVar(&f.collateralKey, "collateral-key", "", "public key (PEM) that the file of --collateral has to be signed with")
	flags.BoolVar(&f.acceptExpired, "accept-expired", false, "take a manifest whose signer's certificate has ended since")
}

// registerFiles adds those that are packed, too.
func (f *gpuReferenceFlags) registerFiles(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.rim, "rim", nil, "reference manifest of a GPU's driver or VBIOS, or a folder of them (repeatable)")
	flags.StringArrayVar(&f.ocsp, "ocsp", nil, "answer of an OCSP responder (DER), or a folder of them: whether certificates of GPUs were revoked (repeatable)")
	flags.StringVar(&f.deviceRoots, "device-roots", "", "PEM file of certificates that may vouch for GPUs, instead of NVIDIA's")
	flags.StringVar(&f.rimRoots, "rim-roots", "", "PEM file of certificates that may vouch for signers of reference manifests, instead of NVIDIA's")
}

// read reads every file that the flags name, once.
func (f *gpuReferenceFlags) read(a *app) (gpuproof.Given, error) {
	g := gpuproof.Given{AcceptExpired: f.acceptExpired, Manifests: input.Folder{}, Answers: input.Folder{}}
	if f.collateralKey != "" && f.collateral == "" {
		return g, errors.New("--collateral-key is about the file of --collateral: give that, too")
	}
	isManifest := func(name string, b []byte) (bool, error) {
		document, err := appraise.Document(name, b)
		return document != nil, err
	}
	if err := a.gather("--rim", f.rim, 2*rim.MaxBytes, "reference manifest", isManifest, g.Manifests); err != nil {
		return g, err
	}
	isAnswer := func(_ string, b []byte) (bool, error) { return new(revocation.Answers).Add(b) }
	if err := a.gather("--ocsp", f.ocsp, revocation.MaxBytes, "OCSP answer", isAnswer, g.Answers); err != nil {
		return g, err
	}
	for _, x := range []struct {
		flag, name string
		limit      int64
		to         **input.File
	}{
		{"--device-roots", f.deviceRoots, maxDocument, &g.DeviceRoots}, {"--rim-roots", f.rimRoots, maxDocument, &g.ManifestRoots},
		{"--collateral", f.collateral, collateral.Limit, &g.Collateral}, {"--collateral-key", f.collateralKey, maxDocument, &g.CollateralKey},
	} {
		var err error
		if *x.to, err = input.Optional(x.name, x.limit); err != nil {
			return g, fmt.Errorf("%s: %w", x.flag, err)
		}
	}
	return g, nil
}

// gather adds files, and those in folders, by their name without the folder. In a folder
// files that are something else are passed over, but one has to be there; a file that is
// named has to be what is looked for.
func (a *app) gather(flag string, names []string, limit int64, what string, is func(name string, b []byte) (bool, error), to input.Folder) error {
	for _, name := range names {
		info, err := input.Stat(name)
		if err != nil {
			return fmt.Errorf("%s: %w", flag, err)
		}
		if info.IsDir() {
			err = a.gatherFolder(name, limit, what, is, to)
		} else {
			var found bool
			if found, err = gatherFile(name, limit, is, to); err == nil && !found {
				err = fmt.Errorf("%s: no %s", name, what)
			}
		}
		if err != nil {
			return fmt.Errorf("%s: %w", flag, err)
		}
	}
	return nil
}

func gatherFile(name string, limit int64, is func(name string, b []byte) (bool, error), to input.Folder) (bool, error) {
	b, err := readFile(name, limit)
	if err != nil {
		return false, err
	}
	found, err := is(name, b)
	if err != nil || !found {
		return false, err
	}
	key := filepath.Base(name)
	if before, taken := to[key]; taken && !bytes.Equal(before, b) {
		key = input.SHA256(b) + "/" + key // another file of this name, of another folder
	}
	if to[key] = b; len(to) > appraise.MaxManifests {
		return false, fmt.Errorf("%s: more than %d files", name, appraise.MaxManifests)
	}
	size := 0
	for _, b := range to {
		size += len(b)
	}
	if size > gatheredBytes {
		return false, fmt.Errorf("%s: all of them together are %w than %d bytes", name, errTogether, gatheredBytes)
	}
	return true, nil
}

// gatheredBytes caps the manifests, and the answers, of one command line: all that NVIDIA
// published until 2026 has 40 MiB.
const gatheredBytes = 96 << 20

// errTogether ends the reading of a folder: it is about no one file of it.
var errTogether = fmt.Errorf("%w", input.ErrTooLarge)

// maxFolder is how many files of a folder are looked at.
const maxFolder = 16384

func (a *app) gatherFolder(folder string, limit int64, what string, is func(name string, b []byte) (bool, error), to input.Folder) error {
	entries, err := input.ReadDir(folder)
	if err != nil {
		return err
	}
	if len(entries) > maxFolder {
		return fmt.Errorf("%s: more than %d files", folder, maxFolder)
	}
	any := false
	for _, e := range entries {
		if !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		found, err := gatherFile(filepath.Join(folder, e.Name()), limit, is, to)
		switch any = any || found; {
		case errors.Is(err, errTogether):
			return err
		case errors.Is(err, input.ErrTooLarge): // something else
		case err != nil:
			a.warn("%s", oneLine(err))
		}
	}
	if !any {
		return fmt.Errorf("%s holds no %s", folder, what)
	}
	return nil
}
