package reference

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/channel/state"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// Status is what there is of data, and how old it is.
type Status struct {
	Sets    []SetStatus        `json:"data_sets"`
	Rows    catalogue.Stats    `json:"catalogue_rows"`
	Sources []catalogue.Source `json:"catalogue_sources"`
	// Coverage says how much the rows of accelerators know.
	Coverage struct {
		All        catalogue.Coverage `json:"all"`
		DataCentre catalogue.Coverage `json:"data_centre"`
	} `json:"catalogue_coverage"`
	// Catalogues are those of operators.
	Catalogues []report.Catalogue `json:"catalogues,omitempty"`
	// Channels are those that are kept here.
	Channels []ChannelStatus `json:"channels"`
}

// SetStatus is that of one set of data.
type SetStatus struct {
	Name    string `json:"name"`
	Date    string `json:"date"`
	AgeDays int    `json:"age_days"`
	SHA256  string `json:"sha256"`
}

// ChannelStatus is that of a kept channel.
type ChannelStatus struct {
	Name string `json:"name"`
	// From is where it is updated from, "" where it comes in archives.
	From string `json:"from,omitempty"`
	*facts.Channel
	SHA256  string    `json:"sha256,omitempty"`
	Checked time.Time `json:"checked,omitzero"`
	Expired bool      `json:"expired"`
	// Problem says why the channel cannot be used.
	Problem string `json:"problem,omitempty"`
}

// StatusOf is that of the embedded data and of catalogues; it lists no channels.
func StatusOf(c *Catalogues, now time.Time) (*Status, error) {
	sets := Embedded()
	root := sha256.Sum256(seal.PublicGoodText())
	sets = append(sets, DataSet{Name: "trusted-root", Date: seal.PublicGoodDate, SHA256: hex.EncodeToString(root[:])})
	sets = append(sets, c.DataSets()...)
	s := &Status{Rows: c.Stats(), Sources: c.Sources(), Catalogues: c.Operators}
	s.Coverage.All, s.Coverage.DataCentre = c.Coverage()
	for _, d := range sets {
		day, err := time.Parse(time.DateOnly, d.Date)
		if err != nil {
			return nil, fault.AsIncomplete(fmt.Errorf("data set %s: %w", d.Name, err))
		}
		s.Sets = append(s.Sets, SetStatus{d.Name, d.Date, int(now.Sub(day).Hours() / 24), d.SHA256})
	}
	return s, nil
}

// ChannelsIn looks at every channel that is kept in a folder. One that cannot be used says
// why.
func ChannelsIn(ctx context.Context, dir string, now time.Time) ([]ChannelStatus, error) {
	list := []ChannelStatus{}
	d, err := state.Open(dir)
	if err != nil {
		return list, state.Fault(fmt.Errorf("open the state %s: %w", dir, err))
	}
	defer d.Close()
	names, err := d.Names()
	if err != nil {
		return nil, state.Fault(err)
	}
	for _, name := range names {
		c, err := d.Load(ctx, name)
		if err != nil {
			list = append(list, ChannelStatus{Name: name, Problem: report.OneLine(err)})
			continue
		}
		list = append(list, ChannelStatus{Name: name, From: c.From, SHA256: c.SHA256(), Checked: c.Checked, Expired: c.Expired(now), Channel: Channel(c)})
	}
	return list, nil
}
