package html

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// The rules whose findings colour the picture: it judges nothing itself.
const (
	ruleIOMMUOff  = "GA-BD-017"
	ruleAllMemory = "GA-BD-018"
	ruleFunction  = "GA-BD-024"
	ruleSibling   = "GA-BD-025"
	ruleGroup     = "GA-BD-026"
	ruleATS       = "GA-BD-029"
	ruleTool      = "GA-BD-070"
	ruleBoard     = "GA-BD-071"
	ruleACS       = "GA-BD-030"
)

// Sizes of the picture, in units of its view box.
const (
	mainX, mainW = 40, 350
	peerX, peerW = 440, 310
	boxH, rowGap = 44, 28
	peerGap      = 6
	maxPeers     = 5
)

// topologyView is the way from a card to memory, with what else is at hand on it.
type topologyView struct {
	ID, Title, Text string
	Width, Height   int
	Boxes           []box
	Ways            []way
	Labels          []label
}

type box struct {
	X, Y, W, H int
	Class      string
	Lines      []label
}

type label struct {
	X, Y        int
	Class, Text string
}

// way is a line with its head at the end.
type way struct{ Class, Path, Head string }

// row is a box on the way, with what hangs beside it.
type row struct {
	title, text, class string
	peers              []peer
	// past says that what hangs beside it is reached past the IOMMU.
	past bool
}

type peer struct{ title, text, class string }

// topology draws a card's way to memory from its facts, in the colours of findings.
func (c *cards) topology(d *inventory.Device, own []finding.Finding) *topologyView {
	said := c.said(own)
	class := wayClass(said)
	sentences := []string{c.words.of("topology.way." + class)}
	iommu := c.iommu(d)
	sentences = append(sentences, c.words.of("topology.iommu")+": "+iommu+".")
	beside := c.peers(d, own, said)
	rows := []row{{title: c.words.of("topology.memory")}, {title: c.words.of("topology.iommu"), text: iommu, class: class}}
	for i := range d.Bridges {
		b := &d.Bridges[i]
		r := row{title: clean(b.Address) + " " + function(b), text: c.bridge(b), peers: beside[b.Address]}
		if b.ACSEnabled != nil && !*b.ACSEnabled && said[ruleACS] == finding.Fail {
			r.class, r.past = "bad", true
			sentences = append(sentences, c.words.of("topology.acs", "bridge", clean(b.Address)))
		}
		rows = append(rows, r)
	}
	rows = append(rows, row{title: clean(d.Address) + " " + c.r.Title(d.Address), text: c.words.of("topology.card"), peers: beside[""]})
	v := &topologyView{ID: c.id("t"), Title: c.words.of("topology.title", "address", clean(d.Address)), Width: 760}
	v.draw(rows, class)
	if said[ruleATS] == finding.Fail {
		v.besideIOMMU(c.words.of("topology.ats.short"))
		sentences = append(sentences, c.words.of("topology.ats"))
	}
	if said[ruleGroup] == finding.Fail {
		sentences = append(sentences, c.words.of("topology.group"))
	}
	v.Text = strings.Join(sentences, " ")
	return v
}

// said is what rules found of a device and of its host, by their ids. Nobody's waiver
// changes a way.
func (c *cards) said(own []finding.Finding) map[string]finding.Status {
	said := map[string]finding.Status{}
	if host := c.owners["host"]; host != nil {
		own = slices.Concat(own, host.Findings)
	}
	for i := range own {
		said[own[i].ID] = report.Said(&own[i])
	}
	return said
}

// wayClass is the colour of the way to memory: unchecked, checked, or not known.
func wayClass(said map[string]finding.Status) string {
	switch {
	case said[ruleIOMMUOff] == finding.Fail || said[ruleAllMemory] == finding.Fail:
		return "bad"
	case said[ruleAllMemory] == finding.Pass:
		return "good"
	}
	return "open"
}

// iommu is what was read of what stands between a card and memory.
func (c *cards) iommu(d *inventory.Device) string {
	on := "iommu.unread"
	if enabled := c.r.Inventory.Host.IOMMU.Enabled; enabled != nil {
		on = map[bool]string{true: "iommu.on", false: "iommu.off"}[*enabled]
	}
	text := c.words.of(on)
	if g := d.PCI.IOMMUGroup; g != nil {
		text += ", " + c.words.of("iommu.group", "group", clean(g.ID), "type", clean(inventory.TextOr(g.Type, "?")))
	}
	return text
}

// bridge is what was read of a bridge.
func (c *cards) bridge(b *inventory.Function) string {
	acs := "acs.unread"
	if b.ACSEnabled != nil {
		acs = map[bool]string{true: "acs.on", false: "acs.off"}[*b.ACSEnabled]
	}
	text := c.words.of(acs)
	if l := b.Link; l != nil && l.CurrentSpeedGTs != nil && l.CurrentWidth != nil {
		text += fmt.Sprintf(", x%d, %g GT/s", *l.CurrentWidth, *l.CurrentSpeedGTs)
	}
	return text
}

func function(f *inventory.Function) string {
	return clean(inventory.TextOr(f.Name, inventory.TextOr(f.VendorID, "????")+":"+inventory.TextOr(f.DeviceID, "????")))
}

// peers are what hangs beside the way, by the bridge that leads to it; "" is the card's own.
func (c *cards) peers(d *inventory.Device, own []finding.Finding, said map[string]finding.Status) map[string][]peer {
	list := map[string][]peer{}
	add := func(at string, f *inventory.Function, what, rule, fact string) {
		p := peer{title: clean(f.Address) + " " + function(f), text: c.words.of(what), class: accused(own, rule, fact)}
		if c.tool(f.Address) {
			p.class, p.text = "bad", p.text+", "+c.words.of("topology.tool")
		}
		if f.Driver != nil {
			p.text += ", " + c.words.of("topology.driver", "driver", clean(*f.Driver))
		}
		if g := d.PCI.IOMMUGroup; g != nil && said[ruleGroup] == finding.Fail && slices.Contains(g.Members, f.Address) {
			p.class, p.text = "bad", p.text+", "+c.words.of("topology.same-group")
		}
		list[at] = append(list[at], p)
	}
	for i := range d.Functions {
		add("", &d.Functions[i], "topology.function", ruleFunction, fmt.Sprintf("/functions/%d", i))
	}
	for i := range d.Siblings {
		at := ""
		if n := len(d.Bridges); n > 0 {
			at = d.Bridges[n-1].Address
		}
		add(at, &d.Siblings[i], "topology.sibling", ruleSibling, fmt.Sprintf("/siblings/%d", i))
	}
	for i := range d.Neighbours {
		add(d.Neighbours[i].Behind, &d.Neighbours[i].Function, "topology.neighbour", ruleSibling, fmt.Sprintf("/neighbours/%d", i))
	}
	for at, peers := range list {
		if n := len(peers); n > maxPeers {
			list[at] = append(peers[:maxPeers-1:maxPeers-1], peer{title: c.words.of("topology.more", "n", n-maxPeers+1)})
		}
	}
	return list
}

// accused is the colour of what a rule names among its evidence: one that failed, or one
// that could not decide.
func accused(own []finding.Finding, rule, fact string) string {
	for i := range own {
		f := &own[i]
		if f.ID != rule {
			continue
		}
		class := resultClass(report.Said(f))
		for _, pointer := range slices.Concat(f.Evidence, f.Missing) {
			if class != "good" && class != "asked" && (strings.HasSuffix(pointer, fact) || strings.Contains(pointer, fact+"/")) {
				return class
			}
		}
	}
	return ""
}

// tool says that a rule of the host takes a function for a tool for attacks by DMA, or for
// a board that could be one.
func (c *cards) tool(address string) bool {
	host := c.owners["host"]
	for i, p := range c.r.Inventory.Host.Programmable {
		fact := fmt.Sprintf("/programmable/%d", i)
		if p.Address == address && host != nil && (accused(host.Findings, ruleTool, fact) == "bad" || accused(host.Findings, ruleBoard, fact) == "bad") {
			return true
		}
	}
	return false
}

// draw places rows below each other, the memory on top, and joins them.
func (v *topologyView) draw(rows []row, class string) {
	y, last := 8, 0
	for i, r := range rows {
		v.box(mainX, y, mainW, r.class, r.title, r.text)
		if i > 0 {
			x := mainX + mainW/2
			v.Ways = append(v.Ways, way{Class: class, Path: fmt.Sprintf("M%d %dV%d", x, y, last+boxH+8), Head: fmt.Sprintf("M%d %dl-7 10h14z", x, last+boxH)})
		}
		last = y
		for j, p := range r.peers {
			at := y + j*(boxH+peerGap)
			v.box(peerX, at, peerW, p.class, p.title, p.text)
			w := way{Path: fmt.Sprintf("M%d %dH%d", mainX+mainW, at+boxH/2, peerX)}
			if j > 0 { // it branches off the line to the one above
				w.Path = fmt.Sprintf("M%d %dV%dH%d", mainX+mainW+25, at+boxH/2-boxH-peerGap, at+boxH/2, peerX)
			}
			if r.past {
				w.Class = "bad"
			}
			v.Ways = append(v.Ways, w)
		}
		y += max(boxH, len(r.peers)*(boxH+peerGap)-peerGap) + rowGap
	}
	v.Height = y - rowGap + 10
}

// besideIOMMU adds the way of addresses that the card says it translated itself.
func (v *topologyView) besideIOMMU(text string) {
	top, bottom := 8+boxH/2, v.Height-10-boxH/2
	for _, b := range v.Boxes {
		if b.X == mainX {
			bottom = b.Y + boxH/2 // the card is the last
		}
	}
	v.Ways = append(v.Ways, way{Class: "bad", Path: fmt.Sprintf("M%d %dH16V%dH%d", mainX, bottom, top, mainX-8), Head: fmt.Sprintf("M%d %dl-10 -7v14z", mainX, top)})
	v.Labels = append(v.Labels, label{X: mainX, Y: v.Height + 12, Class: "bad", Text: text})
	v.Height += 20
}

func (v *topologyView) box(x, y, w int, class, title, text string) {
	b := box{X: x, Y: y, W: w, H: boxH, Class: class}
	if text == "" {
		b.Lines = []label{{x + 10, y + 27, "strong", cut(title, (w-20)*10/84)}}
	} else {
		b.Lines = []label{{x + 10, y + 18, "strong", cut(title, (w-20)*10/84)}, {x + 10, y + 36, "small", cut(text, (w-20)*10/60)}}
	}
	v.Boxes = append(v.Boxes, b)
}

// cut shortens a text to a number of characters.
func cut(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return text
}
