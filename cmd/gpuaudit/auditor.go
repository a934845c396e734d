package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/catalog"
	"github.com/gpuaudit/gpuaudit/audit/catalog/pciids"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/amd"
	"github.com/gpuaudit/gpuaudit/audit/collect/driver"
	"github.com/gpuaudit/gpuaudit/audit/collect/ghwitness"
	"github.com/gpuaudit/gpuaudit/audit/collect/host"
	"github.com/gpuaudit/gpuaudit/audit/collect/nvidia"
	"github.com/gpuaudit/gpuaudit/audit/collect/nvml"
	"github.com/gpuaudit/gpuaudit/audit/collect/pci"
	"github.com/gpuaudit/gpuaudit/audit/collect/rom"
	"github.com/gpuaudit/gpuaudit/audit/compare"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/rules"
)

// collectors is every collector, in the order in which they run: later ones
// may read what earlier ones found.
func collectors() []collect.Collector {
	return []collect.Collector{
		host.Collector(),
		pci.Collector(),
		driver.Collector(),
		ghwitness.Collector(),
		rom.Collector(),
		amd.Collector(),
		nvidia.Collector(),
		nvml.Collector(),
	}
}

func enumerator(c *catalog.Catalogue) collect.Enumerator { return pci.Enumerator(c.KnownAccelerator) }

// newAuditor wires the stages together.
func newAuditor(ctx context.Context, basis *basisFlags, ref *reference, progress func(string)) (*audit.Auditor, error) {
	c := ref.catalogues
	engine, own, err := loadPolicy(ctx, &basis.rules)
	if err != nil {
		return nil, err
	}
	sets, err := dataSets()
	if err != nil {
		return nil, err
	}
	sets = append(sets, c.dataSets()...)
	p, err := basis.loadPack()
	if err != nil {
		return nil, err
	}
	adjust, sets, err := adjustment(p, engine, sets)
	if err != nil {
		return nil, err
	}
	return &audit.Auditor{
		Tool: tool(), Enumerate: enumerator(c.Catalogue), Collectors: collectors(), Catalogue: c.Lookup,
		Ran: func(d *inventory.Device, digest string) facts.Verdict { return compare.Ran(d, ref.set, digest) },
		Compare: func(d *inventory.Device) facts.Reference {
			r := compare.Compare(d, ref.set)
			r.Sightings = compare.Sightings(d, c.Sightings)
			r.Names = compare.Names(d, c.Catalogue)
			return r
		},
		Judge: engine, Policy: own, Adjust: adjust, DataSets: append(sets, ref.dataSets...), Manifests: ref.listed(), Catalogues: c.listed, Progress: progress,
	}, nil
}

// inventoryOf collects the facts of a capture without judging them.
func (a *app) inventoryOf(ctx context.Context, path string) (*inventory.Inventory, error) {
	m, err := a.open(ctx, &sourceFlags{capture: path}, a.Now().UTC())
	if err != nil {
		return nil, err
	}
	defer m.close()
	for _, p := range m.problems {
		return nil, fault.AsIncomplete(fmt.Errorf("%s: %s", p.Input, p.Cause))
	}
	c, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	return collect.Run(ctx, m.env, enumerator(c), collectors())
}

// dataSets are the embedded bodies of data and their dates.
func dataSets() ([]audit.DataSet, error) {
	c, err := catalog.Load()
	if err != nil {
		return nil, fault.AsIncomplete(fmt.Errorf("read the embedded catalogue: %w", err))
	}
	sets := []audit.DataSet{
		{Name: "catalogue", Date: c.Date(), SHA256: c.SHA256()},
		{Name: "pci-ids", Date: pciids.Date(), SHA256: pciids.SHA256()},
	}
	for _, d := range rules.Data() {
		sets = append(sets, audit.DataSet{Name: d.Name, Date: d.Date, SHA256: d.SHA256})
	}
	return sets, nil
}

// referenceFlags name the signed manifests and who is trusted to sign them.
type referenceFlags struct {
	manifests []string
	catalogue []string
	channels  bool
	state     string
	trust     string
	root      rootFlag
	// signedInputs says that something else than manifests and catalogues is
	// verified by the trust file.
	signedInputs bool
}

func (f *referenceFlags) register(flags *pflag.FlagSet) {
	flags.StringSliceVar(&f.manifests, "manifests", nil, "signed manifest, or a directory of them (repeatable)")
	flags.StringVar(&f.trust, "trust", "", "trust file: which keys and identities may speak for which vendors")
	flags.StringSliceVar(&f.catalogue, "catalogue", nil, "signed catalogue of an operator in the --trust file, on top of the embedded one (repeatable)")
	f.root.register(flags)
	f.registerChannels(flags)
}

// reference is the set of manifests that verified, and what became of the rest.
type reference struct {
	catalogues *catalogues
	set        manifest.Set
	problems   []report.Problem
	// dataSets are the channels that took part, channelOf where a manifest is from.
	dataSets  []audit.DataSet
	channelOf map[*manifest.Manifest]*facts.Channel
}

func (f *referenceFlags) load(ctx context.Context, a *app, now time.Time) (*reference, error) {
	catalogues, err := loadCatalogues(f.catalogue, f.trust, &f.root, now)
	if err != nil {
		return nil, err
	}
	ref := &reference{catalogues: catalogues}
	if len(f.manifests) == 0 && !f.useChannels() {
		return ref, f.trustAlone(a)
	}
	if f.trust == "" {
		flag := "--manifests"
		if len(f.manifests) == 0 {
			flag = "--channels"
		}
		return nil, errors.New(flag + " needs --trust: a signature counts only with a key that you trust")
	}
	trust, err := f.root.trust(f.trust)
	if err != nil {
		return nil, err
	}
	names, err := bundles(f.manifests)
	if err != nil {
		return nil, fmt.Errorf("--manifests: %w", err)
	}
	var verified []*manifest.Manifest
	for _, name := range names {
		m, err := verifyBundle(name, trust, now)
		if err != nil {
			ref.problems = append(ref.problems, report.Problem{Kind: report.ProblemSignature, Input: filepath.Base(name), Cause: err.Error()})
			continue
		}
		verified = append(verified, m)
	}
	if f.useChannels() {
		carried, err := ref.addChannels(ctx, a, f.state, trust, now)
		if err != nil {
			return nil, fmt.Errorf("--channels: %w", err)
		}
		verified = append(verified, carried...)
	}
	ref.set = manifest.NewSet(verified...)
	for _, m := range ref.set.Outdated() {
		// That a channel carries an older edition beside the newest is its publisher's
		// choice, and cannot bring the older one into force.
		if c := ref.channelOf[m]; c != nil {
			c.Outdated++
			continue
		}
		ref.problems = append(ref.problems, report.Problem{Kind: report.ProblemOutdated, Input: m.Name(),
			Cause: fmt.Sprintf("edition %d of %q is older than another one that was given: it is set aside", m.Predicate().Sequence, m.Predicate().Name)})
	}
	for _, m := range ref.set.Conflicts() {
		ref.problems = append(ref.problems, report.Problem{Kind: report.ProblemSignature, Input: m.Name(),
			Cause: fmt.Sprintf("%s has signed edition %d of %q twice with different contents: neither counts, ask which one is meant", m.Issuer(), m.Predicate().Sequence, m.Predicate().Name)})
	}
	return ref, nil
}

// trustAlone reads a trust file that nothing here has used yet: one that does not
// parse is a wrong configuration, whether it counts or not.
func (f *referenceFlags) trustAlone(a *app) error {
	if f.trust == "" {
		return nil
	}
	if _, err := f.root.trust(f.trust); err != nil {
		return fmt.Errorf("--trust: %w", err)
	}
	if len(f.catalogue) == 0 && !f.signedInputs {
		a.remark("--trust %s: nothing that was given is signed (--manifests, --channels, --catalogue, --waivers): it vouches for nothing here", f.trust)
	}
	return nil
}

// bundles lists the files of the named directories, and the named files.
func bundles(paths []string) ([]string, error) {
	var names []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			names = append(names, path)
			continue
		}
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, err
		}
		before, below := len(names), false
		for _, e := range entries {
			below = below || e.IsDir()
			if e.Type().IsRegular() && filepath.Ext(e.Name()) == ".json" {
				names = append(names, filepath.Join(path, e.Name()))
			}
		}
		switch {
		case len(names) == before && below:
			return nil, fmt.Errorf("%s: no manifest (*.json) is in this folder, and the folders in it are not searched: name the right one", path)
		case len(names) == before:
			return nil, fmt.Errorf("%s: no manifest (*.json) is in this folder", path)
		}
	}
	return names, nil
}

func verifyBundle(name string, trust *manifest.Trust, now time.Time) (*manifest.Manifest, error) {
	text, err := readFile(name, seal.BundleLimit)
	if err != nil {
		return nil, err
	}
	return manifest.Verify(text, filepath.Base(name), trust, now)
}

func (r *reference) listed() []report.Manifest {
	list := []report.Manifest{}
	for _, m := range r.set.All() {
		list = append(list, report.Manifest{Name: m.Name(), SHA256: m.SHA256(), Issuer: m.Issuer(), Kind: string(m.Kind())})
	}
	return list
}
