package host

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const (
	iommuClass  = "sys/class/iommu"
	iommuGroups = "sys/kernel/iommu_groups"
	// groupsLimit caps the groups whose type is read; a large server has 500.
	groupsLimit = collect.MaxFunctions // each has a group at most
)

// iommu reads which IOMMUs the kernel drives. An empty class folder means off:
// the kernel could have registered one and did not. A kernel that cannot drive
// any has no such folder, and a partial copy has none either, so that its
// absence decides nothing.
func (r *reader) iommu() inventory.IOMMU {
	var m inventory.IOMMU
	units, unitsErr := names(r.fsys, iommuClass)
	groups, groupsErr := names(r.fsys, iommuGroups)
	if unitsErr != nil {
		r.gap("/iommu/units", iommuClass, unitsErr)
	} else {
		m.Units = units
	}
	if groupsErr != nil {
		r.gap("/iommu/groups", iommuGroups, groupsErr)
	} else {
		m.Groups = new(len(groups))
		m.DefaultDomain = r.defaultDomain(groups)
	}
	switch {
	case unitsErr != nil:
		r.gap("/iommu/enabled", iommuClass, unitsErr)
	case len(units) == 0 && len(groups) == 0:
		m.Enabled = new(false) // no unit: no group could say otherwise
	case groupsErr != nil:
		r.gap("/iommu/enabled", iommuGroups, groupsErr)
	case len(units) == 0:
		// VFIO without an IOMMU and some platforms make groups of their own.
		r.because("/iommu/enabled", iommuClass, inventory.ReasonNotSupported, "there are groups, but no unit that translates")
	default:
		m.Enabled = new(len(groups) > 0)
	}
	return m
}

// defaultDomain is the translation type that most groups have, the first by
// name of those that as many have.
func (r *reader) defaultDomain(groups []string) *string {
	if len(groups) > groupsLimit {
		r.gap("/iommu/default_domain", iommuGroups, fmt.Errorf("%w of %d groups", collect.ErrLimit, groupsLimit))
		return nil
	}
	count := map[string]int{}
	var failed error
	for _, g := range groups {
		kind, err := collect.Attr(r.fsys, path.Join(iommuGroups, g, "type"))
		if err != nil {
			failed = err
			continue
		}
		count[kind]++
	}
	if failed != nil {
		// Part of the groups is no majority.
		r.gap("/iommu/default_domain", path.Join(iommuGroups, "*/type"), failed)
		return nil
	}
	most := ""
	for kind, n := range count {
		if kind != "" && (n > count[most] || n == count[most] && kind < most) {
			most = kind
		}
	}
	if most == "" {
		return nil
	}
	return &most
}

// names lists a folder, sorted.
func names(fsys fs.FS, dir string) ([]string, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, err
	}
	list := make([]string, 0, len(entries))
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			list = append(list, e.Name())
		}
	}
	slices.Sort(list)
	return list, nil
}
