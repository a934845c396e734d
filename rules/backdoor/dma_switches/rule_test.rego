package gpuaudit.rules.backdoor.dma_switches_test

import data.gpuaudit.fixture
import data.gpuaudit.rules.backdoor.dma_switches

line(list) := fixture.host_only({"kernel": {"switches": list}})

test_fails_on_each_switch if {
	every s in [
		{"name": "iommu", "value": "pt"},
		{"name": "intel_iommu", "value": "on,igfx_off"},
		{"name": "amd-iommu", "value": "OFF"},
		{"name": "iommu.passthrough", "value": "1"},
		{"name": "pcie_acs_override", "value": "downstream,multifunction"},
	] {
		d := dma_switches.decision with input as line([{"name": "ro"}, s])
		d.status == "fail"
		d.evidence[0] == "/host/kernel/switches/1"
	}
}

test_passes_on_plain_line if {
	d := dma_switches.decision with input as line([{"name": "ro"}, {"name": "intel_iommu", "value": "on"}, {"name": "pci", "value": "noats"}])
	d.status == "pass"
}

test_unknown_without_name if {
	d := dma_switches.decision with input as line([{"value": "off"}])
	d.status == "unknown"
}

test_unknown_without_value if {
	d := dma_switches.decision with input as line([{"name": "iommu"}])
	d.status == "unknown"
}

test_unknown_without_line if {
	d := dma_switches.decision with input as json.remove(fixture.host_only({}), ["/host/kernel/switches"])
	d.status == "unknown"
}
