package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit/broker"
	"github.com/gpuaudit/gpuaudit/audit/channel"
	"github.com/gpuaudit/gpuaudit/audit/channel/fetch"
	"github.com/gpuaudit/gpuaudit/audit/channel/state"
)

// update adds the places that channels are fetched from: the one that the command line
// names, or those that the state remembers. The judge reaches their hosts and no others.
func (p *plan) update(cmd *cobra.Command) error {
	if !p.verb.updates {
		return nil
	}
	places, err := p.places(cmd)
	if err != nil {
		return err
	}
	for _, place := range places {
		if !fetch.IsURL(place) {
			p.Part(broker.ReadFolder, place, channel.InDirectory())
			continue
		}
		if err := p.Reach(place); err != nil {
			return err
		}
	}
	return nil
}

func (p *plan) places(cmd *cobra.Command) ([]string, error) {
	if from, _ := cmd.Flags().GetString("channel"); from != "" {
		var err error
		p.Errand.Channel, err = fetch.Place(from)
		return []string{p.Errand.Channel}, err
	}
	// The state is this program's own, and nobody else's but root's: that is checked. A judge
	// writes it, but for the places that somebody named.
	d, err := state.Open(p.Errand.State)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoChannel
	}
	if err != nil {
		return nil, err
	}
	defer d.Close()
	name, _ := cmd.Flags().GetString("name")
	asked, err := d.Asked(name)
	if err != nil {
		return nil, err
	}
	// Without a plan the verb would ask every place, and with the rights of its user.
	p.unreadPlaces = asked.Unread
	for _, channel := range slices.Sorted(maps.Keys(asked.Unnamed)) {
		p.unnamed = append(p.unnamed, fmt.Sprintf("%s, of channel %s", asked.Unnamed[channel], channel))
	}
	return asked.Places, nil
}
