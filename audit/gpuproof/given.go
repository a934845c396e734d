package gpuproof

import (
	"crypto/x509"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/revocation"
	"github.com/gpuaudit/gpuaudit/attest/spdm"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia/appraise"
	"github.com/gpuaudit/gpuaudit/audit/collateral"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/input"
)

// Given is what GPUs are held against, as it was given. Nothing of it is parsed.
type Given struct {
	// Asked says that GPUs were asked to prove themselves, whether they did or not.
	Asked bool
	// Manifests are reference manifests, Answers those of OCSP responders, by the names of
	// their files.
	Manifests, Answers input.Folder
	// DeviceRoots and ManifestRoots may vouch, in PEM, instead of NVIDIA's; nil for none.
	DeviceRoots, ManifestRoots *input.File
	// Collateral is a packed reference, and CollateralKey who may have signed it.
	Collateral, CollateralKey *input.File
	// AcceptExpired takes manifests whose signer's certificate has ended.
	AcceptExpired bool
}

// Any says that somebody gave something to compare GPUs with.
func (g *Given) Any() bool {
	return g.Asked || g.AcceptExpired || len(g.Manifests)+len(g.Answers) > 0 || g.DeviceRoots != nil || g.ManifestRoots != nil || g.Collateral != nil
}

// Believed is what counts of it.
type Believed struct {
	Manifests *appraise.Manifests
	// Policy lacks a nonce.
	Policy     appraise.Policy
	Collateral *facts.Collateral
	digests    map[string]string // of manifests, by the name of their file
}

// Open parses what was given.
func (g *Given) Open(now time.Time) (*Believed, error) {
	b := &Believed{Manifests: &appraise.Manifests{}, digests: map[string]string{}}
	b.Policy = appraise.Policy{Device: spdm.Policy{Now: now, Chains: &spdm.Chains{}}, Revocation: &revocation.Answers{}, UnsafeAcceptExpired: g.AcceptExpired}
	var err error
	if b.Policy.Device.Roots, err = chain("--device-roots", g.DeviceRoots); err != nil {
		return nil, err
	}
	if b.Policy.ManifestRoots, err = chain("--rim-roots", g.ManifestRoots); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(g.Manifests)) {
		if err := b.manifest(name, g.Manifests[name]); err != nil {
			return nil, fmt.Errorf("--rim: %w", err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(g.Answers)) {
		if err := b.answer(name, g.Answers[name]); err != nil {
			return nil, fmt.Errorf("--ocsp: %w", err)
		}
	}
	if g.Collateral != nil {
		if err := b.packed(g, now); err != nil {
			return nil, fmt.Errorf("--collateral: %w", err)
		}
	}
	return b, nil
}

// manifest adds one. Another file of the same name, of the packed reference, goes by its
// digest, too, so that each is reported as what it is.
func (b *Believed) manifest(name string, data []byte) error {
	sum := input.SHA256(data)
	if before, taken := b.digests[name]; taken && before != sum {
		name = sum + "/" + name
	}
	is, err := b.Manifests.Add(name, data)
	switch {
	case err != nil:
		return err
	case !is:
		return fmt.Errorf("%s: no reference manifest", name)
	}
	b.digests[name] = sum
	return nil
}

// answer adds one of an OCSP responder.
func (b *Believed) answer(name string, data []byte) error {
	is, err := b.Policy.Revocation.Add(data)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	case !is:
		return fmt.Errorf("%s: no OCSP answer", name)
	}
	return nil
}

// packed adds what is in a packed reference. Its roots count where none are named.
func (b *Believed) packed(g *Given, now time.Time) error {
	c, err := collateral.Read(g.Collateral, g.CollateralKey, now)
	if err != nil {
		return err
	}
	b.Collateral = &facts.Collateral{SHA256: g.Collateral.SHA256(), Packed: c.Packed.UTC().Format(time.RFC3339), Signer: c.Signer}
	for _, f := range c.Manifests {
		if err := b.manifest(f.Name, f.Data); err != nil {
			return err
		}
	}
	for _, f := range c.Answers {
		if err := b.answer(f.Name, f.Data); err != nil {
			return err
		}
	}
	if b.Policy.Device.Roots == nil {
		b.Policy.Device.Roots = c.DeviceRoots
	}
	if b.Policy.ManifestRoots == nil {
		b.Policy.ManifestRoots = c.ManifestRoots
	}
	return nil
}

func chain(flag string, f *input.File) ([]*x509.Certificate, error) {
	if f == nil {
		return nil, nil
	}
	list, err := nvidia.Chain(f.Data)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", flag, f.Name, err)
	}
	return list, nil
}

// Contents are what was given as it is packed.
func (g *Given) Contents(b *Believed, now time.Time) *collateral.Contents {
	c := &collateral.Contents{DeviceRoots: b.Policy.Device.Roots, ManifestRoots: b.Policy.ManifestRoots, Packed: now}
	for _, name := range slices.Sorted(maps.Keys(g.Manifests)) {
		c.Manifests = append(c.Manifests, &input.File{Name: name, Data: g.Manifests[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(g.Answers)) {
		c.Answers = append(c.Answers, &input.File{Name: name, Data: g.Answers[name]})
	}
	return c
}
