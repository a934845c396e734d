package reference

import (
	"fmt"
	"slices"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/catalogue/overlay"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// DataSet is a body of reference data: its name, the day it speaks for
// (YYYY-MM-DD), the digest of its bytes, and for a channel its versions.
type DataSet struct {
	Name, Date, SHA256 string
	// From is the channel that it came by, "" for data of the program or of a file.
	From    string
	Channel *facts.Channel
	// beside says that it takes no other's place.
	beside bool
}

// ChannelPrefix begins the names of data sets that are channels: which there are is a
// matter of the machine.
const ChannelPrefix = "channel:"

//go:generate go test . -run ^TestEmbedded$ -update

// Embedded are the bodies of data that the program carries. Their dates and digests are
// worked out when the program is built: they are of no use to a start that reads none
// of them, and a test holds them.
func Embedded() []DataSet { return slices.Clone(embedded[:]) }

// Catalogues is the embedded catalogue with those of operators on top.
type Catalogues struct {
	*catalogue.Catalogue
	// Operators are those of operators, and that of a channel.
	Operators []report.Catalogue
	// carried are the data sets of those that came by a channel, with it.
	carried map[string]string
}

// DataSets are the rows of operators: inputs of the verdict.
func (c *Catalogues) DataSets() []DataSet {
	var sets []DataSet
	for _, l := range c.Operators {
		sets = append(sets, DataSet{Name: "catalogue-" + l.Name, Date: l.Date, SHA256: l.SHA256, From: c.carried[l.Name]})
	}
	return sets
}

// ReadCatalogues reads signed catalogues.
func ReadCatalogues(names []string) ([]*input.File, error) {
	list, err := input.ReadAll(names, seal.BundleLimit)
	if err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	return list, nil
}

// LoadCatalogues lays signed catalogues on the embedded one. What does not verify
// keeps the audit from being done: a scan without rows that were asked for would
// answer another question.
func LoadCatalogues(files []*input.File, trust *manifest.Trust, now time.Time) (*Catalogues, error) {
	embedded := catalogue.Load()
	all := &Catalogues{Catalogue: embedded}
	for _, f := range files {
		if err := all.lay(f, trust, now); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (c *Catalogues) lay(f *input.File, trust *manifest.Trust, now time.Time) error {
	s, err := overlay.Verify(f.Data, trust, now)
	if err != nil {
		return fault.AsSignature(fmt.Errorf("catalogue %s: %w", f.Base(), err))
	}
	merged, replaced, err := c.With(s.Rows, s.Signer)
	if err != nil {
		return fmt.Errorf("catalogue %s: %w", f.Base(), err)
	}
	c.Catalogue = merged
	c.Operators = append(c.Operators, report.Catalogue{Name: s.Rows.Name, Date: s.Rows.Date, SHA256: s.SHA256, Signer: s.Signer,
		Rows: s.Rows.Count(), Replaced: append([]string{}, replaced...)})
	return nil
}
