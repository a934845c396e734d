package reference_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/channel/channeltest"
	"github.com/gpuaudit/gpuaudit/audit/channel/state"
	"github.com/gpuaudit/gpuaudit/audit/reference"
)

func TestStatusOf(t *testing.T) {
	c, err := reference.LoadCatalogues(nil, nil, now)
	if err != nil {
		t.Fatal(err)
	}
	s, err := reference.StatusOf(c, now)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Sets) != len(reference.Embedded())+1 || s.Rows.Accelerators == 0 || s.Coverage.All.Accelerators < s.Coverage.DataCentre.Accelerators || len(s.Sources) == 0 {
		t.Errorf("%+v", s)
	}
	for _, d := range s.Sets {
		if d.Date == "" || len(d.SHA256) != 64 {
			t.Errorf("%+v", d)
		}
	}
}

// TestChannelsIn: every kept channel with its versions, and a state that is not there is said.
func TestChannelsIn(t *testing.T) {
	dir := t.TempDir()
	if list, err := reference.ChannelsIn(t.Context(), filepath.Join(dir, "none"), channeltest.Now); !errors.Is(err, fs.ErrNotExist) || len(list) != 0 || list == nil {
		t.Errorf("%v %v", list, err)
	}
	v := channeltest.NewVendor(t, 2)
	d, err := state.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Update(t.Context(), state.Request{Name: "vendor", Source: v.Source(), Root: v.Root(), From: v.Dir, Now: channeltest.Now}); err != nil {
		t.Fatal(err)
	}
	d.Close()
	for _, late := range []bool{false, true} {
		at := channeltest.Now
		if late {
			at = at.AddDate(2, 0, 0)
		}
		list, err := reference.ChannelsIn(t.Context(), dir, at)
		if err != nil || len(list) != 1 || list[0].Name != "vendor" || list[0].From != v.Dir || list[0].Channel == nil || list[0].Expired != late || list[0].Problem != "" {
			t.Errorf("late %v: %+v %v", late, list, err)
		}
	}
}
