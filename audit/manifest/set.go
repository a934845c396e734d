package manifest

import (
	"reflect"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Set is the manifests of one audit, ready to be asked about devices. The zero
// value holds none.
type Set struct {
	manifests []*Manifest
	outdated  []*Manifest
	conflicts []*Manifest
}

// NewSet takes verified manifests together. A bundle that is given twice counts
// once. Of several editions of one manifest (same issuer, same name) only the
// newest counts, and none that another manifest of its issuer supersedes; the
// others are outdated, whatever order they came in. Two of one number with different
// contents are a conflict: neither counts, but for what one of them revokes.
func NewSet(manifests ...*Manifest) Set {
	var s Set
	newest := map[[2]string]int{}
	withdrawn := map[[2]string]bool{}
	for _, m := range manifests {
		id := [2]string{m.Issuer(), m.predicate.Name}
		newest[id] = max(newest[id], m.predicate.Sequence)
		for _, digest := range m.predicate.Supersedes {
			withdrawn[[2]string{m.Issuer(), digest}] = true
		}
	}
	seen := map[string]bool{}
	for _, m := range manifests {
		old := m.predicate.Sequence < newest[[2]string{m.Issuer(), m.predicate.Name}] || withdrawn[[2]string{m.Issuer(), m.sha256}]
		switch {
		case seen[m.sha256]:
		case old:
			s.outdated = append(s.outdated, m)
		default:
			s.manifests = append(s.manifests, m)
		}
		seen[m.sha256] = true
	}
	s.takeConflicts()
	slices.SortStableFunc(s.manifests, func(a, b *Manifest) int {
		if c := slices.Index(kinds[:], a.Kind()) - slices.Index(kinds[:], b.Kind()); c != 0 {
			return c
		}
		return strings.Compare(a.sha256, b.sha256)
	})
	return s
}

// takeConflicts takes out what an issuer has stated twice under one name and
// number, in different words. The same words may be signed twice.
func (s *Set) takeConflicts() {
	first, differ := map[[2]string]*Manifest{}, map[[2]string]bool{}
	for _, m := range s.manifests {
		id := [2]string{m.Issuer(), m.predicate.Name}
		if first[id] == nil {
			first[id] = m
		} else if !reflect.DeepEqual(first[id].predicate, m.predicate) {
			differ[id] = true
		}
	}
	var counting []*Manifest
	for _, m := range s.manifests {
		conflict := differ[[2]string{m.Issuer(), m.predicate.Name}]
		if conflict {
			s.conflicts = append(s.conflicts, m)
		}
		if !conflict || m.predicate.Status == Revoked {
			counting = append(counting, m)
		}
	}
	s.manifests = counting
}

// Conflicts are manifests of which their issuer has signed two with one name and one
// number and different contents.
func (s Set) Conflicts() []*Manifest { return s.conflicts }

// All are the manifests that count, those of vendors first.
func (s Set) All() []*Manifest { return s.manifests }

// Outdated are manifests whose issuer has put another in their place.
func (s Set) Outdated() []*Manifest { return s.outdated }

// Covers says whether a manifest speaks of a device with these ids; an id that
// could not be read is "" and matches only where the manifest leaves it open.
func (m *Manifest) Covers(ids inventory.IDs, revision string) bool {
	return slices.ContainsFunc(m.predicate.Devices, func(d Device) bool {
		return d.VendorID == ids.Vendor && d.DeviceID == ids.Device && open(d.SubsystemVendorID, ids.SubsystemVendor) &&
			open(d.SubsystemDeviceID, ids.SubsystemDevice) && open(d.RevisionID, revision)
	})
}

func open(stated, actual string) bool { return stated == "" || stated == actual }
