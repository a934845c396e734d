package html

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/rules"
)

// cards makes the blocks of one report.
type cards struct {
	*encoder
	r      *report.Named
	owners map[string]*report.Owner
	facts  map[string]*inventory.Device
	values *values
	laws   []rules.Restriction
}

func newCards(e *encoder, r *report.Named) *cards {
	c := &cards{encoder: e, r: r, owners: map[string]*report.Owner{}, facts: map[string]*inventory.Device{}, values: &values{r: r.Report}, laws: lawsKnown()}
	for i := range r.Inventory.Devices {
		d := &r.Inventory.Devices[i]
		c.facts[d.Address] = d
	}
	list := r.Owners()
	for i := range list {
		c.owners[list[i].Address] = &list[i]
	}
	return c
}

// groupView is cards that are alike: their answers, then the evidence.
type groupView struct {
	ID, Title, Where, Word, Class string
	Answers                       []answerView
	Members                       []member
	Variants                      []template.HTML
}

type answerView struct{ Ask, Word, Class, Sentence, Decide string }

type member struct{ Address, Claims, Serials string }

// maxWhere is how many addresses stand in the heading of a group.
const maxWhere = 4

func (c *cards) group(g report.Group) *groupView {
	first := g.Devices[0]
	v := &groupView{ID: c.id("g"), Title: g.Title, Word: c.words.status(first.Status), Class: classOf(first.Status)}
	var where []string
	for _, d := range g.Devices {
		where = append(where, clean(d.Address))
	}
	v.Where = strings.Join(where[:min(len(where), maxWhere)], " ")
	if n := len(where); n > 1 {
		v.Title = fmt.Sprintf("%d × %s", n, g.Title)
		if n > maxWhere {
			v.Where += " … " + where[n-1]
		}
		v.Members = c.members(g.Devices)
	}
	for _, a := range first.Answers {
		v.Answers = append(v.Answers, answerView{Ask: c.words.or("ask."+string(a.Question), string(a.Question)), Word: clean(a.Word), Class: answerClass(a.State), Sentence: clean(a.Sentence), Decide: clean(a.Decide)})
	}
	return v
}

func (c *cards) members(devices []*report.Device) []member {
	list := make([]member, len(devices))
	for i, d := range devices {
		list[i] = member{Address: clean(d.Address), Claims: c.r.Claims(d.Address)}
		if inv := c.facts[d.Address]; inv != nil {
			var serials []string
			for _, s := range inv.Identity {
				serials = append(serials, s.Kind+" "+s.Value)
			}
			slices.Sort(serials)
			list[i].Serials = clean(strings.Join(slices.Compact(serials), ", "))
		}
	}
	return list
}

// variants sorts devices by what the checks say of them: of those of which they say the
// same, one is shown.
func (c *cards) variants(devices []*report.Device) [][]*report.Device {
	var list [][]*report.Device
	at := map[string]int{}
	for _, d := range devices {
		var key strings.Builder
		if o := c.owners[d.Address]; o != nil {
			for i := range o.Findings {
				f := &o.Findings[i]
				fmt.Fprintf(&key, "%q %q %q\n", f.ID, f.Status, withoutAddresses(f.Detail))
			}
		}
		n, known := at[key.String()]
		if !known {
			n = len(list)
			at[key.String()] = n
			list = append(list, nil)
		}
		list[n] = append(list[n], d)
	}
	return list
}

// withoutAddresses takes the words out of a sentence that name a place on the bus.
func withoutAddresses(text string) string {
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '/' || r == ',' || r == ';' })
	return strings.Join(slices.DeleteFunc(words, func(w string) bool {
		return inventory.ValidAddress(strings.Trim(w, "().:"))
	}), " ")
}

// variantView is the evidence on one card, which stands for others of which the checks say
// the same.
type variantView struct {
	ID, Heading, Like, Claims string
	Topology                  *topologyView
	ROMs                      []romView
	NoROM                     string
	Chains                    []chain
	Compared                  *compared
	Sources                   []source
	Law                       []place
	Elsewhere                 string
	Checks                    checks
}

func (c *cards) variant(like []*report.Device) *variantView {
	d := like[0]
	v := &variantView{ID: c.id("v"), Heading: c.words.of("evidence", "address", clean(d.Address)), Claims: c.r.Claims(d.Address)}
	if n := len(like) - 1; n > 0 {
		v.Like = c.words.of("alike", "n", n)
	}
	var findings []finding.Finding
	if o := c.owners[d.Address]; o != nil {
		findings = o.Findings
	}
	if inv := c.facts[d.Address]; inv != nil {
		v.Topology = c.topology(inv, findings)
		for i := range inv.Firmware.ROMs {
			v.ROMs = append(v.ROMs, c.rom(&inv.Firmware.ROMs[i]))
		}
		if len(v.ROMs) == 0 {
			v.NoROM = c.words.of("rom.none")
		}
		v.Chains = c.chains(d, inv)
		v.Compared, v.Sources = c.compared(inv), c.sources(inv)
	}
	var rest []finding.Finding
	v.Law, v.Elsewhere, rest = c.law(findings, c.gaps(d))
	v.Checks = c.checks(rest, c.gaps(d))
	c.values.forget()
	return v
}

// gaps are the gaps of a device; of one that has no facts, none.
func (c *cards) gaps(d *report.Device) []inventory.Gap {
	if facts := c.facts[d.Address]; facts != nil {
		return facts.Gaps
	}
	return nil
}

// ownerView is the host, or what a stored report names in findings alone.
type ownerView struct {
	ID, Title, Line string
	Chains          []chain
	Checks          checks
}

// others are what was judged and is no card.
func (c *cards) others() []*ownerView {
	var list []*ownerView
	for _, o := range c.r.Owners() {
		if o.Device != nil {
			continue
		}
		v := &ownerView{ID: c.id("o"), Title: c.words.or("owner."+o.Title, o.Title)}
		var gaps []inventory.Gap
		if o.Address == "host" {
			v.Line, gaps = c.r.HostLine(), c.r.Inventory.Host.Gaps
			v.Chains = c.boot()
		}
		v.Checks = c.checks(o.Findings, gaps)
		list = append(list, v)
	}
	return list
}

// aside is what was seen and not judged.
func (c *cards) aside() []named {
	var list []named
	for i := range c.r.Devices {
		if d := &c.r.Devices[i]; d.Role != "" {
			list = append(list, named{clean(d.Address), c.r.Title(d.Address) + ": " + c.words.or("role."+d.Role, d.Role)})
		}
	}
	for _, u := range c.r.Inventory.Unaudited {
		list = append(list, named{clean(u.Name), clean(u.Detail)})
	}
	return list
}
