package manifest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// TestAnOldEditionDoesNotCount, in whatever order the editions come.
func TestAnOldEditionDoesNotCount(t *testing.T) {
	i := newIssuer(t)
	trust := i.trust(t, "")
	var editions []*manifest.Manifest
	for _, sequence := range []int{2, 3, 1} {
		p := predicate()
		p.Sequence = sequence
		m, err := manifest.Verify(i.manifest(t, p), fmt.Sprint(sequence), trust, now)
		if err != nil {
			t.Fatal(err)
		}
		editions = append(editions, m)
	}
	s := manifest.NewSet(editions...)
	if len(s.All()) != 1 || s.All()[0].Name() != "3" || len(s.Outdated()) != 2 {
		t.Errorf("%d count, %d are outdated", len(s.All()), len(s.Outdated()))
	}
}

// verify signs and verifies a predicate.
func (i issuer) verify(t *testing.T, name string, p manifest.Predicate) *manifest.Manifest {
	t.Helper()
	m, err := manifest.Verify(i.manifest(t, p), name, i.trust(t, ""), now)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func names(list []*manifest.Manifest) string {
	var names []string
	for _, m := range list {
		names = append(names, m.Name())
	}
	return fmt.Sprint(names)
}

func TestSupersedes(t *testing.T) {
	i := newIssuer(t)
	first := i.verify(t, "first", predicate())
	p := predicate()
	p.Name, p.Supersedes = "renamed", []string{first.SHA256()}
	second := i.verify(t, "second", p)
	s := manifest.NewSet(first, second)
	if names(s.All()) != "[second]" || names(s.Outdated()) != "[first]" {
		t.Errorf("%s count, %s are outdated", names(s.All()), names(s.Outdated()))
	}
}

// TestNobodySupersedesAnother: an issuer speaks for its own manifests.
func TestNobodySupersedesAnother(t *testing.T) {
	vendor, other := newIssuer(t), newIssuer(t)
	first := vendor.verify(t, "first", predicate())
	p := predicate()
	p.Supersedes, p.Sequence = []string{first.SHA256()}, 9
	trust, err := manifest.ParseTrust([]byte(strings.Replace(other.trustText(""), "name: boards", "name: other", 1)), nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := manifest.Verify(other.manifest(t, p), "second", trust, now)
	if err != nil {
		t.Fatal(err)
	}
	if s := manifest.NewSet(first, second); len(s.All()) != 2 || len(s.Outdated()) != 0 {
		t.Errorf("%s count, %s are outdated", names(s.All()), names(s.Outdated()))
	}
}

func TestABundleThatIsGivenTwiceCountsOnce(t *testing.T) {
	m := newIssuer(t).verify(t, "a", predicate())
	if s := manifest.NewSet(m, m); names(s.All()) != "[a]" || len(s.Outdated()) != 0 {
		t.Errorf("%s count, %s are outdated", names(s.All()), names(s.Outdated()))
	}
}

func TestCovers(t *testing.T) {
	p := predicate()
	p.Devices = []manifest.Device{{VendorID: "1002", DeviceID: "73ff"}, {VendorID: "1002", DeviceID: "7480", SubsystemVendorID: "1da2", RevisionID: "c1"}}
	m := newIssuer(t).verify(t, "a", p)
	for _, tc := range []struct {
		vendor, device, subvendor, subdevice, revision string
		want                                           bool
	}{
		{"1002", "73ff", "", "", "", true},
		{"1002", "73ff", "1043", "0001", "00", true},
		{"1002", "7480", "1da2", "0001", "c1", true},
		{"1002", "7480", "1da2", "", "c1", true},
		{"1002", "7480", "", "", "c1", false},
		{"1002", "7480", "1da2", "0001", "", false},
		{"10de", "73ff", "", "", "", false},
		{"", "", "", "", "", false},
	} {
		if got := m.Covers(inventory.IDs{Vendor: tc.vendor, Device: tc.device, SubsystemVendor: tc.subvendor, SubsystemDevice: tc.subdevice}, tc.revision); got != tc.want {
			t.Errorf("%+v: %t", tc, got)
		}
	}
}

// TestTwoEditionsOfOneNumber conflict where they differ; a revocation counts still.
func TestTwoEditionsOfOneNumber(t *testing.T) {
	i := newIssuer(t)
	p := predicate()
	p.Firmware[0].Version = "another"
	one, two := i.verify(t, "one", predicate()), i.verify(t, "two", p)
	p.Status = manifest.Revoked
	withdrawn := i.verify(t, "withdrawn", p)
	p = predicate()
	p.Sequence++
	next := i.verify(t, "next", p)
	for _, tc := range []struct {
		given                   []*manifest.Manifest
		count, outdated, differ int
	}{
		{[]*manifest.Manifest{one, two}, 0, 0, 2},
		{[]*manifest.Manifest{two, one}, 0, 0, 2},
		{[]*manifest.Manifest{one, withdrawn}, 1, 0, 2},
		{[]*manifest.Manifest{one, two, next}, 1, 2, 0},
		{[]*manifest.Manifest{one, i.verify(t, "signed again", predicate())}, 1, 0, 0},
	} {
		s := manifest.NewSet(tc.given...)
		if len(s.Outdated()) != tc.outdated || len(s.Conflicts()) != tc.differ || len(s.All()) < tc.count {
			t.Errorf("%s: %s count, %s are outdated, %s conflict", names(tc.given), names(s.All()), names(s.Outdated()), names(s.Conflicts()))
		}
		if tc.differ > 0 && len(s.All()) != tc.count {
			t.Errorf("%s: %s count", names(tc.given), names(s.All()))
		}
	}
}
