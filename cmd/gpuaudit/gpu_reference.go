package main

import (
	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/audit/gpuproof"
)

// gpuReferenceFlags name what GPUs are held against.
type gpuReferenceFlags struct {
	names         gpuproof.Names
	acceptExpired bool
}

func (f *gpuReferenceFlags) register(flags *pflag.FlagSet) {
	f.registerFiles(flags)
	flags.StringVar(&f.names.Collateral, "collateral", "", "packed reference of GPUs (attest collateral pack): manifests, OCSP answers, roots")
	flags.StringVar(&f.names.CollateralKey, "collateral-key", "", "public key (PEM) that the file of --collateral has to be signed with")
	flags.BoolVar(&f.acceptExpired, "accept-expired", false, "take a manifest whose signer's certificate has ended since")
}

// registerFiles adds those that are packed, too.
func (f *gpuReferenceFlags) registerFiles(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.names.Manifests, "rim", nil, "reference manifest of a GPU's driver or VBIOS, or a folder of them (repeatable)")
	flags.StringArrayVar(&f.names.Answers, "ocsp", nil, "answer of an OCSP responder (DER), or a folder of them: whether certificates of GPUs were revoked (repeatable)")
	flags.StringVar(&f.names.DeviceRoots, "device-roots", "", "PEM file of certificates that may vouch for GPUs, instead of NVIDIA's")
	flags.StringVar(&f.names.ManifestRoots, "rim-roots", "", "PEM file of certificates that may vouch for signers of reference manifests, instead of NVIDIA's")
}

// read reads every file that the flags name, once.
func (f *gpuReferenceFlags) read(a *app) (gpuproof.Given, error) {
	g, err := f.names.Read(func(err error) { a.warn("%s", oneLine(err)) })
	g.AcceptExpired = f.acceptExpired
	return g, err
}
