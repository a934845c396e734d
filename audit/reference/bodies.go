package reference

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/pack"
	"github.com/gpuaudit/gpuaudit/rules"
)

// Names of the bodies of data of a channel beside those that the rules read and the rows of
// the catalogue.
const (
	SightingData = "sightings"
	NameData     = "pci_names"
	PackData     = "packs"
	RuleData     = "rules"
)

// bodyLimit caps a body, in bytes.
const bodyLimit = 8 << 20

// head is what each of these bodies begins with.
type head struct {
	Schema string `json:"schema"`
	// Date is the day that the body speaks for, YYYY-MM-DD.
	Date string `json:"date"`
}

type sightings struct {
	head
	Sightings []catalogue.SightingRow `json:"sightings"`
}

type pciNames struct {
	head
	// Vendors are names by PCI vendor id.
	Vendors map[string]vendorNames `json:"vendors"`
}

type vendorNames struct {
	Name string `json:"name,omitempty"`
	// Devices are names by device id, Boards by "10de:2684:1043:889a".
	Devices map[string]string `json:"devices,omitempty"`
	Boards  map[string]string `json:"boards,omitempty"`
}

type packs struct {
	head
	// Packs are the texts of packs by the names of those that ship.
	Packs map[string]string `json:"packs"`
}

type ruleFiles struct {
	head
	// Files are Rego and messages by path, as in a folder of --policy.
	Files map[string]string `json:"files"`
}

// takers take one body each.
var takers = map[string]func(r *Reference, text []byte, from string) (string, error){
	SightingData: (*Reference).takeSightings,
	NameData:     (*Reference).takeNames,
	PackData:     (*Reference).takePacks,
	RuleData:     (*Reference).takeRules,
}

// take takes a body by its taker, and names it.
func (r *Reference) take(name string, text []byte, from string) (DataSet, error) {
	date, err := takers[name](r, text, from)
	if err != nil {
		return DataSet{}, fmt.Errorf("%s: %w", name, err)
	}
	sum := sha256.Sum256(text)
	if name == RuleData || name == PackData { // the program's own have names of theirs
		name = "channel-" + name
	}
	return DataSet{Name: name, Date: date, SHA256: hex.EncodeToString(sum[:]), beside: true}, nil
}

// read reads a body strictly, of the form gpuaudit.NAME/v1 and no older than the program's
// own data of the name.
func (h *head) read(text []byte, name, floor string, body any) error {
	if err := strictjson.Unmarshal(text, bodyLimit, body); err != nil {
		return err
	}
	if want := "gpuaudit." + name + "/v1"; h.Schema != want {
		return fmt.Errorf("it has the schema %.80q, and this program reads %q", h.Schema, want)
	}
	if _, err := time.Parse(time.DateOnly, h.Date); err != nil {
		return errors.New("it does not say which day it speaks for")
	}
	if h.Date < floor {
		return fmt.Errorf("it is of %s, %w, which are of %s", h.Date, rules.ErrOlder, floor)
	}
	return nil
}

// dateOf is the day of a body of data that the program carries.
func dateOf(name string) string {
	for _, own := range embedded {
		if own.Name == name {
			return own.Date
		}
	}
	return ""
}

// takeSightings lays sightings on those of the program: none of these is taken away.
func (r *Reference) takeSightings(text []byte, from string) (string, error) {
	var s sightings
	if err := s.read(text, SightingData, dateOf(CatalogueData), &s); err != nil {
		return "", err
	}
	merged, err := r.WithSightings(s.Sightings, from)
	if err != nil {
		return "", err
	}
	r.Catalogue = merged
	return s.Date, nil
}

// takeNames takes names for ids that the program's list does not name.
func (r *Reference) takeNames(text []byte, _ string) (string, error) {
	var n pciNames
	if err := n.read(text, NameData, dateOf("pci-ids"), &n); err != nil {
		return "", err
	}
	if len(n.Vendors) == 0 {
		return "", errors.New("it holds no names")
	}
	for id, v := range n.Vendors {
		if err := v.check(id); err != nil {
			return "", fmt.Errorf("vendor %.20q: %w", id, err)
		}
	}
	r.names = n.Vendors
	return n.Date, nil
}

func (v *vendorNames) check(id string) error {
	if !catalogue.IsID(id) {
		return errors.New("no PCI id")
	}
	for device, name := range v.Devices {
		if !catalogue.IsID(device) || !catalogue.IsName(name) {
			return fmt.Errorf("device %.20q: no PCI id, or no name", device)
		}
	}
	for board, name := range v.Boards {
		if !catalogue.IsBoard(board) || board[:4] != id || !catalogue.IsName(name) {
			return fmt.Errorf("board %.40q: no four PCI ids that begin with the vendor's, or no name", board)
		}
	}
	if v.Name != "" && !catalogue.IsName(v.Name) {
		return errors.New("its name is none")
	}
	return nil
}

// Rename gives a device the names that the program's list lacks.
func (r *Reference) Rename(d *inventory.Device) {
	if r.names == nil || d.PCI.VendorID == nil {
		return
	}
	ids := d.PCI.IDs()
	v := r.names[ids.Vendor]
	fill(&d.Names.Vendor, v.Name)
	fill(&d.Names.Device, v.Devices[ids.Device])
	fill(&d.Names.Subsystem, v.Boards[ids.Vendor+":"+ids.Device+":"+ids.SubsystemVendor+":"+ids.SubsystemDevice])
	fill(&d.Names.SubsystemVendor, r.names[ids.SubsystemVendor].Name)
}

func fill(name **string, with string) {
	if *name == nil && with != "" {
		*name = &with
	}
}

// takePacks takes newer texts of packs that ship. None may ask for less than the program's.
func (r *Reference) takePacks(text []byte, _ string) (string, error) {
	var p packs
	if err := p.read(text, PackData, "", &p); err != nil {
		return "", err
	}
	if len(p.Packs) == 0 {
		return "", errors.New("it holds no packs")
	}
	newer := map[string][]byte{}
	for name, text := range p.Packs {
		if err := pack.Newer(name, []byte(text)); err != nil {
			return "", fmt.Errorf("pack %.40s: %w", name, err)
		}
		newer[name] = []byte(text)
	}
	r.packs = newer
	return p.Date, nil
}

// Pack is the pack that counts for one that was given: a newer text of a shipped one, where
// the channel has it. A file of the user's own is never exchanged.
func (r *Reference) Pack(given *input.File) *input.File {
	if given == nil || r.packs[given.Name] == nil || !pack.Shipped(given) {
		return given
	}
	return &input.File{Name: given.Name, Data: r.packs[given.Name]}
}

// takeRules takes rules beside the built-in ones. They run only where somebody switched on
// that this channel's do.
func (r *Reference) takeRules(text []byte, _ string) (string, error) {
	var f ruleFiles
	if err := f.read(text, RuleData, "", &f); err != nil {
		return "", err
	}
	if len(f.Files) == 0 {
		return "", errors.New("it holds no rules")
	}
	folder := input.Folder{}
	for name, text := range f.Files {
		if ext := path.Ext(name); !fs.ValidPath(name) || ext != ".rego" && ext != ".json" {
			return "", fmt.Errorf("file %.80q: a path of a .rego or .json file is needed", name)
		}
		folder[name] = []byte(text)
	}
	r.rules = folder
	return f.Date, nil
}

// Rules are those of the channel that was named for data; nil where it has none, or nobody
// switched them on.
func (r *Reference) Rules() input.Folder { return r.rules }
