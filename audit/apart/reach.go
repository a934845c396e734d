package apart

import (
	"github.com/gpuaudit/gpuaudit/audit/broker"
	"github.com/gpuaudit/gpuaudit/audit/network"
)

// Reach lets the judge reach the host of a URL, or its proxy.
func (p *Plan) Reach(place string) error {
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
func (p *Plan) roots() {
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
