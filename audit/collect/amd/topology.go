package amd

import (
	"fmt"
	"io/fs"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const (
	nodesDir = "sys/class/kfd/kfd/topology/nodes"
	// nodesLimit caps the nodes; eight cards in eight partitions each make 64.
	nodesLimit = 1024
	banksLimit = 64
	// location is bus<<8 | device<<3 | function in its low 16 bits; the top
	// nibble numbers the partition.
	locationMask = 0xffff
	// Heap types of a memory bank (kernel drivers/gpu/drm/amd/amdkfd/kfd_crat.h).
	heapPublic, heapPrivate = 1, 2
	// redactedID stands for a unique id that redaction took out of a capture.
	redactedID = math.MaxUint64
)

// topology adds the memory that the compute driver states for the device. A
// card may be split into partitions, each a node with its share of the memory:
// all nodes that lie in the card's slot and have its unique id are summed.
func (r *reader) topology() {
	own, err := location(r.device.Address)
	if err != nil {
		r.gap("/memory", nodesDir, err)
		return
	}
	nodes, err := r.nodes()
	if collect.Absent(err) {
		return // KFD is an option of the driver: no second opinion
	}
	if err != nil {
		r.gap("/memory", nodesDir, err)
		return
	}
	var exact *node
	for i := range nodes {
		if nodes[i].place == own && r.isOwn(nodes[i]) {
			exact = &nodes[i]
			break
		}
	}
	if exact == nil {
		return // older and integrated chips are not in the topology
	}
	var sum uint64
	for _, n := range nodes {
		if n.name != exact.name && !n.partitionOf(*exact) {
			continue
		}
		share, err := r.vram(n.name)
		if err == nil && sum+share < sum {
			err = fmt.Errorf("%w: sizes add up beyond 64 bits", collect.ErrMalformed)
		}
		if err != nil {
			r.gap("/memory", path.Join(nodesDir, n.name, "mem_banks"), err)
			return // part of the memory is not the memory
		}
		sum += share
	}
	if sum > 0 { // a processor's graphics has no memory of its own
		r.claim(path.Join(nodesDir, exact.name, "mem_banks"), sum)
	}
	if exact.unique != 0 {
		id := fmt.Sprintf("%016x", exact.unique)
		if exact.unique == redactedID {
			id = inventory.Redacted
		}
		r.device.Identity = append(r.device.Identity, inventory.IdentityClaim{
			Kind: "unique-id", Source: path.Join(nodesDir, exact.name, "properties"), Value: id})
	}
}

// place is where a device is: PCI domain and location.
type place struct{ domain, location uint64 }

// location turns an address (domain:bus:device.function) into KFD's numbers.
func location(address string) (place, error) {
	a, ok := inventory.ParseAddress(address)
	if !ok {
		return place{}, fmt.Errorf("%w: address %.40q", collect.ErrMalformed, address)
	}
	return place{uint64(a.Domain), uint64(a.Bus)<<8 | uint64(a.Device)<<3 | uint64(a.Function)}, nil
}

// node is one entry of the topology.
type node struct {
	name           string
	place          place
	vendor, device uint64
	unique         uint64
}

// partitionOf says that two nodes are parts of one card: of one chip, in one
// slot, with one unique id. Without such an id nothing ties them together.
func (n node) partitionOf(m node) bool {
	const slot = ^uint64(7)
	return n.unique != 0 && n.unique == m.unique && n.vendor == m.vendor && n.device == m.device &&
		n.place.domain == m.place.domain && n.place.location&slot == m.place.location&slot
}

func (r *reader) isOwn(n node) bool {
	id := r.device.PCI.DeviceID
	return fmt.Sprintf("%04x", n.vendor) == vendor && (id == nil || fmt.Sprintf("%04x", n.device) == *id)
}

// nodes reads all nodes in order of their numbers. A node that a control group
// hides makes the list incomplete, which is an error: it may be ours.
func (r *reader) nodes() ([]node, error) {
	entries, err := fs.ReadDir(r.fsys, nodesDir)
	if err != nil {
		return nil, err
	}
	if len(entries) > nodesLimit {
		return nil, fmt.Errorf("%w of %d nodes", collect.ErrLimit, nodesLimit)
	}
	var nodes []node
	for _, e := range entries {
		p, err := r.properties(path.Join(nodesDir, e.Name(), "properties"))
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, node{
			name: e.Name(), place: place{p["domain"], p["location_id"] & locationMask},
			vendor: p["vendor_id"], device: p["device_id"], unique: p["unique_id"],
		})
	}
	slices.SortFunc(nodes, func(a, b node) int {
		if len(a.name) != len(b.name) {
			return len(a.name) - len(b.name)
		}
		return strings.Compare(a.name, b.name)
	})
	return nodes, nil
}

// vram sums the banks of a node that are the card's own memory.
func (r *reader) vram(name string) (uint64, error) {
	dir := path.Join(nodesDir, name, "mem_banks")
	banks, err := fs.ReadDir(r.fsys, dir)
	if err != nil {
		return 0, err
	}
	if len(banks) > banksLimit {
		return 0, fmt.Errorf("%w of %d banks", collect.ErrLimit, banksLimit)
	}
	var sum uint64
	for _, b := range banks {
		p, err := r.properties(path.Join(dir, b.Name(), "properties"))
		if err != nil {
			return 0, err
		}
		if heap := p["heap_type"]; heap != heapPublic && heap != heapPrivate {
			continue
		}
		if sum+p["size_in_bytes"] < sum {
			return 0, fmt.Errorf("%w: sizes add up beyond 64 bits", collect.ErrMalformed)
		}
		sum += p["size_in_bytes"]
	}
	return sum, nil
}

func (r *reader) properties(name string) (map[string]uint64, error) {
	text, err := collect.Attr(r.fsys, name)
	if err != nil {
		return nil, err
	}
	return parseProperties(text)
}

// parseProperties reads lines of a name and a decimal number.
func parseProperties(text string) (map[string]uint64, error) {
	p := map[string]uint64{}
	for line := range strings.Lines(text) {
		name, value, found := strings.Cut(strings.TrimSpace(line), " ")
		if name == "" {
			continue
		}
		n, err := strconv.ParseUint(value, 10, 64)
		if name == "unique_id" && value == inventory.Redacted {
			n, err = redactedID, nil
		}
		if !found || err != nil {
			return nil, fmt.Errorf("%w: line %.60q is no name and number", collect.ErrMalformed, line)
		}
		if _, twice := p[name]; twice {
			return nil, fmt.Errorf("%w: %.40q is there twice", collect.ErrMalformed, name)
		}
		p[name] = n
	}
	return p, nil
}
