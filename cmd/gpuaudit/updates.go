package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit/broker"
	"github.com/gpuaudit/gpuaudit/audit/channel"
	"github.com/gpuaudit/gpuaudit/audit/channel/fetch"
	"github.com/gpuaudit/gpuaudit/audit/channel/state"
	"github.com/gpuaudit/gpuaudit/audit/network"
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
		if err := p.reach(place); err != nil {
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
		return nil, errVerbSays
	}
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Names()
	if err != nil {
		return nil, err
	}
	named, err := d.Places()
	if err != nil {
		// Nothing counts as named. Without a plan the verb would ask every place, and with
		// the rights of its user.
		p.unreadPlaces = err
	}
	if name, _ := cmd.Flags().GetString("name"); name != "" {
		names = []string{name}
	}
	var places []string
	for _, name := range names {
		from, err := d.From(name)
		switch {
		case err != nil || from == "":
		case state.Named(named, from):
			places = append(places, from)
		default:
			p.unnamed = append(p.unnamed, fmt.Sprintf("%s, of channel %s", from, name))
		}
	}
	return places, nil
}

// reach lets the judge reach the host of a URL, or its proxy.
func (p *plan) reach(place string) error {
	route, err := network.RouteTo(place)
	if err != nil {
		return err
	}
	if route.TLS {
		p.roots()
	}
	if route.Proxy != "" {
		if p.Errand.Proxies == nil {
			p.Errand.Proxies = map[string]string{}
		}
		p.Errand.Proxies[place] = route.Proxy
	}
	p.Grant(broker.Dial, route.Address)
	return nil
}

// roots lets the judge read the certificates by which hosts are known.
func (p *plan) roots() {
	if len(p.Errand.Roots) > 0 {
		return
	}
	file, folders := network.Certificates()
	if file != "" {
		p.Errand.Roots = append(p.Errand.Roots, file)
		p.Read(file)
	}
	for _, folder := range folders {
		p.Errand.Roots = append(p.Errand.Roots, folder)
		p.Grant(broker.ReadFolder, folder)
	}
}
