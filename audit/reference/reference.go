// Package reference gathers what facts are held against: signed manifests, channels of
// them, and the catalogue with the rows of operators. It says which of what was given
// counts, and what is wrong with the rest.
package reference

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/channel/state"
	"github.com/gpuaudit/gpuaudit/audit/compare"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// Given is what somebody gave to compare facts with. Nothing of it is verified.
type Given struct {
	Trust      *Trust
	Manifests  []Manifest
	Catalogues []*input.File
	// Channels are those that are kept in a state directory; nil where none are asked for.
	Channels *Channels
}

// Manifest is a signed manifest as it was given.
type Manifest struct {
	*input.File
	// Unread says why it could not be read; "" where it was. Large says that it is for its
	// size: nothing is known of its signature.
	Unread string
	Large  bool
}

// Channels are the kept channels that take part. The directory stays open, for its
// files are verified as they are read.
type Channels struct {
	Dir   *state.Dir
	Names []string
	// Data is the one of them that gives reference data; "" where none was named. A
	// channel of manifests is no source of law because somebody follows it.
	Data string
	// Rules says that rules of that channel run, too.
	Rules bool
}

// ReadManifests reads signed manifests, and all that are in the named folders.
func ReadManifests(paths []string) ([]Manifest, error) {
	names, err := bundles(paths)
	if err != nil {
		return nil, fmt.Errorf("--manifests: %w", err)
	}
	var list []Manifest
	left := int64(manifestsLimit)
	for _, name := range names {
		m := Manifest{}
		if m.File, err = input.Read(name, min(left, seal.BundleLimit)); err != nil {
			large := errors.Is(err, input.ErrTooLarge)
			if !large && slices.Contains(paths, name) {
				return nil, fmt.Errorf("--manifests: %w", err)
			}
			m = Manifest{File: &input.File{Name: name}, Unread: err.Error(), Large: large}
		}
		left -= int64(len(m.Data))
		list = append(list, m)
	}
	return list, nil
}

// manifestsLimit caps all manifests that are given together, in bytes. One that states
// 5,000 firmware files has a megabyte.
const manifestsLimit = 48 << 20

// bundles lists the files of the named directories, and the named files.
func bundles(paths []string) ([]string, error) {
	var names []string
	for _, path := range paths {
		info, err := input.Stat(path)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			names = append(names, path)
			continue
		}
		entries, err := input.ReadDir(path)
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

// Reference is what counts of what was given, and what became of the rest.
type Reference struct {
	*Catalogues
	// Trust is nil where none was given.
	Trust *manifest.Trust
	// Problems are what was given and cannot be used.
	Problems []report.Problem
	// Rejected are manifests that were given and do not count.
	Rejected []*input.File

	set manifest.Set
	// data are newer bodies of data, by the names of the sets.
	data map[string][]byte
	sets []DataSet
	// names, packs and rules are those of the channel that gives data.
	names map[string]vendorNames
	packs map[string][]byte
	rules input.Folder
	// channels took part, channelOf says which one a manifest is from.
	channels  []DataSet
	channelOf map[*manifest.Manifest]*facts.Channel
}

// Load verifies what was given, at the clock of the audit. An error means that there
// can be no audit: a manifest that does not verify is a problem of its report.
func Load(ctx context.Context, g *Given, now time.Time) (*Reference, error) {
	r := &Reference{channelOf: map[*manifest.Manifest]*facts.Channel{}}
	if err := g.trusted(); err != nil {
		return nil, err
	}
	var err error
	if g.Trust != nil {
		if r.Trust, err = g.Trust.Parse(); err != nil {
			return nil, fmt.Errorf("--trust: %w", err)
		}
	}
	if r.Catalogues, err = LoadCatalogues(g.Catalogues, r.Trust, now); err != nil {
		return nil, err
	}
	verified := r.verify(g.Manifests, now)
	if g.Channels != nil {
		carried, err := r.addChannels(ctx, g.Channels, now)
		if err != nil {
			return nil, fmt.Errorf("--channels: %w", err)
		}
		verified = append(verified, carried...)
	}
	r.set = manifest.NewSet(verified...)
	r.setAside(g.Manifests)
	return r, nil
}

// trusted refuses what is signed while nobody says whom to believe.
func (g *Given) trusted() error {
	var flag string
	switch {
	case g.Trust != nil:
		return nil
	case len(g.Catalogues) > 0:
		flag = "--catalogue"
	case len(g.Manifests) > 0:
		flag = "--manifests"
	case g.Channels != nil && g.Channels.Data == "":
		flag = "--channels"
	default:
		return nil
	}
	return errors.New(flag + " needs --trust: a signature counts only with a key that you trust")
}

// Signed says that something was given that the trust file vouches for.
func (g *Given) Signed() bool {
	return len(g.Catalogues)+len(g.Manifests) > 0 || g.Channels != nil
}

func (r *Reference) verify(given []Manifest, now time.Time) []*manifest.Manifest {
	var verified []*manifest.Manifest
	for _, f := range given {
		var m *manifest.Manifest
		err := errors.New(f.Unread)
		if f.Unread == "" {
			m, err = manifest.Verify(f.Data, f.Base(), r.Trust, now)
		}
		if err != nil {
			kind := report.ProblemSignature
			if f.Large {
				kind = report.ProblemInput
			}
			r.Problems = append(r.Problems, report.Problem{Kind: kind, Input: f.Base(), Cause: err.Error()})
			r.Rejected = append(r.Rejected, f.File)
			continue
		}
		verified = append(verified, m)
	}
	return verified
}

// setAside reports manifests that verify and do not count: older editions, and
// editions that contradict each other.
func (r *Reference) setAside(given []Manifest) {
	for _, m := range r.set.Outdated() {
		// That a channel carries an older edition beside the newest is its publisher's
		// choice, and cannot bring the older one into force.
		if c := r.channelOf[m]; c != nil {
			c.Outdated++
			continue
		}
		r.reject(m, given, report.Problem{Kind: report.ProblemOutdated, Input: m.Name(),
			Cause: fmt.Sprintf("edition %d of %q is older than another one that was given: it is set aside", m.Predicate().Sequence, m.Predicate().Name)})
	}
	for _, m := range r.set.Conflicts() {
		r.reject(m, given, report.Problem{Kind: report.ProblemSignature, Input: m.Name(),
			Cause: fmt.Sprintf("%s has signed edition %d of %q twice with different contents: neither counts, ask which one is meant", m.Issuer(), m.Predicate().Sequence, m.Predicate().Name)})
	}
}

func (r *Reference) reject(m *manifest.Manifest, given []Manifest, p report.Problem) {
	r.Problems = append(r.Problems, p)
	for _, f := range given {
		if f.Unread == "" && f.SHA256() == m.SHA256() {
			r.Rejected = append(r.Rejected, f.File)
		}
	}
}

// Listed are the manifests that count.
func (r *Reference) Listed() []report.Manifest {
	list := []report.Manifest{}
	for _, m := range r.set.All() {
		list = append(list, report.Manifest{Name: m.Name(), SHA256: m.SHA256(), Issuer: m.Issuer(), Kind: string(m.Kind())})
	}
	return list
}

// Data are the bodies of data that take the place of embedded ones, by name.
func (r *Reference) Data() map[string][]byte { return r.data }

// Bodies are the embedded bodies of data, with those of a channel in the place of theirs.
func (r *Reference) Bodies() []DataSet {
	sets := Embedded()
	for i := range sets {
		for _, s := range r.sets {
			if s.Name == sets[i].Name && !s.beside {
				sets[i] = s
			}
		}
	}
	for _, s := range r.sets {
		if s.beside {
			sets = append(sets, s)
		}
	}
	return sets
}

// Channels are the data sets of the channels that took part.
func (r *Reference) Channels() []DataSet { return r.channels }

// Of compares a device in its machine with the manifests that count, and with the
// catalogue.
func (r *Reference) Of(h *inventory.Host, d *inventory.Device) facts.Reference {
	ref := compare.Compare(d, r.set)
	ref.Place = compare.Place(h, d, r.set)
	ref.Sightings = compare.Sightings(d, r.Catalogue)
	ref.Names = compare.Names(d, r.Catalogue)
	return ref
}

// Measured holds what a card signed that it measured against the manifests; the proof is nil
// of a card that gave none.
func (r *Reference) Measured(d *inventory.Device, proven *facts.ProvenDevice) facts.Verdict {
	return compare.Measurements(d, r.set, proven)
}

// Offers compares the devices of a machine with what a seller said, by address.
func (r *Reference) Offers(text string, devices []*inventory.Device) map[string]*facts.Offer {
	return compare.Offers(text, devices, r.Catalogue)
}

// Ran compares a driver that firmware measured with the same manifests.
func (r *Reference) Ran(d *inventory.Device, digest string) facts.Verdict {
	return compare.Ran(d, r.set, digest)
}
