# METADATA
# description: |
#   Parts with the figures of the worked examples, and questions about them.
package gpuaudit.restriction_fixture

import data.gpuaudit.fixture

# part is a device of NVIDIA's with a catalogue row. A figure that is null is left
# out.
part(row) := fixture.facts({
	"device": {"pci": {"vendor_id": "10de", "device_id": "2330", "class_code": "030200"}},
	"catalogue": {"accelerator": {key: value | some key, value in row; value != null}},
})

# made_by is a device of another maker, with a catalogue row.
made_by(vendor, row) := object.union(part(row), {"device": {"pci": {"vendor_id": vendor, "class_code": "120000"}}})

asks(facts, question) := object.union(facts, {"question": question})

at(facts, now) := object.union(facts, {"now": now})

exporter := {"jurisdiction": "US", "profile": "exporter"}

company := {"jurisdiction": "US", "profile": "company"}

contractor := {"jurisdiction": "US", "profile": "federal-contractor"}

dense(name, market, tops, bits, die, bandwidth) := {
	"name": name, "market": market, "dense_tops": tops, "bit_length": bits, "tpp": tops * bits,
	"die_mm2": die, "bandwidth_gbs": bandwidth,
}

stated(name, market, tpp, die) := {"name": name, "market": market, "tpp": tpp, "tpp_basis": "published", "die_mm2": die}

a100 := dense("A100 80GB", "data-centre", 312, 16, 826, null)

h100 := dense("H100", "data-centre", 1979, 8, 814, 3350)

h200 := dense("H200", "data-centre", 1979, 8, 814, 4800)

h20 := dense("H20", "data-centre", 296, 8, 814, null)

b200 := dense("B200", "data-centre", 4500, 8, null, 8000)

mi300x := dense("Instinct MI300X", "data-centre", 2614, 8, null, 5300)

mi325x := dense("Instinct MI325X", "data-centre", 2614, 8, null, 6000)

l40 := dense("L40", "data-centre", 362, 8, 609, 864)

l40s := dense("L40S", "data-centre", 733, 8, 609, 864)

rtx4090 := stated("GeForce RTX 4090", "consumer", 5285, 609)

rtx4090d := stated("GeForce RTX 4090 D", "consumer", 4707, 609)

# The 5090 and the capped 5090 D have one die: only the figure of the part tells.
rtx5090 := dense("GeForce RTX 5090", "consumer", 1676, 4, 750, 1792)

rtx5090d := stated("GeForce RTX 5090 D", "consumer", 4750, 750)

# numbered is a part with another device id.
numbered(id, row) := object.union(part(row), {"device": {"pci": {"device_id": id}}})

private(place) := {"jurisdiction": place, "profile": "private"}
