package gpuaudit.fixture

# proven is a Hopper card that proved all, with a patch merged over what it proves.
proven(patch) := object.union(facts({"device": {
	"pci": {"vendor_id": "10de", "device_id": "2331"},
	"driver": {"name": "nvidia", "claims": [{"source": "nvml", "version": "590.12"}], "built_in": false},
}, "catalogue": {"accelerator": {"architecture": "Hopper"}}}), {"gpu_proof": object.union(proof_base, {"devices": [object.union(proven_card, patch)]})})

# unproven is the same card where it gave nothing.
unproven(patch) := object.union(proven({}), {"gpu_proof": object.union(object.union(proof_base, {"devices": [], "answered": 0, "state": "unproven", "reason": "0000:01:00.0 did not answer"}), patch)})

# proven_host is the same for the host's rules.
proven_host(patch) := object.union(host_only({}), {"gpu_proof": object.union(proof_base, patch)})

proof_base := {
	"state": "verified",
	"reason": "1 of 1 GPUs are genuine and match their maker's manifests",
	"nonce_from": "verifier",
	"answered": 1,
	"silent": [],
	"checks": [{"name": "devices", "status": "pass"}],
}

proven_card := {
	"outcome": "genuine-and-matches",
	"state": "verified",
	"summary": "",
	"chip": "GH100",
	"architecture": "HOPPER",
	"driver": "590.12",
	"disagrees": [],
	"agrees": ["chip-id", "driver"],
	"checks": [
		{"name": "spdm-signature", "status": "pass"},
		{"name": "device-chain", "status": "pass"},
		{"name": "host-settings", "status": "unknown", "code": "not-stated"},
		{"name": "vbios-measurements", "status": "pass"},
	],
	"manifests": [{"kind": "vbios", "outcome": "genuine-and-matches", "compared": 12, "matched": 12}],
}
